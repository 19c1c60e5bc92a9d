import { readFile } from 'node:fs/promises'
import { sha256 } from '../agent/domain/canonical.ts'
import { asFault, Fault } from '../agent/lib/errors.ts'
import { byId } from './baseline-study.ts'
import { type EvalCase, parseCase } from './case.ts'
import type { Decider, Outcome } from './decider.ts'
import { isNamed, WORDS, withoutEvidence, withoutWords } from './evidence-subset.ts'
import { matchesFilter } from './load.ts'
import { eachConcurrently } from './pool.ts'
import { snapshotOf } from './recorded-snapshot.ts'
import { type CaseError, type CaseResult, resultOf } from './result.ts'
import type { Spool } from './spool.ts'
import type { Study } from './study.ts'

export interface DecidePlan {
  readonly paths: readonly string[]
  readonly filter: string
  readonly decider: Decider
  readonly repeat: number
  readonly concurrency: number
  readonly without: readonly string[]
  readonly maxCostUsd: number | null
  readonly studies: readonly Study[]
  readonly spool: Spool | null
}

export interface DecideIo {
  /** Monotonic milliseconds. */
  readonly elapsed: () => number
  readonly abort: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

export interface Decided {
  readonly results: readonly CaseResult[]
  readonly errors: readonly CaseError[]
  /** Identity of the set: which files, and what they said. */
  readonly casesHash: string
  readonly isInterrupted: boolean
}

/** Abstentions that say nothing of the analyst's judgement: it was never heard, so the case counts as not decided. */
const NOT_HEARD = new Set(['unavailable', 'not_recorded', 'over_budget'])

/** Decides and scores every case; each is read, judged and let go before the next, so that memory does not grow with their number. */
export async function decideCases(plan: DecidePlan, io: DecideIo): Promise<Decided> {
  const results: CaseResult[] = []
  const errors: CaseError[] = []
  const seen = new Map<string, string>()
  const hashes = new Map<string, string>()
  const total = plan.paths.length * plan.repeat
  let done = 0
  let spentUsd = 0

  const onePath = async (path: string): Promise<void> => {
    let id = path
    const fail = (repetition: number, error: unknown) => {
      const { message, hint } = asFault(error)
      errors.push({ id, path, repetition, error: hint ? `${message} (${hint})` : message })
    }
    try {
      const text = await readFile(path, 'utf8')
      const one = parseCase(text, path)
      id = one.id
      const other = seen.get(id)
      if (other) throw new Fault('payload_invalid', `${path}: id ${id} is also used by ${other}`)
      seen.set(id, path)
      if (!matchesFilter(one, plan.filter)) return
      const fileHash = sha256(text)
      hashes.set(id, fileHash)
      const whole = await snapshotOf(one.incident)
      const isGone = (evidence: Parameters<typeof isNamed>[0]) => plan.without.some((name) => isNamed(evidence, name))
      const kept = plan.without.length === 0 ? whole : withoutEvidence(whole, isGone)
      const snapshot = plan.without.includes(WORDS) ? withoutWords(kept) : kept
      for (let repetition = 0; repetition < plan.repeat; repetition++) {
        if (io.abort.aborted) return fail(repetition, new Fault('deadline', 'interrupted before it was decided'))
        try {
          if (plan.maxCostUsd !== null && spentUsd >= plan.maxCostUsd) {
            throw new Fault(
              'usage',
              `skipped: ${spentUsd.toFixed(2)} USD spent, the limit is ${plan.maxCostUsd.toFixed(2)}`,
            )
          }
          const { outcome, result, isFresh } = await decideOne(plan, io, one, fileHash, snapshot, repetition)
          if (isFresh) spentUsd += result.costUsd ?? 0
          if (repetition === 0) for (const study of plan.studies) await study.observe(one, snapshot, outcome, io.abort)
          results.push(result)
        } catch (error) {
          fail(repetition, io.abort.aborted ? new Fault('deadline', 'interrupted before it was decided') : error)
        }
      }
    } catch (error) {
      fail(0, error)
    } finally {
      done += plan.repeat
      io.onProgress(done, total)
    }
  }
  await eachConcurrently(plan.paths, plan.concurrency, io.abort, onePath)
  const casesHash = sha256(
    [...hashes]
      .map(([id, hash]) => `${id}:${hash}`)
      .sort()
      .join('\n'),
  )
  return { results: byId(results), errors: byId(errors), casesHash, isInterrupted: io.abort.aborted && done < total }
}

async function decideOne(
  plan: DecidePlan,
  io: DecideIo,
  one: EvalCase,
  fileHash: string,
  snapshot: Parameters<Decider['decide']>[0],
  repetition: number,
): Promise<{ outcome: Outcome; result: CaseResult; isFresh: boolean }> {
  const key = `${one.id}#${repetition}`
  const known = plan.spool?.find(key, fileHash)
  if (known) {
    // The answer is kept, but scored anew: a label may have been corrected since.
    const outcome = {
      ...known.detail,
      healthScore: { score: known.result.healthScore, maximum: 0, level: 'none' as const, contributions: [] },
    }
    return { outcome, result: resultOf(one, repetition, outcome, known.result.latencyMs), isFresh: false }
  }
  const startedAt = io.elapsed()
  const outcome = await plan.decider.decide(snapshot, io.abort)
  const result = resultOf(one, repetition, outcome, io.elapsed() - startedAt)
  const { decision, opinion } = outcome
  const abstained = opinion?.abstained
  if (abstained && NOT_HEARD.has(abstained.reason)) {
    throw new Fault('model_unavailable', `${opinion.analyst} gave no opinion: ${abstained.reason}: ${abstained.detail}`)
  }
  // In production the rules stand in for a model that does not answer; here that would credit the model with their answers.
  if (opinion?.analyst === 'rules' && plan.decider.name !== 'rules') {
    throw new Fault(
      'model_unavailable',
      `${plan.decider.name} gave no opinion, the rules answered instead: ${opinion.notes.join('; ')}`,
    )
  }
  plan.spool?.append({ key, fileHash, result, detail: { decision, opinion } })
  return { outcome, result, isFresh: true }
}
