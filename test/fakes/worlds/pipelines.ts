import { verifySignedBody } from '../../../agent/lib/signature.ts'
import { emptyResponse, httpPorts, jsonResponse, type World } from './world.ts'

export interface PipelineWorld extends World {
  /** How the next run ends. */
  setResult(isGood: boolean): void
  readonly runs: {
    key: string
    parameters: Record<string, string>
    state: 'queued' | 'running' | 'ended'
    isGood: boolean
    wasEnded: boolean
  }[]
}

function runsOf() {
  let isGood = true
  const runs: PipelineWorld['runs'] = []
  const mutations: string[] = []
  return {
    runs,
    mutations,
    setResult: (value: boolean) => {
      isGood = value
    },
    start(parameters: Record<string, string>) {
      const key = parameters.failwise_key ?? ''
      mutations.push(`start ${key}`)
      runs.push({ key, parameters, state: 'queued', isGood, wasEnded: false })
      return runs.length
    },
    /** Each look moves a run on by one state. */
    look(number: number) {
      const run = runs[number - 1]
      const seen = run?.state
      if (run?.state === 'queued') run.state = 'running'
      else if (run?.state === 'running') run.state = 'ended'
      return { run, seen }
    },
    end(number: number) {
      const run = runs[number - 1]
      mutations.push(`end ${run?.key}`)
      if (run && run.state !== 'ended') Object.assign(run, { state: 'ended', isGood: false, wasEnded: true })
    },
    snapshot: () => runs.map(({ key, state }) => [key, state]),
  }
}

/** Jenkins with cross-site protection: a POST needs the crumb of its own session; parameters that a job does not define are dropped. */
export function jenkinsWorld(): PipelineWorld {
  const world = runsOf()
  const ports = httpPorts(({ method, url, headers, body }) => {
    const { pathname, searchParams } = new URL(url)
    if (headers?.authorization !== `Basic ${Buffer.from('ada:jenkins-token').toString('base64')}`)
      return emptyResponse(401)
    if (pathname === '/ci/crumbIssuer/api/json')
      return jsonResponse(
        200,
        { crumb: 'crumb-1', crumbRequestField: 'Jenkins-Crumb' },
        { 'set-cookie': 'JSESSIONID.abc=node01; Path=/; HttpOnly' },
      )
    if (method === 'POST' && (headers['Jenkins-Crumb'] !== 'crumb-1' || headers.cookie !== 'JSESSIONID.abc=node01'))
      return emptyResponse(403)
    const job = '/ci/job/platform/job/failover'
    if (method === 'GET' && pathname === `${job}/api/json`) {
      if (!searchParams.get('tree')) return emptyResponse(500)
      const parametersOf = (key: string) => [{ parameters: [{ name: 'failwise_key', value: key }] }, {}]
      const queued = world.runs.findIndex(({ state }) => state === 'queued')
      return jsonResponse(200, {
        name: 'failover',
        buildable: true,
        property: [
          {},
          { parameterDefinitions: ['failwise_key', 'failwise_generation', 'side'].map((name) => ({ name })) },
        ],
        builds: world.runs.flatMap(({ key, state }, index) =>
          state === 'queued' ? [] : [{ number: index + 1, actions: parametersOf(key) }],
        ),
        queueItem: queued < 0 ? null : { id: 700 + queued + 1, actions: parametersOf(world.runs[queued]?.key ?? '') },
      })
    }
    if (method === 'POST' && pathname === `${job}/buildWithParameters`) {
      if (headers['content-type'] !== 'application/x-www-form-urlencoded') return emptyResponse(415)
      const number = world.start(Object.fromEntries(new URLSearchParams(body)))
      return emptyResponse(201, { location: `http://jenkins.internal:8080/queue/item/${700 + number}/` })
    }
    const item = /^\/ci\/queue\/item\/(\d+)\/api\/json$/.exec(pathname)?.[1]
    if (item !== undefined) {
      const number = Number(item) - 700
      const { run, seen } = world.look(number)
      if (!run) return emptyResponse(404)
      return jsonResponse(
        200,
        seen === 'queued' ? { cancelled: run.wasEnded, why: 'waiting for an executor' } : { executable: { number } },
      )
    }
    const build = new RegExp(`^${job}/(\\d+)/(api/json|stop)$`).exec(pathname)
    if (build?.[2] === 'stop' && method === 'POST') {
      world.end(Number(build[1]))
      return emptyResponse(302)
    }
    if (build) {
      const { run, seen } = world.look(Number(build[1]))
      const result = run?.wasEnded ? 'ABORTED' : run?.isGood ? 'SUCCESS' : 'FAILURE'
      return run
        ? jsonResponse(200, { building: seen !== 'ended', result: seen === 'ended' ? result : null })
        : emptyResponse(404)
    }
    if (pathname === '/ci/queue/cancelItem' && method === 'POST') {
      world.end(Number(searchParams.get('id')) - 700)
      return emptyResponse(302)
    }
    return emptyResponse(404)
  })
  return { ...world, ...ports }
}

