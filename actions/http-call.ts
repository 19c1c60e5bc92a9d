import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { HttpResponse } from '../agent/lib/http.ts'
import type { WritePorts } from './ports.ts'
import type { Check, Stage, StageContext } from './stage.ts'

const Url = z.url({ protocol: /^https?$/ })
const Call = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  url: Url,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
})
type Call = z.infer<typeof Call>

export const Options = z.strictObject({
  stage: z.literal('http-call'),
  ...stageCommon,
  call: Call,
  /** Statuses that mean that it was taken. */
  accept: z.array(z.number().int().min(100).max(599)).min(1).default([200, 201, 202, 204]),
  /** Looks whether it holds. Without it, only our own record of the answer can tell. */
  check: z
    .strictObject({
      url: Url,
      headers: z.record(z.string(), z.string()).default({}),
      status: z.number().int().default(200),
      /** Text that the body must contain. */
      contains: z.string().min(1).optional(),
    })
    .optional(),
  /** The other side refuses an `x-failwise-generation` that is older than one it has seen. */
  fenced: z.boolean().default(false),
  /** There is no default: what is forgotten here cannot be taken back. */
  rollback: z.union([Call, z.literal('irreversible'), z.literal('nothing_to_undo')]),
})
export type Options = z.infer<typeof Options>

/** Calls something of yours over HTTP, with a key that is the same for every repetition. */
export function httpCall(options: Options): Stage {
  const { call, check, rollback, fenced } = options
  const send = async (one: Call, ctx: StageContext, suffix: string) => {
    await ctx.effect(callText(one), async (write) => accepted(options, one, await request(one, ctx, suffix, write)))
  }
  return {
    name: 'http-call',
    fencing: fenced ? 'fenced' : 'unfenced',
    describe: () => `call ${callText(call)}${check ? ` and look at ${placeOf(check.url)}` : ''}`,
    apply: async (ctx) => {
      await send(call, ctx, '')
      await ctx.remember('accepted', true)
    },
    verify: async (ctx) => {
      if (check) return looked(check, ctx)
      return ctx.recall('accepted', z.literal(true))
        ? { outcome: 'done', detail: 'it was accepted, and nothing is named that looks at the result' }
        : {
            outcome: 'unclear',
            detail: 'no answer is on record, and nothing is named that looks at the result',
            isFinal: true,
          }
    },
    rollback: typeof rollback === 'string' ? rollback : (ctx) => send(rollback, ctx, ':undo'),
  }
}

function request(call: Call, ctx: StageContext, suffix: string, write: WritePorts): Promise<HttpResponse> {
  const headers = {
    'idempotency-key': `${ctx.idempotencyKey}${suffix}`,
    'x-failwise-run': ctx.run.id,
    'x-failwise-generation': String(ctx.run.generation),
    ...(call.body !== undefined && { 'content-type': 'application/json' }),
    ...call.headers,
  }
  const { method, url, body } = call
  return write.http({ method, url, headers, ...(body !== undefined && { body }) }, ctx.abort)
}

function accepted({ accept }: Options, call: Call, { status }: HttpResponse): void {
  if (!accept.includes(status)) throw new Fault('stage_failed', `${callText(call)} was answered with ${status}`)
}

async function looked(check: NonNullable<Options['check']>, ctx: StageContext): Promise<Check> {
  const { url, headers, status: wanted, contains } = check
  const { status, body } = await ctx.read.httpGet({ url, headers }, ctx.abort)
  const isThere = contains === undefined || body.includes(contains)
  if (status === wanted && isThere) return { outcome: 'done', detail: `${placeOf(url)} answers as expected` }
  const detail = status === wanted ? `${placeOf(url)} does not contain the text` : `${placeOf(url)} answers ${status}`
  return { outcome: 'unclear', detail }
}

function callText({ method, url }: Call): string {
  return `${method} ${placeOf(url)}`
}

/** Without query and credentials, which may be secrets. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
