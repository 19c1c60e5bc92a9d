import { WHOLE_RUN } from '../domain/run.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault, isFault } from '../lib/errors.ts'
import type { Store } from '../store/store.ts'
import type { RunClock } from './run-clock.ts'
import type { RunRecord } from './run-record.ts'

export interface HoldDeps {
  readonly store: Pick<Store, 'freezes'>
  readonly clock: Clock
  /** Every service that moves with this one; a freeze of any of them holds the run. */
  readonly groupServices: readonly string[]
  readonly pollMs: number
  readonly rtoMs: number
  readonly time: RunClock
  /** Wakes a person: the run waits, or takes longer than promised. */
  readonly page: (why: string, details: readonly string[]) => Promise<void>
}

/** A person said stop; what was done is undone. */
function abortedFault(): Fault {
  return new Fault('conflict', 'a person aborted the run', { details: { reason: 'aborted' } })
}

export function isAborted(error: unknown): boolean {
  return isFault(error, 'conflict') && error.details.reason === 'aborted'
}

/** Looks at the run once: whose it is, whether a person aborted it, whether its time is over. */
export async function lookIn(record: RunRecord, deps: HoldDeps): Promise<void> {
  const run = await record.refresh()
  const jumpMs = deps.time.jumpMs()
  if (jumpMs !== null)
    await record.write({
      ...{ stage: WHOLE_RUN, kind: 'note', data: { jumpMs } },
      detail: `the machine's clock jumped by ${Math.round(jumpMs / 1000)} s; durations are measured without it`,
    })
  await tellOverdue(record, deps)
  if (run.state === 'rolling_back') throw abortedFault()
}

async function tellOverdue(record: RunRecord, { time, rtoMs, page }: HoldDeps): Promise<void> {
  const passedMs = time.sinceOnsetMs() ?? time.sinceDecisionMs()
  if (passedMs <= rtoMs || record.run().isDryRun) return
  if (record.journal().some(({ data }) => data.overRto === true)) return
  const detail = `over the recovery time objective: ${seconds(passedMs)} of ${seconds(rtoMs)}`
  await record.write({ stage: WHOLE_RUN, kind: 'note', detail, data: { overRto: true } })
  await page(detail, [])
}

/**
 * Passes when nothing forbids going on. A freeze, a maintenance window or the kill switch pauses the run; while it is paused this waits for a
 * person, and the watch function keeps its thresholds. Returns how long it waited.
 */
export async function mayGoOn(
  record: RunRecord,
  deps: HoldDeps,
  abort: AbortSignal,
  watch?: () => Promise<void>,
): Promise<number> {
  const { clock } = deps
  const beganMs = clock.elapsed()
  for (;;) {
    abort.throwIfAborted()
    await lookIn(record, deps)
    if (record.run().state === 'running') {
      const forbids = await record.patiently(() => whatForbids(deps))
      if (forbids === null) return clock.elapsed() - beganMs
      await pause(record, deps, forbids)
      continue
    }
    if (watch) await watching(watch)
    await clock.sleep(deps.pollMs, abort)
  }
}

/** A threshold that breaks while a run waits is a failure like any other, and does not wait for the person. */
async function watching(watch: () => Promise<void>): Promise<void> {
  try {
    await watch()
  } catch (error) {
    const fault = asFault(error)
    throw new Fault(fault.code, fault.message, { cause: error, details: { ...fault.details, urgent: true } })
  }
}

/** Pauses the run and wakes a person, who resumes or aborts it. */
export async function pause(
  record: RunRecord,
  deps: Pick<HoldDeps, 'page'>,
  why: string,
  details: readonly string[] = [],
): Promise<void> {
  try {
    await record.change('paused', why)
  } catch (error) {
    // A person was faster, with a pause or an abort; the caller looks again.
    if (!isFault(error, 'conflict') || error.details.reason === 'lost') throw error
    return
  }
  await deps.page(`waits for a person: ${why}`, details)
}

/** What forbids acting right now, in words; null when nothing does. */
export async function whatForbids({
  store,
  groupServices,
}: Pick<HoldDeps, 'store' | 'groupServices'>): Promise<string | null> {
  const active = await store.freezes.active()
  const found = active.find(({ service }) => service === null || groupServices.includes(service))
  if (!found) return null
  const what = found.kind === 'maintenance' ? 'a maintenance window' : found.service ? 'a freeze' : 'the kill switch'
  return `${what} set by ${found.setBy}: ${found.reason}`
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