/** GitHub: a run appears only some looks after it was asked for, on the second page of a busy workflow. */
export function githubWorld(): PipelineWorld {
  const world = runsOf()
  let listings = 0
  const ports = httpPorts(({ method, url, headers, body }) => {
    if (headers?.authorization !== 'Bearer gh-token' || !headers['x-github-api-version']) return emptyResponse(401)
    const { pathname, searchParams, origin } = new URL(url)
    const repository = '/repos/acme/ops/actions'
    if (pathname === `${repository}/workflows/failover.yml`) return jsonResponse(200, { id: 9, state: 'active' })
    if (pathname === `${repository}/workflows/failover.yml/dispatches` && method === 'POST') {
      const { ref, inputs } = JSON.parse(body ?? '{}')
      if (ref !== 'main' || typeof inputs?.failwise_key !== 'string') return emptyResponse(422)
      listings = 0
      world.start(inputs)
      return emptyResponse(204)
    }
    if (pathname === `${repository}/workflows/failover.yml/runs`) {
      listings += 1
      if (listings % 4 === 0) return emptyResponse(403, { 'x-ratelimit-remaining': '0', 'retry-after': '1' })
      if (searchParams.get('page') !== '2') {
        const others = Array.from({ length: 100 }, (_, index) => ({
          id: 9000 + index,
          status: 'completed',
          display_title: 'another',
        }))
        return jsonResponse(200, { workflow_runs: others }, { link: `<${origin}${pathname}?page=2>; rel="next"` })
      }
      const shown = listings > 2 ? world.runs : []
      return jsonResponse(200, {
        workflow_runs: shown.map(({ key }, index) => ({
          id: index + 1,
          status: 'queued',
          display_title: `failover ${key}`,
        })),
      })
    }
    const run = new RegExp(`^${repository}/runs/(\\d+)(/cancel)?$`).exec(pathname)
    if (run?.[2] && method === 'POST') {
      world.end(Number(run[1]))
      return emptyResponse(202)
    }
    const { run: found, seen } = world.look(Number(run?.[1]))
    if (!found) return emptyResponse(404)
    const conclusion = found.wasEnded ? 'cancelled' : found.isGood ? 'success' : 'failure'
    const isOver = seen === 'ended'
    return jsonResponse(200, {
      id: Number(run?.[1]),
      status: isOver ? 'completed' : 'in_progress',
      conclusion: isOver ? conclusion : null,
    })
  })
  return { ...world, ...ports }
}

/** n8n: the webhook answers with the execution, the public API tells how it goes. */
export function n8nWorld(): PipelineWorld {
  const world = runsOf()
  const ports = httpPorts(({ method, url, headers, body }) => {
    const { pathname } = new URL(url)
    if (pathname === '/webhook/failover' && method === 'POST') {
      if (headers?.['x-hook'] !== 'hook-secret') return emptyResponse(403)
      return jsonResponse(200, { executionId: String(world.start(JSON.parse(body ?? '{}'))) })
    }
    if (headers?.['x-n8n-api-key'] !== 'n8n-key') return emptyResponse(401)
    if (pathname === '/api/v1/executions') return jsonResponse(200, { data: [] })
    const id = /^\/api\/v1\/executions\/(\d+)(\/stop)?$/.exec(pathname)
    if (id?.[2] && method === 'POST') {
      world.end(Number(id[1]))
      return jsonResponse(200, {})
    }
    const { run, seen } = world.look(Number(id?.[1]))
    if (!run) return emptyResponse(404)
    const ended = run.wasEnded ? 'canceled' : run.isGood ? 'success' : 'error'
    return jsonResponse(200, {
      id: Number(id?.[1]),
      finished: seen === 'ended',
      status: seen === 'ended' ? ended : 'running',
    })
  })
  return { ...world, ...ports }
}

export const WEBHOOK_SECRET = 'a-secret-of-sixteen-or-more'

/** A webhook that checks signatures, starts each key once, and refuses older generations. */
export function webhookWorld(nowMs: () => number): PipelineWorld {
  const world = runsOf()
  let highest = 0
  const ports = httpPorts(({ method, url, headers, body = '' }) => {
    const { pathname, searchParams } = new URL(url)
    try {
      const options = { secrets: [WEBHOOK_SECRET], nowMs: nowMs(), windowSeconds: 30 }
      verifySignedBody(body, headers?.['x-failwise-signature'], options)
    } catch {
      return emptyResponse(401)
    }
    if (method === 'POST' && pathname === '/start') {
      const parameters = JSON.parse(body)
      if (Number(parameters.failwise_generation) < highest) return emptyResponse(409)
      highest = Number(parameters.failwise_generation)
      if (!world.runs.some(({ key }) => key === parameters.failwise_key)) world.start(parameters)
      return emptyResponse(202)
    }
    const index = world.runs.findIndex(
      ({ key }) => key === (searchParams.get('key') ?? JSON.parse(body || '{}').failwise_key),
    )
    if (index < 0) return emptyResponse(404)
    if (pathname === '/cancel') {
      world.end(index + 1)
      return emptyResponse(204)
    }
    const { run, seen } = world.look(index + 1)
    return jsonResponse(200, {
      status: seen === 'ended' ? (run?.isGood ? 'succeeded' : 'failed') : 'running',
      detail: `it is ${seen}`,
    })
  })
  return { ...world, ...ports }
}
