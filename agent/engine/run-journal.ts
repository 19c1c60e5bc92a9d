import type { PlacedStage } from '../../actions/index.ts'
import { type JournalEntry, WHOLE_RUN } from '../domain/run.ts'

/**
 * How far a stage got, by the journal alone. `harmless`: it was tried and surely had no effect. `begun`: its intent stands without an outcome, or its outcome
 * is not clear, so that an effect may have happened.
 */
export type StagePhase =
  | 'untouched'
  | 'harmless'
  | 'begun'
  | 'applied'
  | 'verified'
  | 'undoing'
  | 'undone'
  | 'undo_failed'

export interface StageProgress {
  readonly phase: StagePhase
  /** Whether an effect was about to be carried out since the last time that it surely had none. */
  readonly hadEffect: boolean
  readonly lastDetail: string
  readonly memory: Readonly<Record<string, unknown>>
  readonly proofs: Readonly<Record<string, string>>
  /** Time spent in finished attempts. */
  readonly spentMs: number
}

const UNTOUCHED: StageProgress = {
  phase: 'untouched',
  hadEffect: false,
  lastDetail: '',
  memory: {},
  proofs: {},
  spentMs: 0,
}

/** Reads where every stage of a run stands; the journal is the only truth about it. */
export function readProgress(journal: readonly JournalEntry[]): ReadonlyMap<string, StageProgress> {
  const progress = new Map<string, StageProgress>()
  for (const entry of journal) {
    if (entry.stage === WHOLE_RUN) continue
    progress.set(entry.stage, after(progress.get(entry.stage) ?? UNTOUCHED, entry))
  }
  return progress
}

/** Where one stage stands. */
export function progressOf(journal: readonly JournalEntry[], stageId: string): StageProgress {
  return readProgress(journal).get(stageId) ?? UNTOUCHED
}

function after(before: StageProgress, { kind, detail, data }: JournalEntry): StageProgress {
  const spentMs = before.spentMs + (typeof data.elapsedMs === 'number' ? data.elapsedMs : 0)
  const stage = { ...before, spentMs }
  switch (kind) {
    case 'intent':
      return { ...stage, phase: 'begun', lastDetail: detail }
    case 'effect':
      return { ...stage, hadEffect: true, lastDetail: detail }
    case 'applied':
      return { ...stage, phase: 'applied' }
    case 'verified':
      return { ...stage, phase: 'verified', lastDetail: detail }
    case 'failed':
      return data.outcome === 'not_done'
        ? { ...stage, phase: 'harmless', hadEffect: false, lastDetail: detail }
        : { ...stage, phase: 'begun', lastDetail: detail }
    case 'undo_intent':
      return { ...stage, phase: 'undoing', lastDetail: detail }
    case 'undone':
      return { ...stage, phase: 'undone', hadEffect: false, proofs: {}, lastDetail: detail }
    case 'undo_failed':
      return { ...stage, phase: 'undo_failed', lastDetail: detail }
    case 'note':
      return {
        ...stage,
        // A person said that it is to be tried again, whatever it looks like.
        ...(data.retry === true && { phase: 'untouched' as const }),
        memory: { ...stage.memory, ...recordOf(data.memory) },
        proofs: { ...stage.proofs, ...(recordOf(data.proof) as Record<string, string>) },
      }
    case 'would':
      return stage
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** Whether a stage may have changed something that still stands. An intent that was followed by no effect changed nothing, however it ended. */
export function mayStand(placed: PlacedStage, { phase, hadEffect }: StageProgress): boolean {
  if (placed.stage.rollback === 'nothing_to_undo') return false
  return hadEffect || phase === 'undoing' || phase === 'undo_failed'
}

/** Stages that have to be undone, newest first. */
export function toUndo(
  stages: readonly PlacedStage[],
  progress: ReadonlyMap<string, StageProgress>,
): { readonly placed: PlacedStage; readonly progress: StageProgress }[] {
  return stages
    .map((placed) => ({ placed, progress: progress.get(placed.id) ?? UNTOUCHED }))
    .filter((one) => mayStand(one.placed, one.progress))
    .reverse()
}

/** The newest stage without a way back that may have happened; undoing what stands before or after it would do harm. */
export function pointOfNoReturn(
  stages: readonly PlacedStage[],
  progress: ReadonlyMap<string, StageProgress>,
): PlacedStage | null {
  return toUndo(stages, progress).find(({ placed }) => placed.stage.rollback === 'irreversible')?.placed ?? null
}
