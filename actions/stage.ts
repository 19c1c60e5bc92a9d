import type { z } from 'zod'
import type { Action, Target } from '../agent/domain/action.ts'
import type { Facts } from '../agent/domain/facts.ts'
import type { Plan } from '../agent/domain/plan.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import type { Instant } from '../agent/domain/time.ts'
import type { Clock } from '../agent/lib/clock.ts'
import type { ReadPorts, WritePorts } from './ports.ts'

/**
 * What a look after applying says. `done`: what the stage is for holds now. `not_done`: it surely has had no effect. `unclear`: anything else,
 * also half of an effect; it counts as an effect that may have happened.
 */
export interface Check {
  readonly outcome: 'done' | 'not_done' | 'unclear'
  /** One sentence with the values that were seen. */
  readonly detail: string
  /** Looking again will not change it; without this the look is repeated until the stage's time is over. */
  readonly isFinal?: boolean
}

/** What a stage may know of the run that it belongs to. */
export interface StageRun {
  readonly id: string
  readonly service: string
  readonly group: string
  readonly action: Action
  readonly target: Target | null
  /** Raised at every start and takeover. An effector that can compare and set refuses an older one where the effect lands. */
  readonly generation: number
  readonly isDryRun: boolean
  readonly requestedBy: string
  readonly requestedAt: Instant
  readonly incidentId: string | null
  /** Seconds of data that a person agreed to lose; null when nobody was asked. */
  readonly consentedDataLossSeconds: number | null
}

/** A fresh look at the service by all of its collectors. */
export interface Look {
  readonly snapshot: Snapshot
  readonly facts: Facts
}

/**
 * What a stage works with. Everything that changes something goes through `effect`; the ports that can change anything exist in there only, so that
 * a rehearsal runs the same code and writes nothing.
 */
export interface StageContext {
  readonly run: StageRun
  readonly plan: Plan
  /** This stage's name within the plan. */
  readonly stageId: string
  /** Ends the stage: its time is over, the run was aborted, or another agent took it over. */
  readonly abort: AbortSignal
  readonly clock: Clock
  /** Names such as run-level markers need no chance of their own: the same run and stage always make the same one. */
  readonly idempotencyKey: string
  readonly read: ReadPorts
  /**
   * Carries out one effect: journaled before with the run's generation (refused when another agent has taken over), then done. In a rehearsal it is
   * journaled as what would have been done, nothing happens, and the answer is null.
   * `what` names the target and the change, in words: it is what people read when the agent dies in the middle.
   */
  effect<T>(what: string, apply: (write: WritePorts) => Promise<T>): Promise<T | null>
  /** Tells people through the configured channels; an effect like any other, so a rehearsal wakes nobody. */
  tell(message: { readonly title: string; readonly lines: readonly string[]; readonly isPage: boolean }): Promise<void>
  /** Something that people should see in the run's journal and live; nothing secret. */
  note(text: string, data?: Readonly<Record<string, unknown>>): Promise<void>
  /** Durable before it returns; a rollback and a restarted agent recall it. Never a secret. */
  remember(key: string, value: unknown): Promise<void>
  /** What this stage remembered, or another one of the same run; undefined when there is nothing that fits. */
  recall<T extends z.ZodType>(key: string, schema: T, stageId?: string): z.output<T> | undefined
  /** States for later stages what this one has proven, such as `source_fenced`. */
  prove(claim: Claim, detail: string): Promise<void>
  /** What an earlier stage of this run proved; null when none did, or when it was undone since. */
  proof(claim: Claim): string | null
  /** Looks at the service afresh. */
  look(): Promise<Look>
  /**
   * Between the steps of a long stage: throws when the run was aborted or something forbids acting, and waits while it is paused. The watch function is
   * called again and again while it waits, so that thresholds keep watching; what it throws fails the stage.
   */
  checkpoint(watch?: () => Promise<void>): Promise<void>
}

/** What one stage may prove to a later one. A promotion needs `source_fenced`; `data_current` says that nothing is left to copy. */
export type Claim = 'source_fenced' | 'data_current' | 'target_writable' | 'approved'

/**
 * One step of a plan. `apply` and `rollback` are idempotent, keyed by run and stage: either may be called again after a crash in its middle, and
 * `rollback` also when `apply` got nowhere.
 */
export interface Stage {
  /** Name of the kind of stage, as plan files have it. */
  readonly name: string
  /**
   * `fenced`: where the effect lands, an older generation is refused. `unfenced`: it cannot be, and people are always asked. `no-effect`: it looks,
   * waits or tells.
   */
  readonly fencing: 'fenced' | 'unfenced' | 'no-effect'
  /** What it will do, in words, every target named. */
  describe(): string
  /** Makes sure that the thing is what the plan thinks it is, before it is touched; throws when it is not. */
  identify?(ctx: StageContext): Promise<void>
  /** Throws a Fault when it fails; one whose details say `urgent` is undone even while a person holds the run. */
  apply(ctx: StageContext): Promise<void>
  /** Looks whether it holds; writes nothing except through `effect`. */
  verify(ctx: StageContext): Promise<Check>
  readonly rollback: ((ctx: StageContext) => Promise<void>) | 'irreversible' | 'nothing_to_undo'
  /** Whether the rollback held; without it, a rollback that returns has held. */
  verifyRollback?(ctx: StageContext): Promise<Check>
  /** A stage that waits for a person: the run is paused before `apply` until somebody of the approvers resumes it. */
  readonly waitsForPerson?: { readonly question: string; readonly approvers: readonly string[] | null }
}
