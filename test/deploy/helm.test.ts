import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../agent/config.ts'
import { temporaryFolder } from '../app/agent-under-test.ts'
import { renderTemplates } from './go-template.ts'

const CHART = 'deploy/helm'
const readYaml = (file: string): Record<string, unknown> => parse(readFileSync(file, 'utf8'), { merge: true })
const values = readYaml(`${CHART}/values.yaml`)
const chart = readYaml(`${CHART}/Chart.yaml`)
const templates = new Map(
  readdirSync(`${CHART}/templates`).map((name) => [name, readFileSync(`${CHART}/templates/${name}`, 'utf8')]),
)

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.record(z.string(), z.unknown()).optional(),
  data: z.record(z.string(), z.string()).optional(),
})
type Manifest = z.infer<typeof Manifest>

/** The chart's manifests with some values changed, as `helm template` would print them. */
function rendered(changed: object = {}): Manifest[] {
  const root = {
    Values: merged(values, changed),
    Release: { Name: 'failwise', Namespace: 'ops', Service: 'Helm' },
    Chart: { Name: chart.name, AppVersion: String(chart.appVersion), Version: String(chart.version) },
  }
  return [...renderTemplates(templates, root)].flatMap(([name, text]) =>
    parseAllDocuments(text)
      .filter((document) => document.contents !== null)
      .map((document) => {
        expect(document.errors, name).toEqual([])
        return Manifest.parse(document.toJS())
      }),
  )
}

/** As Helm lays values over values: objects one into the other, everything else replaced. */
function merged(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over
  const out: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) out[key] = key in base ? merged(base[key], value) : value
  return out
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const one = (manifests: readonly Manifest[], kind: string): Manifest => {
  const found = manifests.filter((manifest) => manifest.kind === kind)
  expect(found, kind).toHaveLength(1)
  return found[0]!
}

interface PodSpec {
  readonly containers: [
    { readonly env: { name: string; valueFrom: unknown }[]; readonly volumeMounts: object[]; readonly image: string },
  ]
  readonly volumes: { readonly name: string }[]
}
const podOf = (deployment: Record<string, unknown>): PodSpec =>
  (deployment as { spec: { template: { spec: PodSpec } } }).spec.template.spec

/** What is applied with kustomize, which has tests of its own. */
const kustomize = (file: string): Record<string, unknown> => readYaml(`deploy/kubernetes/${file}`)

const everything = { nodeReader: { enabled: true }, serviceMonitor: { enabled: true } }

