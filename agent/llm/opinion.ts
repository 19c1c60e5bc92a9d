import type { Calibration } from '../domain/calibration.ts'
import type { Facts } from '../domain/facts.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { AbstainReason, Opinion } from '../domain/verdict.ts'
import { calibratedConfidence } from './calibration.ts'
import type { ModelReply } from './model.ts'
import type { RecordedCall, Recording } from './recording.ts'
import { trusted } from './trust.ts'
import { readVerdict } from './verdict-reply.ts'

const UNFINISHED: Record<
  Exclude<ModelReply['outcome'], 'complete'>,
  { readonly reason: AbstainReason; readonly detail: string }
> = {
  refused: { reason: 'refused', detail: 'the model declined to answer' },
  truncated: { reason: 'truncated', detail: 'the reply was cut at the token limit' },
  empty: { reason: 'empty_reply', detail: 'the reply was empty' },
  reasoning_only: { reason: 'reasoning_only', detail: 'the model only thought, and did not answer' },
}

/** The opinion that a recording amounts to. Pure: the same recording, snapshot and maps give the same opinion, today and in a replay. */
export function opinionFrom(
  recording: Recording,
  snapshot: Snapshot,
  facts: Facts,
  calibrations: readonly Calibration[],
): Opinion {
  const last = recording.calls.at(-1)!
  const base = {
    analyst: recording.analyst,
    verdict: null,
    abstained: null,
    calibratedConfidence: null,
    promptHash: recording.promptHash,
    notes: [...recording.notes],
    usage: usageOf(recording.calls),
  }
  const abstain = (reason: AbstainReason, detail: string, notes: readonly string[] = []): Opinion => ({
    ...base,
    abstained: { reason, detail },
    notes: [...base.notes, ...notes],
  })
  if (last.outcome !== 'complete') return abstain(UNFINISHED[last.outcome].reason, UNFINISHED[last.outcome].detail)
  const read = readVerdict(last.text)
  if (!read.verdict) return abstain('invalid_reply', read.problem)
  const { verdict, notes } = trusted(read.verdict, snapshot, facts)
  if (!verdict) return abstain('unsupported', notes.at(-1) ?? 'nothing supports it', notes)
  const isOther = !isSameModel(recording.analyst, last.model)
  return {
    ...base,
    verdict,
    notes: [
      ...base.notes,
      ...notes,
      ...(isOther
        ? [`answered by ${plain(last.model)}, which is another model than the one asked: no calibration applies`]
        : []),
    ],
    calibratedConfidence: isOther
      ? null
      : calibratedConfidence(calibrations, { ...recording, confidence: verdict.confidence }),
  }
}

/** Whether the model that answered is the one that was asked; vendors answer with a dated name of it. */
export function isSameModel(analyst: string, answered: string): boolean {
  const asked = analyst.slice(analyst.indexOf(':') + 1).replace(/-latest$/, '')
  const bare = answered.slice(answered.lastIndexOf('/') + 1)
  if (answered === asked || bare === asked || asked.endsWith(`/${bare}`)) return true
  return (
    /^[-:@](?:\d{4,8}(?:-\d\d-\d\d)?|\d{4}-\d\d-\d\d|latest)$/.test(bare.slice(asked.length)) && bare.startsWith(asked)
  )
}

function usageOf(calls: readonly RecordedCall[]): NonNullable<Opinion['usage']> {
  const sum = (pick: (call: RecordedCall) => number) => calls.reduce((total, call) => total + pick(call), 0)
  return {
    inputTokens: sum((call) => call.usage.inputTokens),
    outputTokens: sum((call) => call.usage.outputTokens),
    cachedInputTokens: sum((call) => call.usage.cachedInputTokens),
    costUsd: calls.some((call) => call.costUsd === null) ? null : sum((call) => call.costUsd ?? 0),
    latencyMs: Math.round(sum((call) => call.latencyMs)),
  }
}

function plain(name: string): string {
  return name.replace(/[^\w.:/@-]/g, '?').slice(0, 80)
}
