import type { PlacedStage, StagePorts } from '../../actions/index.ts'
import type { Claim, Look, StageContext } from '../../actions/stage.ts'
import type { Plan } from '../domain/plan.ts'
import type { Run } from '../domain/run.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import { type HoldDeps, mayGoOn } from './hold.ts'
import { progressOf, readProgress } from './run-journal.ts'
import type { RunRecord } from './run-record.ts'

export interface StageContextDeps {
  readonly plan: Plan
  readonly ports: StagePorts
  readonly clock: Clock
  readonly look: (abort: AbortSignal) => Promise<Look>
  readonly hold: HoldDeps
  /** Puts a message of a stage into the outbox. */
  readonly tell: StageContext['tell']
}

/** A stage's view of the run, until it is closed: after that it can change nothing any more, however late it wakes up. */
export interface OpenContext {
  readonly context: StageContext
  /** How long checkpoints waited; that time is not the stage's own. */
  heldMs(): number
  close(): void
}

/** Makes the context of one attempt at a stage. */
export function openContext(
  placed: PlacedStage,
  record: RunRecord,
  deps: StageContextDeps,
  abort: AbortSignal,
): OpenContext {
  const { id: stageId } = placed
  const { isDryRun } = record.run()
  let isOpen = true
  let heldMs = 0

  const write = (kind: 'effect' | 'would' | 'note', detail: string, data: Readonly<Record<string, unknown>> = {}) => {
    if (!isOpen) throw new Fault('conflict', `stage ${stageId} is over`)
    abort.throwIfAborted()
    return record.write({ stage: stageId, kind, detail, data })
  }
  const effect: StageContext['effect'] = async (what, apply) => {
    await write(isDryRun ? 'would' : 'effect', what)
    if (isDryRun) return null
    abort.throwIfAborted()
    return apply(deps.ports.write)
  }
  const context: StageContext = {
    // Read anew each time: a takeover of our own raises the generation.
    get run() {
      return stageRun(record.run())
    },
    plan: deps.plan,
    stageId,
    abort,
    clock: deps.clock,
    idempotencyKey: `${record.run().id}:${stageId}`,
    read: deps.ports.read,
    effect,
    tell: async (message) => {
      await effect(`tell people: ${message.title}`, () => deps.tell(message))
    },
    note: (text, data) => write('note', text, data),
    remember: (key, value) => write('note', `remembers ${key}`, { memory: { [key]: value } }),
    recall: (key, schema, from = stageId) => {
      const found = schema.safeParse(progressOf(record.journal(), from).memory[key])
      return found.success ? found.data : undefined
    },
    prove: (claim, detail) => write('note', `proves ${claim}: ${detail}`, { proof: { [claim]: detail } }),
    proof: (claim) => proofOf(record, claim),
    look: () => deps.look(abort),
    checkpoint: async (watch) => {
      heldMs += await mayGoOn(record, deps.hold, abort, watch)
    },
  }
  return {
    context,
    heldMs: () => heldMs,
    close: () => {
      isOpen = false
    },
  }
}

function proofOf(record: RunRecord, claim: Claim): string | null {
  for (const { phase, proofs } of readProgress(record.journal()).values())
    if (proofs[claim] !== undefined && phase !== 'undone' && phase !== 'undoing') return proofs[claim]
  return null
}

function stageRun(run: Run): StageContext['run'] {
  const { id, service, group, action, target, isDryRun, requestedBy, requestedAt, incidentId } = run
  const generation = run.generation ?? 0
  const consentedDataLossSeconds = run.dataLossConsentSeconds
  return {
    ...{ id, service, group, action, target, generation, isDryRun, requestedBy, requestedAt, incidentId },
    consentedDataLossSeconds,
  }
}
