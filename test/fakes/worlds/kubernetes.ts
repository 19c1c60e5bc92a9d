import { emptyResponse, httpPorts, jsonResponse, type World } from './world.ts'

interface Template {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> }
  spec: { containers: { name: string; image: string }[] }
}

const REVISION = 'deployment.kubernetes.io/revision'

/** An API server with one Deployment that went from image v1 to v2. Rollouts need two looks; every second read is throttled. */
export function kubernetesWorld(options: { stuck?: boolean } = {}): World & { template(): Template } {
  const mutations: string[] = []
  const template = (image: string): Template => ({
    metadata: { labels: { app: 'shop' } },
    spec: { containers: [{ name: 'web', image: `shop:${image}` }] },
  })
  let version = 100
  const deployment = {
    kind: 'Deployment',
    metadata: {
      uid: 'uid-1',
      resourceVersion: '100',
      generation: 2,
      annotations: { [REVISION]: '2' } as Record<string, string>,
    },
    spec: { replicas: 3, selector: { matchLabels: { app: 'shop' } }, template: template('v2') },
  }
  const sets = [
    { name: 'shop-aaa', revision: 1, template: template('v1') },
    { name: 'shop-bbb', revision: 2, template: template('v2') },
  ]
  let looksUntilDone = 0
  let reads = 0

  const touch = () => {
    version += 1
    deployment.metadata.resourceVersion = String(version)
    deployment.metadata.generation += 1
    looksUntilDone = options.stuck ? Number.POSITIVE_INFINITY : 2
  }
  const rollTo = (next: Template) => {
    deployment.spec.template = next
    const same = sets.find((set) => JSON.stringify(set.template) === JSON.stringify(next))
    const revision = Math.max(...sets.map((set) => set.revision)) + 1
    if (same) same.revision = revision
    else sets.push({ name: `shop-${revision}`, revision, template: next })
    deployment.metadata.annotations[REVISION] = String(revision)
  }
  const merge = (target: Record<string, unknown>, patch: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(patch)) {
      const old = target[key]
      if (value === null) delete target[key]
      else if (typeof value === 'object' && typeof old === 'object' && old !== null && !Array.isArray(value))
        merge(old as Record<string, unknown>, value as Record<string, unknown>)
      else target[key] = value
    }
  }
  const patched = (type: string, body: unknown): boolean => {
    if (type === 'application/merge-patch+json') {
      const patch = body as { metadata?: { resourceVersion?: string }; spec?: object }
      if (patch.metadata?.resourceVersion !== deployment.metadata.resourceVersion) return false
      const next = structuredClone(deployment)
      next.spec.template.metadata.annotations ??= {}
      merge(next as unknown as Record<string, unknown>, body as Record<string, unknown>)
      deployment.metadata.annotations = next.metadata.annotations
      deployment.spec.replicas = next.spec.replicas
      if (JSON.stringify(next.spec.template.metadata.annotations) !== '{}') rollTo(next.spec.template)
      return true
    }
    for (const { op, path, value } of body as { op: string; path: string; value: unknown }[]) {
      if (op === 'test' && path === '/metadata/resourceVersion') {
        if (value !== deployment.metadata.resourceVersion) return false
      } else if (op === 'add' && path.startsWith('/metadata/annotations/'))
        deployment.metadata.annotations[path.split('/')[3]?.replace('~1', '/') ?? ''] = String(value)
      else if (op === 'replace' && path === '/spec/template') rollTo(value as Template)
      else throw new Error(`unexpected patch ${op} ${path}`)
    }
    return true
  }
  const ports = httpPorts(({ method, url, headers, body }) => {
    if (headers?.authorization !== 'Bearer kube-token-of-tests') return emptyResponse(401)
    const { pathname, searchParams } = new URL(url)
    if (method === 'GET' && ++reads % 5 === 0) return emptyResponse(429, { 'retry-after': '1' })
    if (pathname === '/apis/apps/v1/namespaces/prod/replicasets') {
      if (searchParams.get('labelSelector') !== 'app=shop') return jsonResponse(200, { items: [] })
      // One per page, as a busy server with a small limit would.
      const at = Number(searchParams.get('continue') ?? 0)
      const { name, revision, template: own } = sets[at]!
      const labels = { ...own.metadata.labels, 'pod-template-hash': name }
      const spec = { template: { ...own, metadata: { ...own.metadata, labels } } }
      const metadata = { name, annotations: { [REVISION]: `${revision}` }, ownerReferences: [{ uid: 'uid-1' }] }
      const next = at + 1 < sets.length ? { continue: `${at + 1}` } : {}
      return jsonResponse(200, { metadata: next, items: [{ metadata, spec }] })
    }
    if (pathname !== '/apis/apps/v1/namespaces/prod/deployments/shop') return emptyResponse(404)
    if (method === 'PATCH') {
      if (!patched(headers['content-type'] ?? '', JSON.parse(body ?? ''))) return emptyResponse(409)
      touch()
      mutations.push(`patch ${body}`)
      return jsonResponse(200, deployment)
    }
    const isDone = looksUntilDone === 0
    if (!isDone) looksUntilDone -= 1
    const { replicas } = deployment.spec
    const status = {
      observedGeneration: deployment.metadata.generation - (isDone ? 0 : 1),
      replicas,
      updatedReplicas: isDone ? replicas : 1,
      availableReplicas: replicas,
      readyReplicas: replicas,
    }
    return jsonResponse(200, { ...deployment, status })
  })
  return {
    ...ports,
    mutations,
    template: () => deployment.spec.template,
    // Revisions are renumbered by going back; what runs is what counts.
    snapshot: () => ({ replicas: deployment.spec.replicas, template: deployment.spec.template }),
  }
}
