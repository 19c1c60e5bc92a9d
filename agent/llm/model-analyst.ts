import { z } from 'zod'
import type { Calibration } from '../domain/calibration.ts'
import { hashOf } from '../domain/canonical.ts'
import { type Facts, factsHash } from '../domain/facts.ts'
import { type Snapshot, snapshotHash } from '../domain/snapshot.ts'
import { instantOf } from '../domain/time.ts'
import type { AbstainReason, Opinion } from '../domain/verdict.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault } from '../lib/errors.ts'
import type { Mask } from '../lib/mask.ts'
import type { Analyst } from './analyst.ts'
import type { AnalystPrompt } from './analyst-prompt.ts'
import { askProvider } from './ask-provider.ts'
import type { Budget } from './budget.ts'
import { maskedPrompt } from './masked-prompt.ts'
import type { Memo } from './memo.ts'
import type { ModelProvider } from './model.ts'
import { opinionFrom } from './opinion.ts'
import type { Price } from './prices.ts'
import type { Recorder } from './recording.ts'
import type { Tracer } from './tracer.ts'
import { judgeHash } from './verdict-reply.ts'

export const ModelLimits = z
  .strictObject({
    /** From the first request to the last reply of one assessment. */
    deadlineMs: z.number().int().positive().default(40_000),
    callDeadlineMs: z.number().int().positive().default(25_000),
    /** Reasoning counts as output with most models. */
    maxOutputTokens: z.number().int().positive().default(6000),
    attempts: z.number().int().min(1).max(10).default(3),
    firstDelayMs: z.number().int().positive().default(500),
    shortestCallMs: z.number().int().positive().default(2000),
  })
  .prefault({})
export type ModelLimits = z.infer<typeof ModelLimits>

export interface ModelAnalystOptions {
  /** In the order in which they are asked; at least one. */
  readonly providers: readonly ModelProvider[]
  readonly prompt: AnalystPrompt
  readonly mask: Mask
  /** Who is asked when no model can be: `rules`. */
  readonly fallback: Analyst
  readonly calibrations: readonly Calibration[]
  readonly prices: readonly Price[]
  readonly budget: Budget
  readonly memo: Memo | null
  readonly recorder: Recorder | null
  readonly tracer: Tracer
  readonly clock: Clock
  readonly random: () => number
  readonly limits: ModelLimits
}

/**
 * An analyst that asks models. One after the other until one answers; when none does, or the money is used up, the fallback is asked and the opinion
 * says so. An answer that is no verdict is an abstention, not a reason to ask somebody more obliging.
 */
export function modelAnalyst(options: ModelAnalystOptions): Analyst {
  const { providers, prompt, fallback, memo, recorder, clock, limits } = options
  const id = providers[0]?.id ?? fallback.id
  const chain = providers.map((provider) => provider.id)
  const promptHash = judgeHash(prompt)

  async function assess(snapshot: Snapshot, facts: Facts, abort: AbortSignal): Promise<Opinion> {
    const endsAtMs = clock.elapsed() + limits.deadlineMs
    const incident = incidentKey(snapshot)
    const hashes = { promptHash, snapshotHash: snapshotHash(snapshot), factsHash: factsHash(facts) }
    const key = hashOf({ incident, chain, promptHash: hashes.promptHash, factsHash: hashes.factsHash })
    const earlier = await memo?.get(key).catch(() => null)
    if (earlier) return remembered(opinionFrom(earlier, snapshot, facts, options.calibrations), earlier.at)

    const rendered = await maskedPrompt(prompt, options.mask, snapshot, facts)
    const notes: string[] = rendered.cut.length > 0 ? [`left out of the prompt: ${rendered.cut.join('; ')}`] : []
    for (const [index, provider] of providers.entries()) {
      const answer = await askProvider(provider, rendered, options, {
        ...hashes,
        incident,
        service: snapshot.service.name,
        endsAtMs,
        othersLeft: providers.length - 1 - index,
        abort,
        interpret: (calls) =>
          opinionFrom(
            {
              format: 'model-recording/v1',
              analyst: provider.id,
              ...hashes,
              at: instantOf(clock.now()),
              calls,
              notes,
            },
            snapshot,
            facts,
            options.calibrations,
          ),
      })
      notes.push(...answer.notes)
      if (answer.calls.length === 0) continue
      const recording = {
        format: 'model-recording/v1' as const,
        analyst: provider.id,
        ...hashes,
        at: instantOf(clock.now()),
        calls: answer.calls,
        notes,
      }
      const opinion = opinionFrom(recording, snapshot, facts, options.calibrations)
      await memo?.set(key, recording).catch(() => undefined)
      const isKept = await recorder?.keep(recording).then(
        () => true,
        () => false,
      )
      return isKept === false ? { ...opinion, notes: [...opinion.notes, 'the call could not be recorded'] } : opinion
    }
    if (abort.aborted) return abstention(id, 'deadline', 'the assessment ended before any model answered', notes)
    const instead = await fallback.assess(snapshot, facts, abort)
    return { ...instead, notes: [...notes, `asked ${fallback.id} instead of a model`, ...instead.notes] }
  }

  return {
    id,
    async assess(snapshot, facts, abort) {
      try {
        return await assess(snapshot, facts, abort)
      } catch (error) {
        const { code } = asFault(error)
        return abstention(id, code === 'deadline' ? 'deadline' : 'unavailable', `the analyst failed: ${code}`, [])
      }
    },
  }
}

function remembered(opinion: Opinion, at: string): Opinion {
  const note = `the model was not asked again: the facts are the same as at ${at}`
  return { ...opinion, usage: null, notes: [...opinion.notes, note] }
}

function abstention(analyst: string, reason: AbstainReason, detail: string, notes: readonly string[]): Opinion {
  return {
    analyst,
    verdict: null,
    abstained: { reason, detail },
    calibratedConfidence: null,
    promptHash: null,
    notes: [...notes],
    usage: null,
  }
}

/** What belongs together for budgets and traces: the service and the alert that began it. */
function incidentKey({ service, alerts, takenAt }: Snapshot): string {
  const first = alerts[0]
  const began = first ? `${first.fingerprint} ${first.startsAt}` : takenAt.slice(0, 10)
  return hashOf({ service: service.name, began }).slice(0, 16)
}
