import { Langfuse } from 'langfuse'
import { z } from 'zod'
import { type TracedCall, type Tracer, traceIdOf } from './tracer.ts'

export const LangfuseOptions = z.strictObject({
  publicKey: z.string().min(1),
  secretKey: z.string().min(1),
  baseUrl: z.url().default('https://cloud.langfuse.com'),
  environment: z
    .string()
    .regex(/^[a-z0-9-_]{1,40}$/)
    .default('default'),
  /** Whether prompts and replies are sent, or only their figures. */
  withTexts: z.boolean().default(true),
})
export type LangfuseOptions = z.infer<typeof LangfuseOptions>

/** How many events may wait for a Langfuse that does not answer; what comes on top is not traced. */
const MAX_WAITING = 500
const BATCH = 15

/** Traces model calls to Langfuse: batched in the background, never awaited by a decision and never failing one. */
export function langfuseTracer(options: LangfuseOptions): Tracer {
  const client = new Langfuse({
    publicKey: options.publicKey,
    secretKey: options.secretKey,
    baseUrl: options.baseUrl,
    environment: options.environment,
    flushAt: BATCH,
    flushInterval: 5000,
    requestTimeout: 5000,
    fetchRetryCount: 1,
  })
  let waiting = 0
  client.on('error', () => {
    waiting = 0
  })
  client.on('flush', () => {
    waiting = 0
  })
  const quietly = (events: number, work: () => void) => {
    if (waiting + events > MAX_WAITING) return
    waiting += events
    try {
      work()
    } catch {
      // A trace that cannot be written is not worth a decision.
    }
  }
  return {
    call: (traced) => quietly(2, () => send(client, traced, options.withTexts)),
    score: (key, { name, value, comment }) =>
      quietly(1, () => {
        client.score({ traceId: traceIdOf(key), name, value, ...(comment !== undefined && { comment }) })
      }),
    async close() {
      try {
        await client.shutdownAsync()
      } catch {
        // The process is ending; there is nobody left to tell.
      }
    },
  }
}

function send(client: Langfuse, traced: TracedCall, withTexts: boolean) {
  const { call, opinion } = traced
  const about = {
    incident: traced.incident,
    service: traced.service,
    snapshotHash: traced.snapshotHash,
    promptHash: traced.promptHash,
    analyst: traced.analyst,
    model: call?.model ?? null,
  }
  const verdict = opinion?.verdict ?? opinion?.abstained ?? null
  const trace = client.trace({
    id: traceIdOf(traced, traced.before),
    name: 'verdict',
    timestamp: new Date(traced.startedAt),
    sessionId: traced.incident,
    version: traced.promptHash.slice(0, 12),
    metadata: about,
    output: verdict,
    tags: [traced.service, traced.analyst],
  })
  trace.generation({
    name: traced.analyst,
    model: call?.model ?? traced.analyst,
    startTime: new Date(traced.startedAt),
    endTime: new Date(traced.endedAt),
    metadata: { ...about, outcome: call?.outcome ?? 'failed', requestId: call?.requestId ?? null },
    ...(withTexts && {
      input: [
        { role: 'system', content: traced.system },
        { role: 'user', content: traced.user },
      ],
      output: call?.text ?? null,
    }),
    ...(call && {
      usage: {
        input: call.usage.inputTokens,
        output: call.usage.outputTokens,
        unit: 'TOKENS' as const,
        ...(call.costUsd !== null && { totalCost: call.costUsd }),
      },
    }),
    ...(traced.error !== null && { level: 'ERROR' as const, statusMessage: traced.error }),
  })
}
