import type { PlacedStage } from '../../actions/index.ts'
import { WHOLE_RUN } from '../domain/run.ts'
import { asFault, Fault } from '../lib/errors.ts'
import { within } from './attempt.ts'
import { type HoldDeps, whatForbids } from './hold.ts'
import { pointOfNoReturn, progressOf, readProgress, type StageProgress, toUndo } from './run-journal.ts'
import { isLost, type RunRecord } from './run-record.ts'
import type { StageContextDeps } from './stage-context.ts'

/** What is still as the run left it, for people who take over. */
export interface Leftover {
  readonly stage: string
  readonly what: string
  readonly why: string
}

/**
 * Undoes what may stand, newest first, and goes on past what cannot be undone. Behind a stage without a way back nothing is undone at all: taking
 * the rest back would leave users with neither side.
 */
export async function undoAll(
  stages: readonly PlacedStage[],
  record: RunRecord,
  deps: StageContextDeps,
  stop: AbortSignal,
): Promise<readonly Leftover[]> {
  const standing = () => toUndo(stages, readProgress(record.journal()))
  if (standing().length === 0) return []
  // Whatever an aborted or hanging stage still has in flight must not land after its undoing.
  await record.raiseGeneration()
  const barrier = pointOfNoReturn(stages, readProgress(record.journal()))
  if (barrier)
    return standing().map(({ placed, progress }) => ({
      ...{ stage: placed.id, what: lastWords(placed, progress) },
      why: placed === barrier ? 'it cannot be undone' : `${barrier.id} cannot be undone, so this stands with it`,
    }))
  for (const { placed } of standing()) {
    await waitWhileForbidden(record, deps.hold, stop)
    await undoOne(placed, record, deps, stop)
  }
  return standing().map(({ placed, progress }) => ({
    ...{ stage: placed.id, what: lastWords(placed, progress), why: progress.lastDetail },
  }))
}

function lastWords(placed: PlacedStage, { lastDetail, phase }: StageProgress): string {
  return phase === 'undo_failed' || lastDetail === '' ? placed.stage.describe() : lastDetail
}

async function undoOne(
  placed: PlacedStage,
  record: RunRecord,
  deps: StageContextDeps,
  stop: AbortSignal,
): Promise<void> {
  const { rollback } = placed.stage
  if (typeof rollback !== 'function') return
  const wasCutOff = progressOf(record.journal(), placed.id).phase === 'undoing'
  const beganMs = deps.clock.elapsed()
  try {
    // A person's abort is why we are here; it does not end the undoing of it.
    await within(
      placed,
      placed.timeoutMs,
      record,
      deps,
      stop,
      async (ctx) => {
        const isUndone = async () => (await placed.stage.verifyRollback?.(ctx))?.outcome === 'done'
        if (wasCutOff && (await isUndone())) return
        await record.write({ stage: placed.id, kind: 'undo_intent', detail: `undo: ${placed.stage.describe()}` })
        await rollback(ctx)
        const check = await placed.stage.verifyRollback?.(ctx)
        if (check && check.outcome !== 'done') throw new Fault('stage_failed', `undoing did not hold: ${check.detail}`)
      },
      { watchesRun: false },
    )
    const data = { undoMs: Math.round(deps.clock.elapsed() - beganMs) }
    await record.write({ stage: placed.id, kind: 'undone', detail: '', data })
  } catch (error) {
    if (isLost(error) || stop.aborted) throw error
    await record.write({ stage: placed.id, kind: 'undo_failed', detail: asFault(error).message })
  }
}

/** The kill switch holds an undoing too: it means that nothing is touched. */
async function waitWhileForbidden(record: RunRecord, deps: HoldDeps, stop: AbortSignal): Promise<void> {
  for (let told = false; ; told = true) {
    await record.refresh()
    const forbids = await record.patiently(() => whatForbids(deps))
    if (forbids === null) return
    if (!told) {
      const detail = `undoing waits: ${forbids}`
      await record.write({ stage: WHOLE_RUN, kind: 'note', detail })
      await deps.page(detail, [])
    }
    await deps.clock.sleep(deps.pollMs, stop)
  }
}
