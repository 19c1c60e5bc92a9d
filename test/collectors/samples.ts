import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import type { HttpRequest } from '../../agent/lib/http.ts'
import type { CollectorOptions } from '../../collectors/index.ts'

type Input<S extends CollectorOptions['source']> = Extract<z.input<typeof CollectorOptions>, { source: S }>

export function fixture(path: string): string {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8')
}

const postgres = { host: 'db.example', user: 'failwise', password: 'hunter2' }

/** Options of one collector of every source; the type sees to it that none is missing. */
export const SAMPLES: { readonly [S in CollectorOptions['source']]: Input<S> } = {
  'aws-health': {
    source: 'aws-health',
    endpoint: 'https://health.example',
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'hunter2' },
  },
  changes: { source: 'changes' },
  'changes-feed': { source: 'changes-feed', url: 'https://feeds.example/changes' },
  'github-deployments': { source: 'github-deployments', repository: 'acme/checkout', bearerToken: 'hunter2' },
  'health-feed': { source: 'health-feed', url: 'https://feeds.example/health', checks: ['internal_services'] },
  'health-http': { source: 'health-http', url: 'https://shop.example/ready' },
  'health-kubernetes': { source: 'health-kubernetes', url: 'https://k8s.example:6443', bearerToken: 'hunter2' },
  'health-postgres-lag': { source: 'health-postgres-lag', ...postgres },
  'health-provider-api': { source: 'health-provider-api', url: 'https://ec2.eu-west-1.example/' },
  'health-remote-probe': {
    source: 'health-remote-probe',
    url: 'https://prober.example',
    target: 'https://shop.example',
  },
  'health-sql': {
    source: 'health-sql',
    check: 'orders_sum',
    ...postgres,
    sql: 'SELECT true',
    expect: { equals: true },
  },
  'health-tcp': { source: 'health-tcp', check: 'broker', host: 'broker.example', port: 5671 },
  'health-tls': { source: 'health-tls', host: 'shop.example' },
  loki: { source: 'loki', name: 'errors', url: 'https://logs.example', query: '{app="api"}', tenant: 'acme' },
  prometheus: { source: 'prometheus', name: 'up', url: 'https://metrics.example/prom', query: 'up' },
  readiness: { source: 'readiness', target: 'secondary', lastBackup: { url: 'https://backup.example/last' } },
  'readiness-feed': { source: 'readiness-feed', url: 'https://feeds.example/readiness', targets: ['secondary'] },
  'status-page': {
    source: 'status-page',
    name: 'edge',
    format: 'statuspage.v2',
    url: 'https://status.example/summary.json',
  },
}

export function awsAnswer(request: HttpRequest): string {
  const operation = request.headers?.['x-amz-target']?.split('.')[1]
  if (operation === 'DescribeEvents') return fixture('aws-health/describe-events.json')
  if (operation === 'DescribeEventDetails') return fixture('aws-health/describe-event-details.json')
  return fixture('aws-health/describe-affected-entities.json')
}

/** Collectors that read an upstream over HTTP, with a body that it documents; probes, which judge by status alone, are not among them. */
export const READERS: readonly {
  readonly title: string
  readonly options: z.input<typeof CollectorOptions>
  readonly good: string | ((request: HttpRequest) => string)
}[] = [
  { title: 'aws-health', options: SAMPLES['aws-health'], good: awsAnswer },
  { title: 'changes-feed', options: SAMPLES['changes-feed'], good: fixture('feeds/changes.json') },
  {
    title: 'github-deployments',
    options: SAMPLES['github-deployments'],
    good: fixture('github-deployments/deployments.json'),
  },
  { title: 'health-feed', options: SAMPLES['health-feed'], good: fixture('feeds/health.json') },
  { title: 'health-kubernetes', options: SAMPLES['health-kubernetes'], good: fixture('health-kubernetes/nodes.json') },
  {
    title: 'health-remote-probe',
    options: SAMPLES['health-remote-probe'],
    good: fixture('health-remote-probe/probe.txt'),
  },
  { title: 'loki', options: SAMPLES.loki, good: fixture('loki/streams.json') },
  { title: 'prometheus', options: SAMPLES.prometheus, good: fixture('prometheus/matrix.json') },
  { title: 'readiness', options: SAMPLES.readiness, good: '2026-05-04T08:00:00Z' },
  { title: 'readiness-feed', options: SAMPLES['readiness-feed'], good: fixture('feeds/readiness.json') },
  {
    title: 'status-page statuspage.v2',
    options: SAMPLES['status-page'],
    good: fixture('status-page/statuspage-v2.json'),
  },
  {
    title: 'status-page gcp.incidents',
    options: { ...SAMPLES['status-page'], format: 'gcp.incidents' },
    good: fixture('status-page/gcp-incidents.json'),
  },
  {
    title: 'status-page rss',
    options: { ...SAMPLES['status-page'], format: 'rss' },
    good: fixture('status-page/azure-feed.xml'),
  },
  {
    title: 'status-page aws.currentevents',
    options: { ...SAMPLES['status-page'], format: 'aws.currentevents' },
    good: fixture('status-page/aws-currentevents.json'),
  },
]
