import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../agent/config.ts'

const ROOT = 'deploy/kubernetes'
const LABEL = { 'app.kubernetes.io/name': 'failwise' }
const Named = z.strictObject({
  name: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})
const SecretRef = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() })
const Probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(['/healthz', '/readyz']), port: z.literal('http') }),
  periodSeconds: z.number(),
  timeoutSeconds: z.number().optional(),
  failureThreshold: z.number().optional(),
})

/** The fields that matter; strict where a slip of a name would silently be ignored by the cluster's defaults. */
const Deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.strictObject({
    replicas: z.number().min(2),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    strategy: z.object({
      rollingUpdate: z.strictObject({ maxUnavailable: z.literal(0), maxSurge: z.number().min(1) }),
    }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.strictObject({
        serviceAccountName: z.string(),
        automountServiceAccountToken: z.literal(false),
        enableServiceLinks: z.literal(false),
        terminationGracePeriodSeconds: z.number().min(75),
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          runAsUser: z.number().min(1000),
          runAsGroup: z.number().min(1000),
          fsGroup: z.number().min(1000),
          seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
        }),
        topologySpreadConstraints: z.array(z.object({ topologyKey: z.string() })),
        containers: z.tuple([
          z.strictObject({
            name: z.string(),
            image: z.literal('failwise'),
            ports: z.tuple([z.strictObject({ name: z.literal('http'), containerPort: z.literal(8080) })]),
            env: z.array(z.strictObject({ name: z.string(), valueFrom: z.strictObject({ secretKeyRef: SecretRef }) })),
            securityContext: z.strictObject({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
            }),
            resources: z.strictObject({
              requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
              limits: z.strictObject({ memory: z.string() }),
            }),
            startupProbe: Probe,
            livenessProbe: Probe,
            readinessProbe: Probe,
            volumeMounts: z.array(
              z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
            ),
          }),
        ]),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
  }),
})

function documentsIn(file: string): unknown[] {
  return parseAllDocuments(readFileSync(join(ROOT, file), 'utf8')).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS()
  })
}

const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string(),
  resources: z.array(z.string()),
  configMapGenerator: z.tuple([z.strictObject({ name: z.string(), files: z.array(z.string()) })]),
  images: z.array(z.object({ name: z.string(), newTag: z.string() })),
})
const kustomization = Kustomization.parse(documentsIn('kustomization.yaml')[0])
const manifests = kustomization.resources
  .flatMap(documentsIn)
  .map((document) => z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: Named }).parse(document))
const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind)
const deployment = Deployment.parse(ofKind('Deployment')[0])
const pod = deployment.spec.template.spec
const [container] = pod.containers

describe('the manifests for Kubernetes', () => {
  it('are all listed, and every file of the configuration is there', () => {
    expect(new Set(manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).size).toBe(manifests.length)
    for (const file of kustomization.configMapGenerator[0].files) expect(existsSync(join(ROOT, file))).toBe(true)
    expect(pod.volumes.map(({ configMap }) => configMap).filter(Boolean)).toEqual([
      { name: kustomization.configMapGenerator[0].name },
    ])
  })

  it('select the pods that the deployment makes', () => {
    const { labels } = deployment.spec.template.metadata
    const selectors = [
      deployment.spec.selector.matchLabels,
      ...['PodDisruptionBudget', 'ServiceMonitor'].map((kind) => {
        const spec = z.object({ spec: z.object({ selector: z.object({ matchLabels: z.unknown() }) }) })
        return spec.parse(ofKind(kind)[0]).spec.selector.matchLabels
      }),
      z.object({ spec: z.object({ selector: z.unknown() }) }).parse(ofKind('Service')[0]).spec.selector,
      z
        .object({ spec: z.object({ podSelector: z.object({ matchLabels: z.unknown() }) }) })
        .parse(ofKind('NetworkPolicy')[0]).spec.podSelector.matchLabels,
    ]
    for (const selector of selectors) expect(labels).toEqual(selector)
  })

  it('keep more agents than a drain may take', () => {
    const budget = z.object({ spec: z.object({ minAvailable: z.number() }) }).parse(ofKind('PodDisruptionBudget')[0])
    expect(budget.spec.minAvailable).toBeGreaterThanOrEqual(1)
    expect(budget.spec.minAvailable).toBeLessThan(deployment.spec.replicas)
  })

  it('mount what they declare, and write nowhere else', () => {
    const volumes = new Map(pod.volumes.map(({ name, ...source }) => [name, source]))
    for (const { name, readOnly } of container.volumeMounts) {
      const source = volumes.get(name)
      expect(source, name).toBeDefined()
      expect(readOnly ?? false, name).toBe(!('emptyDir' in source!))
    }
    expect(volumes.size).toBe(container.volumeMounts.length)
  })

  it('take secrets by reference only, and the configuration finds all of them', () => {
    const text = kustomization.resources.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n')
    expect(text).not.toMatch(/^\s*(stringData|data):/m)
    const variables = Object.fromEntries(container.env.map(({ name }) => [name, `value-of-${name}-0123456789`]))
    const { settings } = loadConfig(join(ROOT, 'config'), { ...variables, DATABASE_URL: 'postgresql://db/failwise' })
    expect(settings.mode).toBe('shadow')
    expect(settings.server.tokens.map(({ scopes }) => scopes)).toEqual([
      ['ingest'],
      ['read'],
      ['ingest', 'read', 'admin'],
    ])
    expect(settings.maskKey).toBe(variables.MASK_KEY)
    const mounted = container.volumeMounts.find(({ mountPath }) => mountPath === settings.store.folder)
    expect(mounted?.readOnly ?? false).toBe(false)
  })

  it('grant the listing of nodes and nothing more', () => {
    const rules = z.object({ rules: z.array(z.unknown()) })
    expect(ofKind('Role')).toEqual([])
    expect(ofKind('ClusterRole').flatMap((role) => rules.parse(role).rules)).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
    ])
    const account = z.object({ automountServiceAccountToken: z.literal(false) })
    for (const one of ofKind('ServiceAccount')) account.parse(one)
  })

  it('let out what the agent needs and keep the metadata service of clouds out of reach', () => {
    const rule = z.looseObject({ ports: z.array(z.object({ port: z.union([z.number(), z.string()]) })) })
    const policy = z
      .object({ spec: z.object({ policyTypes: z.array(z.string()), egress: z.array(rule), ingress: z.array(rule) }) })
      .parse(ofKind('NetworkPolicy')[0])
    expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress'])
    const ports = policy.spec.egress.flatMap((one) => one.ports.map(({ port }) => port))
    expect([...new Set(ports)].sort()).toEqual([443, 53, 5432, 587])
    expect(JSON.stringify(policy.spec.egress)).toContain('"except":["169.254.0.0/16"]')
  })

  it('scrape under the job that the rules expect, with the token of the secret', () => {
    const Monitor = z.object({
      spec: z.object({
        jobLabel: z.literal('app.kubernetes.io/name'),
        endpoints: z.tuple([
          z.object({ path: z.literal('/metrics'), authorization: z.object({ credentials: SecretRef }) }),
        ]),
      }),
    })
    const { credentials } = Monitor.parse(ofKind('ServiceMonitor')[0]).spec.endpoints[0].authorization
    expect(container.env.map(({ valueFrom }) => valueFrom.secretKeyRef)).toContainEqual(credentials)
    expect(ofKind('Service')[0]?.metadata.labels).toEqual(LABEL)
  })
})