describe('the Helm chart', () => {
  it('makes what the manifests for kustomize make', () => {
    const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind).sort()
    const usual = ['ConfigMap', 'Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service', 'ServiceAccount']
    expect(kinds(rendered())).toEqual(usual)
    const more = ['ClusterRole', 'ClusterRoleBinding', 'Secret', 'ServiceAccount', 'ServiceMonitor']
    expect(kinds(rendered(everything))).toEqual([...usual, ...more].sort())
  })

  it('runs the same pod: without rights, with the same probes, limits and time to stop', () => {
    const ours = podOf(one(rendered(everything), 'Deployment'))
    const theirs = podOf(kustomize('deployment.yaml'))
    const {
      containers: [ourContainer],
      volumes: _volumes,
      topologySpreadConstraints: _spread,
      ...ourRest
    } = ours as PodSpec & Record<string, unknown>
    const {
      containers: [theirContainer],
      volumes: _theirs,
      topologySpreadConstraints: _theirSpread,
      ...theirRest
    } = theirs as PodSpec & Record<string, unknown>
    expect(ourRest).toEqual(theirRest)
    const {
      image: _image,
      imagePullPolicy: _pull,
      volumeMounts,
      env,
      ...container
    } = ourContainer as typeof ourContainer & Record<string, unknown>
    const { image: _theirImage, volumeMounts: theirMounts, env: theirEnv, ...theirContainerRest } = theirContainer
    expect(container).toEqual(theirContainerRest)
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
    expect(env.toSorted(byName)).toEqual(theirEnv.toSorted(byName))
    expect(new Set(volumeMounts.map((mount) => JSON.stringify(mount)))).toEqual(
      new Set(theirMounts.map((mount) => JSON.stringify(mount))),
    )
    const names = ours.volumes.map(({ name }) => name).sort()
    expect(names).toEqual((volumeMounts as { name: string }[]).map(({ name }) => name).sort())
  })

  it('lets in and out the same, disturbs as few, and reads nodes only', () => {
    const manifests = rendered(everything)
    const policy = one(manifests, 'NetworkPolicy').spec
    const { podSelector: _ours, ...rest } = policy ?? {}
    const { podSelector: _theirs, ...theirRest } = kustomize('network-policy.yaml').spec as Record<string, unknown>
    expect(rest).toEqual(theirRest)
    expect(one(manifests, 'PodDisruptionBudget').spec).toMatchObject({ minAvailable: 2 })
    expect(one(manifests, 'ClusterRole')).toMatchObject({
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }],
    })
    const monitor = one(manifests, 'ServiceMonitor').spec as { endpoints: object[] }
    expect(monitor.endpoints).toEqual((kustomize('service-monitor.yaml').spec as { endpoints: object[] }).endpoints)
  })

  it('selects its own pods and nothing else, under labels that everything carries', () => {
    const manifests = rendered(everything)
    const selector = { 'app.kubernetes.io/name': 'failwise', 'app.kubernetes.io/instance': 'failwise' }
    for (const manifest of manifests) expect(manifest.metadata.labels, manifest.kind).toMatchObject(selector)
    expect(one(manifests, 'Service').spec?.selector).toEqual(selector)
    for (const kind of ['Deployment', 'PodDisruptionBudget', 'ServiceMonitor'])
      expect(one(manifests, kind).spec?.selector, kind).toEqual({ matchLabels: selector })
    expect(one(manifests, 'NetworkPolicy').spec?.podSelector).toEqual({ matchLabels: selector })
  })

  it('holds a configuration that the agent accepts, with plans', () => {
    const plan = readYaml('plans/templates/self-heal.yaml')
    const services = {
      version: 1,
      services: [{ name: String(plan.service), primary: { provider: 'aws', region: 'eu-west-1' } }],
    }
    const manifests = rendered({ config: { 'services.yaml': services }, plans: { 'heal.yaml': plan } })
    const [config, plans] = manifests.filter(({ kind }) => kind === 'ConfigMap').map(({ data }) => data ?? {})
    const folder = temporaryFolder()
    for (const [name, text] of Object.entries(config ?? {})) writeFileSync(join(folder, name), text)
    mkdirSync(join(folder, 'plans'))
    for (const [name, text] of Object.entries(plans ?? {})) writeFileSync(join(folder, 'plans', name), text)
    const secret = 'a-long-enough-secret-0123'
    const names = Object.keys((values.secret as { required: object }).required)
    const references = [...new Set(JSON.stringify(plan).match(/(?<=\$\{)\w+(?=\})/g) ?? [])]
    const environment = Object.fromEntries([...names, ...references].map((name) => [name, secret]))
    const loaded = loadConfig(folder, environment)
    expect(loaded.settings.server.host).toBe('0.0.0.0')
    expect(loaded.settings.mode).toBe('shadow')
    expect(loaded.plans).toHaveLength(1)
    expect(loaded.absent).toEqual([])
    const paths = JSON.stringify(podOf(one(manifests, 'Deployment')).volumes)
    expect(paths).toContain('"path":"plans/heal.yaml"')
  })

  it('takes every secret by reference, and needs each that its configuration names', () => {
    const text = JSON.stringify(rendered(everything))
    const needed = Object.keys((values.secret as { required: object }).required)
    for (const [, name] of text.matchAll(/\$\{([A-Z_]+)\}/g)) expect(needed).toContain(name)
    const { env } = podOf(one(rendered(), 'Deployment')).containers[0]
    for (const { name, valueFrom } of env) expect(valueFrom, name).toHaveProperty('secretKeyRef')
  })

  it('rolls the pods when a file changes, and takes a digest over a tag', () => {
    const deployment = (changed: object) => one(rendered(changed), 'Deployment')
    const hashOf = (changed: object) =>
      JSON.stringify(deployment(changed).spec).match(/failwise.example\/config":"(\w+)"/)?.[1]
    expect(hashOf({})).toMatch(/^[0-9a-f]{64}$/)
    expect(hashOf({ config: { 'policy.yaml': { version: 1, runs: {} } } })).not.toBe(hashOf({}))
    const imageOf = (image: object) => podOf(deployment({ image })).containers[0].image
    const digest = `sha256:${'a'.repeat(64)}`
    expect(imageOf({})).toBe(`registry.example/failwise:${chart.appVersion}`)
    expect(imageOf({ tag: '1.2.3' })).toBe('registry.example/failwise:1.2.3')
    expect(imageOf({ tag: '1.2.3', digest })).toBe(`registry.example/failwise@${digest}`)
  })

  it('has values that its schema permits, and a schema that refuses the rest', () => {
    const Schema = z.fromJSONSchema(JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8')))
    expect(Schema.safeParse(values).error).toBeUndefined()
    for (const wrong of [
      { replicas: 0 },
      { replica: 3 },
      { image: { digest: 'sha256:short' } },
      { plans: { '../x.yaml': {} } },
      { secret: { required: { 'lower-case': 'x' } } },
      { networkPolicy: { egress: { ports: [70_000] } } },
    ])
      expect(Schema.safeParse(merged(values, wrong)).success, JSON.stringify(wrong)).toBe(false)
  })

  it('uses every value that it offers, and none that it does not', () => {
    const text = [...templates.values()].join('\n')
    for (const name of Object.keys(values)) expect(text, name).toContain(`.Values.${name}`)
    for (const [, path = ''] of text.matchAll(/\.Values((?:\.\w+)+)/g)) {
      const found = path
        .slice(1)
        .split('.')
        .reduce<unknown>((value, key) => (isObject(value) && key in value ? value[key] : undefined), values)
      expect(found, path).not.toBeUndefined()
    }
  })
})

