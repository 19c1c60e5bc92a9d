import { z } from 'zod'
import { signBody } from '../../agent/lib/signature.ts'
import type { StageContext } from '../stage.ts'
import { patiently } from './patience.ts'
import { expectStatus, jsonAs, markedParameters, type Pipeline } from './pipeline.ts'

const Address = z.url({ protocol: /^https?$/ })

/** Anything that takes a signed POST and answers how a run stands. */
export const Webhook = z.strictObject({
  system: z.literal('webhook'),
  url: Address,
  /** Signs every call, reading ones too: `X-Failwise-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`. */
  secret: z.string().min(16, 'use at least 16 characters'),
  /** Asked with `?key=…`; answers `{"status": "unknown" | "running" | "succeeded" | "failed", "detail": "…"}`. */
  statusUrl: Address,
  /** Takes `{"failwise_key": "…"}` to end a run. */
  cancelUrl: Address.optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** It refuses a `failwise_generation` that is older than one it has seen. */
  fenced: z.boolean().default(false),
})
export type Webhook = z.infer<typeof Webhook>

const Status = z.object({
  status: z.enum(['unknown', 'running', 'succeeded', 'failed']),
  detail: z.string().default(''),
})

export function webhook(options: Webhook): Pipeline {
  const what = `the webhook at ${new URL(options.url).host}`
  const signed = (ctx: StageContext, body: string) => ({
    ...options.headers,
    'x-failwise-signature': signBody(body, options.secret, ctx.clock.now()),
  })
  const look: Pipeline['look'] = async (ctx, key) => {
    const url = new URL(options.statusUrl)
    url.searchParams.set('key', key)
    const response = await patiently(ctx, async () =>
      expectStatus(await ctx.read.httpGet({ url: url.href, headers: signed(ctx, '') }, ctx.abort), what, [200, 404]),
    )
    if (response.status === 404) return { state: 'unknown', detail: 'it knows no such run' }
    const { status, detail } = jsonAs(Status, response, what)
    return { state: status, detail: detail.slice(0, 200) }
  }
  const { cancelUrl } = options
  return {
    fencing: options.fenced ? 'fenced' : 'unfenced',
    appearsWithinMs: 0,
    place: what,
    identify: async () => {},
    find: async (ctx, key) => ((await look(ctx, key)).state === 'unknown' ? null : key),
    async start(ctx, write, key, parameters) {
      const body = JSON.stringify(markedParameters(ctx, key, parameters))
      const headers = { 'content-type': 'application/json', 'idempotency-key': key, ...signed(ctx, body) }
      const response = await write.http({ method: 'POST', url: options.url, headers, body }, ctx.abort)
      expectStatus(response, what, [200, 201, 202, 204])
      return key
    },
    look,
    cancel: cancelUrl
      ? async (ctx, write, key) => {
          const body = JSON.stringify({ failwise_key: key })
          const headers = { 'content-type': 'application/json', ...signed(ctx, body) }
          expectStatus(
            await write.http({ method: 'POST', url: cancelUrl, headers, body }, ctx.abort),
            what,
            [200, 202, 204, 404],
          )
        }
      : null,
  }
}
