import type { z } from 'zod'
import type { Service } from '../agent/domain/service.ts'
import { CollectorOptions } from '../collectors/index.ts'
import { isRecordedFailure, type RecordedFailure, type RecordedIncident } from './recorded-incident.ts'

/** Where a recording's upstreams are, unless it is served over real HTTP. */
export const RECORDED_BASE = 'http://recorded.invalid'

/** A service with the options of its collectors, as the catalogue holds it. */
export interface RecordedEntry {
  readonly service: Service
  readonly collectors: readonly CollectorOptions[]
}

const FORMAT_PATHS: Readonly<Record<string, string>> = {
  'statuspage.v2': '/api/v2/summary.json',
  'gcp.incidents': '/incidents.json',
  rss: '/feed',
}

/** The path of a status page; a page that could not be reached has no format in the file, and its own path. */
export function statusPagePath(name: string, page: { format?: string }): string {
  return `/status/${encodeURIComponent(name)}${FORMAT_PATHS[page.format ?? ''] ?? '/api/v2/summary.json'}`
}

/** The path below which a named Prometheus query is answered: each name is a server of its own, so that equal queries stay apart. */
export function prometheusPath(name: string): string {
  return `/prometheus/${encodeURIComponent(name)}`
}

/** The path below which a named Loki query is answered. */
export function lokiPath(name: string): string {
  return `/logs/${encodeURIComponent(name)}`
}

/** The path of one of our own feeds. */
export function feedPath(feed: 'health' | 'changes' | 'readiness'): string {
  return `/feeds/${feed}`
}

/** The entries of a section with unique names; a section that could not be reached at all is one entry named `all`. */
export function named<T extends { name: string }>(
  section: readonly T[] | RecordedFailure | undefined,
): { name: string; entry: T & { query?: string; response?: unknown } }[] {
  if (!section) return []
  if (isRecordedFailure(section)) return [{ name: 'all', entry: { name: 'all', ...section } as unknown as T }]
  const seen = new Map<string, number>()
  return section.map((entry) => {
    const times = (seen.get(entry.name) ?? 0) + 1
    seen.set(entry.name, times)
    return { name: times === 1 ? entry.name : `${entry.name}-${times}`, entry }
  })
}

/**
 * A recorded incident as a catalogue entry whose collectors ask a base URL, so that the production collectors and their parsing run on it, in
 * process or over real HTTP.
 */
export function recordedEntry(
  { service, upstream }: RecordedIncident,
  base: string = RECORDED_BASE,
  { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
): RecordedEntry {
  const root = base.replace(/\/+$/, '')
  const wanted: z.input<typeof CollectorOptions>[] = []
  if (upstream.awsHealth) {
    // Nothing checks these: the recording only wants to see that calls are signed.
    const credentials = { accessKeyId: 'RECORDED', secretAccessKey: 'recorded' }
    wanted.push({ source: 'aws-health', endpoint: `${root}/aws-health`, region: 'us-east-1', credentials, timeoutMs })
  }
  if (upstream.healthChecks) wanted.push({ source: 'health-feed', url: `${root}${feedPath('health')}`, timeoutMs })
  if (upstream.changes) {
    const url = `${root}${feedPath('changes')}`
    wanted.push({ source: 'changes-feed', url, timeoutMs, lookbackHours: 24 * 365 })
  }
  if (upstream.readiness) wanted.push({ source: 'readiness-feed', url: `${root}${feedPath('readiness')}`, timeoutMs })
  for (const { name, entry } of named(upstream.statusPages)) {
    const page = entry as { format?: 'statuspage.v2' | 'gcp.incidents' | 'rss' }
    const url = `${root}${statusPagePath(name, page)}`
    wanted.push({ source: 'status-page', name, format: page.format ?? 'statuspage.v2', url, timeoutMs })
  }
  for (const { name, entry } of named(upstream.prometheus)) {
    const { unit = '', sli, query } = entry
    const url = `${root}${prometheusPath(name)}`
    wanted.push({ source: 'prometheus', name, query: query || name, unit, url, timeoutMs, ...(sli && { sli }) })
  }
  for (const { name, entry } of named(upstream.loki))
    wanted.push({ source: 'loki', name, query: entry.query || name, url: `${root}${lokiPath(name)}`, timeoutMs })
  return { service, collectors: wanted.map((options) => CollectorOptions.parse(options)) }
}