describe('the reader of templates', () => {
  const show = (text: string, root: Record<string, unknown> = {}) =>
    renderTemplates(new Map([['a', text]]), root).get('a')

  it('follows Go in trimming, branches, lists and maps', () => {
    expect(show('a {{- if .x }} b {{- else }} c {{- end }}', { x: 1 })).toBe('a b')
    expect(show('a {{- if .x }} b {{- else }} c {{- end }}', { x: [] })).toBe('a c')
    expect(show('{{ range $k, $v := .m }}{{ $k }}={{ $v }};{{ end }}', { m: { b: 2, a: 1 } })).toBe('a=1;b=2;')
    expect(show('{{ range .l }}{{ . }}{{ else }}none{{ end }}', { l: [] })).toBe('none')
    expect(show('{{ with .a }}{{ .b }}{{ $.c }}{{ end }}', { a: { b: 1 }, c: 2 })).toBe('12')
    expect(show('{{ printf "%s:%s" .a (.b | default "d") | quote }}', { a: 'x' })).toBe('"x:d"')
    expect(show('k:{{ toYaml .m | nindent 2 }}', { m: { a: [1] } })).toBe('k:\n  a:\n    - 1')
  })

  it.each(['{{ if .x }}', '{{ end }}', '{{ nothing .x }}', '{{ .a.b }}', '{{ include "x" . }}', '{{ $y }}'])(
    'refuses what it does not know: %s',
    (text) => {
      expect(() => show(text, { a: {} })).toThrow()
    },
  )
})
