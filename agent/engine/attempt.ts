import type { PlacedStage } from '../../actions/index.ts'
import type { Check, StageContext } from '../../actions/stage.ts'
import { asFault, Fault } from '../lib/errors.ts'
import { lookIn } from './hold.ts'
import { progressOf } from './run-journal.ts'
import { isLost, type RunRecord } from './run-record.ts'
import { openContext, type StageContextDeps } from './stage-context.ts'

/** How an attempt at a stage ended. `undecided`: the agent died in it, and nobody can tell whether what cannot be undone has happened. */
export type Attempt =
  | { readonly ended: 'verified' }
  | { readonly ended: 'failed' | 'undecided'; readonly fault: Fault; readonly outcome: Check['outcome'] }

/** How long a look afterwards may take, to say what stands where. */
const LOOK_AGAIN_MS = 15_000
const VERIFY_PAUSE_MS = 1000
/** A stage that was told to end has this long before it counts as hanging. */
const GRACE_MS = 250

interface Timed<T> {
  readonly value: T
  readonly elapsedMs: number
}

/**
 * One attempt at a stage: intent, identify, apply, verify, outcome. A stage that an agent died in is looked at first, so that what has happened
 * already does not happen again.
 */
export async function attemptStage(
  placed: PlacedStage,
  record: RunRecord,
  deps: StageContextDeps,
  stop: AbortSignal,
): Promise<Attempt> {
  const before = progressOf(record.journal(), placed.id)
  const wasCutOff = (before.phase === 'begun' || before.phase === 'applied') && before.hadEffect
  const beganMs = deps.clock.elapsed()
  const spent = () => Math.round(deps.clock.elapsed() - beganMs)
  try {
    const { value: check } = await within(placed, placed.timeoutMs, record, deps, stop, async (ctx) => {
      if (wasCutOff && !record.run().isDryRun) {
        const found = await placed.stage.verify(ctx)
        if (found.outcome === 'done') return found
        if (found.outcome === 'unclear' && placed.stage.rollback === 'irreversible') return found
      }
      await record.write({ stage: placed.id, kind: 'intent', detail: placed.stage.describe() })
      await placed.stage.identify?.(ctx)
      await placed.stage.apply(ctx)
      await record.write({ stage: placed.id, kind: 'applied', detail: '', data: {} })
      return record.run().isDryRun ? rehearsedCheck(placed, ctx) : untilDone(placed, ctx)
    })
    if (check.outcome === 'done') {
      await record.write({ stage: placed.id, kind: 'verified', detail: check.detail, data: { elapsedMs: spent() } })
      return { ended: 'verified' }
    }
    const fault = new Fault('stage_failed', `${placed.id} does not hold: ${check.detail}`)
    if (wasCutOff && check.outcome === 'unclear' && placed.stage.rollback === 'irreversible')
      return { ended: 'undecided', fault, outcome: 'unclear' }
    return await failed(placed, record, fault, check.outcome, spent())
  } catch (error) {
    // Lost, aborted by a person, or the agent stops: none of it is the stage's own doing.
    if (isLost(error) || stop.aborted || record.run().state === 'rolling_back') throw error
    const fault = asFault(error)
    return failed(placed, record, fault, await lookAgain(placed, record, deps, stop), spent())
  }
}

async function failed(
  placed: PlacedStage,
  record: RunRecord,
  fault: Fault,
  outcome: Check['outcome'],
  elapsedMs: number,
): Promise<Attempt> {
  const data = { outcome, code: fault.code, elapsedMs }
  await record.write({ stage: placed.id, kind: 'failed', detail: fault.message, data })
  return { ended: 'failed', fault, outcome }
}

/** What a failed stage left behind; without a single effect it left nothing. */
async function lookAgain(
  placed: PlacedStage,
  record: RunRecord,
  deps: StageContextDeps,
  stop: AbortSignal,
): Promise<Check['outcome']> {
  if (!progressOf(record.journal(), placed.id).hadEffect) return 'not_done'
  try {
    const limitMs = Math.min(placed.timeoutMs, LOOK_AGAIN_MS)
    const { value } = await within(placed, limitMs, record, deps, stop, (ctx) => placed.stage.verify(ctx))
    // It holds, but the stage did not get to the end: half of an effect is an effect.
    return value.outcome === 'not_done' ? 'not_done' : 'unclear'
  } catch (error) {
    if (isLost(error) || stop.aborted || record.run().state === 'rolling_back') throw error
    return 'unclear'
  }
}

/** Looks until it holds; looking is what DNS caches, replicas and pods need, and the stage's time ends it. */
async function untilDone(placed: PlacedStage, ctx: StageContext): Promise<Check> {
  let toldDetail: string | null = null
  for (;;) {
    const check = await placed.stage.verify(ctx)
    if (check.outcome === 'done' || check.isFinal) return check
    if (check.detail !== toldDetail) await ctx.note(`not yet: ${check.detail}`)
    toldDetail = check.detail
    await ctx.clock.sleep(VERIFY_PAUSE_MS, ctx.abort)
  }
}

/** A rehearsal looks at the real world, where nothing was changed: what it sees is told and proves nothing. */
async function rehearsedCheck(placed: PlacedStage, ctx: StageContext): Promise<Check> {
  const seen = await placed.stage.verify(ctx)
  await ctx.note(`now: ${seen.outcome}, ${seen.detail}`, { rehearsed: seen.outcome })
  return { outcome: 'done', detail: 'rehearsed' }
}

/** Runs a part of a stage within its time. Waiting at checkpoints is not its time; losing the run or a person's abort end it at once. */
export async function within<T>(
  placed: PlacedStage,
  limitMs: number,
  record: RunRecord,
  deps: StageContextDeps,
  stop: AbortSignal,
  work: (ctx: StageContext) => Promise<T>,
  options: { readonly watchesRun: boolean } = { watchesRun: true },
): Promise<Timed<T>> {
  const { clock } = deps
  const end = new AbortController()
  const over = new AbortController()
  const abort = AbortSignal.any([stop, end.signal])
  const { context, heldMs, close } = openContext(placed, record, deps, abort)
  const beganMs = clock.elapsed()
  const spentMs = () => clock.elapsed() - beganMs - heldMs()

  const keepTime = async () => {
    for (let leftMs = limitMs; leftMs > 0; leftMs = limitMs - spentMs()) await clock.sleep(leftMs, over.signal)
    end.abort(new Fault('deadline', `${placed.id} took longer than ${limitMs / 1000} s`))
  }
  const watchRun = async () => {
    for (;;) {
      await clock.sleep(deps.hold.pollMs, over.signal)
      await lookIn(record, deps.hold).catch((error) => end.abort(error))
    }
  }
  void keepTime().catch(() => undefined)
  if (options.watchesRun) void watchRun().catch(() => undefined)

  let isSettled = false
  const working = work(context).finally(() => {
    isSettled = true
  })
  const ended = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(abort.reason)
    if (abort.aborted) onAbort()
    else abort.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return { value: await Promise.race([working, ended]), elapsedMs: spentMs() }
  } catch (error) {
    if (!isSettled && !stop.aborted && !isLost(error)) {
      await Promise.race([working.catch(() => undefined), clock.sleep(GRACE_MS, stop).catch(() => undefined)])
      // It hangs, perhaps in the middle of an effect: from now on that effect is refused wherever generations are compared.
      if (!isSettled) await record.raiseGeneration()
    }
    throw error
  } finally {
    close()
    over.abort()
    working.catch(() => undefined)
    if (!end.signal.aborted) end.abort(new Fault('deadline', `${placed.id} is over`))
  }
}
