import { hashOf } from '../domain/canonical.ts'
import { instantOf } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, type Fault } from '../lib/errors.ts'
import type { Mask } from '../lib/mask.ts'
import type { Budget } from './budget.ts'
import type { ModelProvider, ModelReply, ModelRequest } from './model.ts'
import { type CallLimits, callModel } from './model-call.ts'
import { costOf, type Price, priceOf } from './prices.ts'
import type { RecordedCall } from './recording.ts'
import type { TracedCall, Tracer } from './tracer.ts'
import { readVerdict, verdictSchema } from './verdict-reply.ts'

export interface AskPorts {
  readonly mask: Mask
  readonly prices: readonly Price[]
  readonly budget: Budget
  readonly tracer: Tracer
  readonly clock: Clock
  readonly random: () => number
  readonly limits: CallLimits & { readonly maxOutputTokens: number }
}

export interface AskContext {
  readonly promptHash: string
  readonly snapshotHash: string
  readonly incident: string
  readonly service: string
  readonly endsAtMs: number
  readonly othersLeft: number
  readonly abort: AbortSignal
  /** What calls amount to, for the trace. */
  readonly interpret: (calls: RecordedCall[]) => Opinion
}

export interface Question {
  readonly system: string
  readonly user: string
  readonly estimatedTokens: number
}

/** What came of asking one provider: its calls, or none and the reasons. */
export interface Answer {
  readonly calls: RecordedCall[]
  readonly notes: readonly string[]
}

/** The schema travels with the request and is counted as input; vendors' vocabularies differ by up to a third. */
const SCHEMA_TOKENS = 600
const VOCABULARY_FACTOR = 1.35
const SCHEMA_NAME = 'verdict'

/** Asks one provider, once more when the reply does not satisfy the schema. Never throws: what went wrong is in the notes. */
export async function askProvider(
  provider: ModelProvider,
  question: Question,
  ports: AskPorts,
  context: AskContext,
): Promise<Answer> {
  const notes: string[] = []
  const calls: RecordedCall[] = []
  const traces: Omit<TracedCall, 'before' | 'opinion'>[] = []
  let request: ModelRequest = {
    system: question.system,
    user: question.user,
    schema: verdictSchema,
    schemaName: SCHEMA_NAME,
    maxOutputTokens: ports.limits.maxOutputTokens,
  }
  for (const isRepair of [false, true]) {
    const started = ports.clock.now()
    const traced = (call: RecordedCall | null, error: string | null) =>
      traces.push({
        analyst: provider.id,
        promptHash: context.promptHash,
        snapshotHash: context.snapshotHash,
        incident: context.incident,
        service: context.service,
        system: question.system,
        user: question.user,
        call,
        error,
        startedAt: instantOf(started),
        endedAt: instantOf(ports.clock.now()),
      })
    const result = await callWithinBudget(provider, request, question, ports, context, notes)
    if (!result.call) {
      if (result.wasSent) traced(null, result.problem)
      notes.push(isRepair ? `its reply could not be repaired: ${result.problem}` : result.problem)
      break
    }
    calls.push(result.call)
    traced(result.call, null)
    if (result.call.outcome !== 'complete') break
    const { problem } = readVerdict(result.call.text)
    if (problem === null || isRepair) break
    notes.push(`${provider.id} was asked to repair its reply: ${problem.slice(0, 200)}`)
    request = { ...request, repair: { reply: result.call.text, problem } }
  }
  const opinion = calls.length > 0 ? context.interpret(calls) : null
  for (const [index, trace] of traces.entries()) {
    const before = traces.length - 1 - index
    ports.tracer.call({ ...trace, before, opinion: before === 0 ? opinion : null })
  }
  return { calls, notes }
}

type CallResult =
  | { readonly call: RecordedCall; readonly wasSent: true; readonly problem: '' }
  | { readonly call: null; readonly wasSent: boolean; readonly problem: string }

async function callWithinBudget(
  provider: ModelProvider,
  request: ModelRequest,
  question: Question,
  ports: AskPorts,
  context: AskContext,
  notes: string[],
): Promise<CallResult> {
  const price = priceOf(ports.prices, provider.id)
  const inputTokens = Math.ceil(question.estimatedTokens * VOCABULARY_FACTOR) + SCHEMA_TOKENS
  const most = { inputTokens, outputTokens: request.maxOutputTokens, cachedInputTokens: 0 }
  const leave = await ports.budget.reserve(context.incident, {
    tokens: inputTokens + request.maxOutputTokens,
    usd: costOf(price, most) ?? 0,
  })
  if (!leave.granted) return { call: null, wasSent: false, problem: `${provider.id} was not asked: ${leave.reason}` }
  const startedMs = ports.clock.elapsed()
  let reply: ModelReply
  try {
    reply = await callModel(provider, request, ports, ports.limits, {
      ...context,
      onRetry: (fault, waitMs) => notes.push(`${fault.message}; tried again after ${Math.round(waitMs)} ms`),
    })
  } catch (error) {
    const fault = asFault(error)
    // What was sent and not answered in time is charged by some vendors; the input is counted as spent.
    const spent =
      fault.code === 'deadline'
        ? { tokens: inputTokens, usd: costOf(price, { ...most, outputTokens: 0 }) ?? 0 }
        : NOTHING
    await leave.settle(spent)
    return { call: null, wasSent: true, problem: problemOf(provider, fault) }
  }
  const costUsd = costOf(price, reply.usage)
  await leave.settle({ tokens: reply.usage.inputTokens + reply.usage.outputTokens, usd: costUsd ?? 0 })
  const call: RecordedCall = {
    requestHash: hashOf({ analyst: provider.id, ...request }),
    outcome: reply.outcome,
    // A model can repeat or invent what looks like a secret; it goes no further either.
    text: await ports.mask(reply.text),
    model: reply.model,
    requestId: reply.requestId,
    usage: { ...reply.usage },
    costUsd,
    latencyMs: Math.max(0, ports.clock.elapsed() - startedMs),
  }
  return { call, wasSent: true, problem: '' }
}

const NOTHING = { tokens: 0, usd: 0 }

function problemOf(provider: ModelProvider, fault: Fault): string {
  const hint = fault.hint ? ` ${fault.hint}` : ''
  return fault.message.includes(provider.id) ? `${fault.message}.${hint}` : `${provider.id}: ${fault.message}.${hint}`
}
