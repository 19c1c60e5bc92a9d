import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { HttpResponse } from '../../agent/lib/http.ts'
import type { StageContext } from '../stage.ts'
import { patiently } from './patience.ts'
import { expectStatus, jsonAs, KEY_PARAMETER, markedParameters, type Pipeline } from './pipeline.ts'

/**
 * A workflow with `on: workflow_dispatch` that takes the inputs `failwise_key` and `failwise_generation`, and whose `run-name` contains
 * `${{ inputs.failwise_key }}`: GitHub tells nothing else by which a run that was asked for can be told from others.
 */
export const Github = z.strictObject({
  system: z.literal('github'),
  api: z.url({ protocol: /^https?$/ }).default('https://api.github.com'),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'expected owner/name'),
  /** Its file name, such as `failover.yml`, or its number. */
  workflow: z.string().regex(/^[\w.-]+$/, 'expected a file name such as failover.yml'),
  ref: z.string().min(1).default('main'),
  token: z.string().min(1),
})
export type Github = z.infer<typeof Github>

const Workflow = z.object({ id: z.number(), state: z.string() })
const Run = z.object({
  id: z.number(),
  status: z.string(),
  conclusion: z.string().nullish(),
  display_title: z.string().nullish(),
  name: z.string().nullish(),
})
const Runs = z.object({ workflow_runs: z.array(Run) })

const MAX_PAGES = 5

export function github(options: Github): Pipeline {
  const repository = `${options.api.replace(/\/+$/, '')}/repos/${options.repository}`
  const workflow = `${repository}/actions/workflows/${options.workflow}`
  const what = `workflow ${options.workflow} of ${options.repository}`
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${options.token}`,
    'x-github-api-version': '2022-11-28',
  }
  const get = (ctx: StageContext, url: string) =>
    patiently(ctx, async () => expectStatus(await ctx.read.httpGet({ url, headers }, ctx.abort), what, [200]))
  return {
    fencing: 'unfenced',
    appearsWithinMs: 60_000,
    place: `${what} on ${options.ref}`,
    async identify(ctx) {
      const { state } = jsonAs(Workflow, await get(ctx, workflow), what)
      if (state !== 'active') throw new Fault('conflict', `${what} is ${state}`, { hint: 'enable it again' })
    },
    async find(ctx, key) {
      const day = ctx.run.requestedAt.slice(0, 10)
      let url: string | null =
        `${workflow}/runs?event=workflow_dispatch&per_page=100&created=${encodeURIComponent(`>=${day}`)}`
      for (let page = 1; url !== null && page <= MAX_PAGES; page++) {
        const response: HttpResponse = await get(ctx, url)
        const found = jsonAs(Runs, response, what).workflow_runs.find(({ display_title, name }) =>
          `${display_title ?? ''} ${name ?? ''}`.split(/\s+/).includes(key),
        )
        if (found) return String(found.id)
        url = nextPage(response, options.api)
      }
      return null
    },
    async start(ctx, write, key, parameters) {
      const body = JSON.stringify({ ref: options.ref, inputs: markedParameters(ctx, key, parameters) })
      const request = {
        method: 'POST' as const,
        url: `${workflow}/dispatches`,
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      }
      const response = await write.http(request, ctx.abort)
      if (response.status === 422)
        throw new Fault('upstream_refused', `${what} does not take these inputs`, {
          hint: `it needs on.workflow_dispatch.inputs ${KEY_PARAMETER} and failwise_generation, and the ref must exist`,
        })
      expectStatus(response, what, [200, 204])
      // The run appears a little later, and is found by its name.
      return null
    },
    async look(ctx, handle) {
      const { status, conclusion } = jsonAs(Run, await get(ctx, `${repository}/actions/runs/${handle}`), what)
      if (status !== 'completed') return { state: 'running', detail: `run ${handle} is ${status}` }
      return { state: conclusion === 'success' ? 'succeeded' : 'failed', detail: `run ${handle}: ${conclusion}` }
    },
    async cancel(ctx, write, handle) {
      const url = `${repository}/actions/runs/${handle}/cancel`
      // 409: it is over already.
      expectStatus(await write.http({ method: 'POST', url, headers }, ctx.abort), what, [202, 409])
    },
  }
}

/** The next page, if it is on the same host: a token goes nowhere else. */
function nextPage({ headers }: HttpResponse, api: string): string | null {
  const url = /<([^>]+)>;\s*rel="next"/.exec(headers.link ?? '')?.[1]
  return url !== undefined && URL.canParse(url) && new URL(url).origin === new URL(api).origin ? url : null
}
