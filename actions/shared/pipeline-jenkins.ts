import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'
import { patiently } from './patience.ts'
import { expectStatus, jsonAs, KEY_PARAMETER, markedParameters, type Pipeline, type PipelineState } from './pipeline.ts'

/** A parameterised job; it needs the string parameters `failwise_key` and `failwise_generation`, or runs cannot be found again. */
export const Jenkins = z.strictObject({
  system: z.literal('jenkins'),
  url: z.url({ protocol: /^https?$/ }),
  user: z.string().min(1),
  apiToken: z.string().min(1),
  /** With its folders: `platform/failover`. */
  job: z.string().min(1),
})
export type Jenkins = z.infer<typeof Jenkins>

const Parameters = z.array(z.object({ name: z.string(), value: z.unknown() })).nullish()
const Actions = z.array(z.looseObject({ parameters: Parameters })).nullish()
const Job = z.object({
  name: z.string(),
  buildable: z.boolean().default(true),
  property: z
    .array(z.looseObject({ parameterDefinitions: z.array(z.object({ name: z.string() })).nullish() }))
    .default([]),
  builds: z.array(z.object({ number: z.number(), actions: Actions })).nullish(),
  queueItem: z.object({ id: z.number(), actions: Actions }).nullish(),
})
const QueueItem = z.object({
  cancelled: z.boolean().default(false),
  why: z.string().nullish(),
  executable: z.object({ number: z.number() }).nullish(),
})
const Build = z.object({ building: z.boolean(), result: z.string().nullable() })
const Crumb = z.object({ crumb: z.string(), crumbRequestField: z.string() })

const JOB_TREE =
  'name,buildable,property[parameterDefinitions[name]],builds[number,actions[parameters[name,value]]]{0,50},queueItem[id,actions[parameters[name,value]]]'

export function jenkins(options: Jenkins): Pipeline {
  const base = options.url.replace(/\/+$/, '')
  const job = options.job
    .split('/')
    .map((part) => `job/${encodeURIComponent(part)}`)
    .join('/')
  const what = `Jenkins job ${options.job} at ${new URL(options.url).host}`
  const headers = {
    accept: 'application/json',
    authorization: `Basic ${Buffer.from(`${options.user}:${options.apiToken}`).toString('base64')}`,
  }
  const get = (ctx: StageContext, path: string, expected = [200]) =>
    patiently(ctx, async () =>
      expectStatus(await ctx.read.httpGet({ url: `${base}/${path}`, headers }, ctx.abort), what, expected),
    )
  const readJob = async (ctx: StageContext) =>
    jsonAs(Job, await get(ctx, `${job}/api/json?tree=${encodeURIComponent(JOB_TREE)}`), what)

  /** A crumb belongs to a session; with cross-site protection off, Jenkins has none and answers 404. */
  const crumbHeaders = async (ctx: StageContext): Promise<Record<string, string>> => {
    const response = await get(ctx, 'crumbIssuer/api/json', [200, 404])
    if (response.status === 404) return {}
    const { crumb, crumbRequestField } = jsonAs(Crumb, response, what)
    const session = /JSESSIONID[^=;,\s]*=[^;,\s]+/.exec(response.headers['set-cookie'] ?? '')?.[0]
    return { [crumbRequestField]: crumb, ...(session !== undefined && { cookie: session }) }
  }
  const post = async (ctx: StageContext, write: WritePorts, path: string, body: string, expected: number[]) => {
    const typed = { 'content-type': 'application/x-www-form-urlencoded', ...(await crumbHeaders(ctx)) }
    const request = { method: 'POST' as const, url: `${base}/${path}`, headers: { ...headers, ...typed }, body }
    return expectStatus(await write.http(request, ctx.abort), what, expected)
  }
  return {
    fencing: 'unfenced',
    appearsWithinMs: 0,
    place: what,
    async identify(ctx) {
      const { buildable, property } = await readJob(ctx)
      const names = property.flatMap(({ parameterDefinitions }) => parameterDefinitions?.map(({ name }) => name) ?? [])
      if (!buildable) throw new Fault('conflict', `${what} is disabled`)
      if (!names.includes(KEY_PARAMETER))
        throw new Fault(
          'conflict',
          `${what} has no parameter ${KEY_PARAMETER}: Jenkins drops what it does not know, and runs could not be found again`,
        )
    },
    async find(ctx, key) {
      const { builds, queueItem } = await readJob(ctx)
      if (hasKey(queueItem?.actions, key)) return `queue:${queueItem?.id}`
      const build = builds?.find(({ actions }) => hasKey(actions, key))
      return build ? `build:${build.number}` : null
    },
    async start(ctx, write, key, parameters) {
      const body = new URLSearchParams(markedParameters(ctx, key, parameters)).toString()
      const { headers: answer } = await post(ctx, write, `${job}/buildWithParameters`, body, [201])
      // The host in it is what Jenkins believes its own name to be.
      const id = /\/queue\/item\/(\d+)/.exec(answer.location ?? '')?.[1]
      return id === undefined ? null : `queue:${id}`
    },
    async look(ctx, handle) {
      const [kind, id = ''] = handle.split(':')
      if (kind === 'build') return buildState(ctx, id)
      const response = await get(ctx, `queue/item/${id}/api/json`, [200, 404])
      // Items leave the queue five minutes after they started.
      if (response.status === 404) return { state: 'unknown', detail: `queue item ${id} is gone` }
      const item = jsonAs(QueueItem, response, what)
      if (item.cancelled) return { state: 'failed', detail: 'it was taken out of the queue' }
      if (!item.executable)
        return { state: 'running', detail: `in the queue${item.why ? `: ${item.why.slice(0, 120)}` : ''}` }
      return buildState(ctx, String(item.executable.number))
    },
    async cancel(ctx, write, handle) {
      const [kind, id = ''] = handle.split(':')
      if (kind === 'build') return void (await post(ctx, write, `${job}/${id}/stop`, '', [200, 302]))
      const response = await get(ctx, `queue/item/${id}/api/json`, [200, 404])
      const number = response.status === 200 ? jsonAs(QueueItem, response, what).executable?.number : undefined
      if (number !== undefined) await post(ctx, write, `${job}/${number}/stop`, '', [200, 302])
      else await post(ctx, write, `queue/cancelItem?id=${id}`, '', [200, 204, 302, 404])
    },
  }

  async function buildState(ctx: StageContext, number: string): Promise<PipelineState> {
    const { building, result } = jsonAs(Build, await get(ctx, `${job}/${number}/api/json?tree=building,result`), what)
    if (building || result === null) return { state: 'running', detail: `build ${number} runs` }
    return { state: result === 'SUCCESS' ? 'succeeded' : 'failed', detail: `build ${number}: ${result}` }
  }
}

function hasKey(actions: z.infer<typeof Actions>, key: string): boolean {
  return (
    actions?.some(({ parameters }) => parameters?.some(({ name, value }) => name === KEY_PARAMETER && value === key)) ??
    false
  )
}
