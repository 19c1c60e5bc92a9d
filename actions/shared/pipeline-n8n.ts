import { z } from 'zod'
import type { StageContext } from '../stage.ts'
import { patiently } from './patience.ts'
import { expectStatus, jsonAs, markedParameters, type Pipeline } from './pipeline.ts'

/**
 * A workflow that begins with a Webhook node and answers at once with `{"executionId": "{{$execution.id}}"}`. How it went is asked of n8n itself;
 * a callback that got lost would leave everybody waiting.
 */
export const N8n = z.strictObject({
  system: z.literal('n8n'),
  webhookUrl: z.url({ protocol: /^https?$/ }),
  /** Header authentication of the Webhook node. */
  webhookHeaders: z.record(z.string(), z.string()).default({}),
  /** The public API: `https://n8n.example/api/v1`. */
  api: z.url({ protocol: /^https?$/ }),
  apiKey: z.string().min(1),
})
export type N8n = z.infer<typeof N8n>

const Started = z.object({ executionId: z.union([z.string().min(1), z.number()]) })
const Execution = z.object({
  id: z.union([z.string(), z.number()]),
  status: z.string().nullish(),
  finished: z.boolean().default(false),
})

export function n8n(options: N8n): Pipeline {
  const what = `the n8n workflow at ${new URL(options.webhookUrl).host}`
  const api = options.api.replace(/\/+$/, '')
  const headers = { accept: 'application/json', 'x-n8n-api-key': options.apiKey }
  const get = (ctx: StageContext, path: string) =>
    patiently(ctx, async () =>
      expectStatus(await ctx.read.httpGet({ url: `${api}${path}`, headers }, ctx.abort), what, [200, 404]),
    )
  return {
    fencing: 'unfenced',
    appearsWithinMs: null,
    place: what,
    identify: async (ctx) => {
      expectStatus(await get(ctx, '/executions?limit=1'), `${what} (its public API)`, [200])
    },
    // n8n keeps no mark of ours that could be asked for; only its answer names the execution.
    find: async () => null,
    async start(ctx, write, key, parameters) {
      const body = JSON.stringify(markedParameters(ctx, key, parameters))
      const sent = { 'content-type': 'application/json', 'idempotency-key': key, ...options.webhookHeaders }
      const response = await write.http({ method: 'POST', url: options.webhookUrl, headers: sent, body }, ctx.abort)
      return String(jsonAs(Started, expectStatus(response, what, [200]), what).executionId)
    },
    async look(ctx, handle) {
      const response = await get(ctx, `/executions/${encodeURIComponent(handle)}`)
      if (response.status === 404) return { state: 'unknown', detail: `execution ${handle} is not there` }
      const { status, finished } = jsonAs(Execution, response, what)
      const told = `execution ${handle}: ${status ?? (finished ? 'finished' : 'running')}`
      if (status === 'success') return { state: 'succeeded', detail: told }
      if (['error', 'crashed', 'canceled', 'failed'].includes(status ?? '')) return { state: 'failed', detail: told }
      return { state: 'running', detail: told }
    },
    async cancel(ctx, write, handle) {
      const url = `${api}/executions/${encodeURIComponent(handle)}/stop`
      expectStatus(await write.http({ method: 'POST', url, headers }, ctx.abort), what, [200, 404, 409])
    },
  }
}
