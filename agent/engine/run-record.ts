import type { Actor } from '../domain/audit.ts'
import type { JournalEntry, Run, RunState } from '../domain/run.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault, isFault } from '../lib/errors.ts'
import type { Mask } from '../lib/mask.ts'
import type { Store } from '../store/store.ts'

export interface RunRecordDeps {
  readonly store: Pick<Store, 'runs'>
  readonly agentId: string
  readonly clock: Clock
  readonly mask: Mask
  /** Told every line as soon as it is durable. */
  readonly onEntry?: (run: Run, entry: JournalEntry) => void
}

export type NewEntry = Pick<JournalEntry, 'stage' | 'kind' | 'detail'> & {
  readonly data?: Readonly<Record<string, unknown>>
}

/** A run as this agent holds it: every line and every change carries the generation, and is refused once another agent has taken over. */
export interface RunRecord {
  readonly run: () => Run
  readonly journal: () => readonly JournalEntry[]
  write(entry: NewEntry): Promise<void>
  /** Takes the journal as it was read again; other processes write people's answers into it. */
  adopt(lines: readonly JournalEntry[]): void
  change(to: RunState, detail: string): Promise<void>
  /** Reads the run again; throws when it is no longer this agent's. */
  refresh(): Promise<Run>
  /** From now on, whatever this agent still has in flight under the old generation is refused where it lands. */
  raiseGeneration(): Promise<void>
  /** Does it as soon as the database is there; ends with the agent. */
  patiently<T>(work: () => Promise<T>): Promise<T>
}

const PAUSE_MS = 500

/** This agent no longer has the run; nothing may be written, and nothing is to be told. */
function lost(runId: string): Fault {
  return new Fault('conflict', `run ${runId} is with another agent now`, { details: { reason: 'lost' } })
}

export function isLost(error: unknown): boolean {
  return isFault(error, 'conflict') && error.details.reason === 'lost'
}

/** Opens a run that this agent has started or taken over. While the database is away it waits, since nothing may be done that is not on record. */
export async function openRunRecord(started: Run, deps: RunRecordDeps, stop: AbortSignal): Promise<RunRecord> {
  const { store, clock, mask, agentId } = deps
  const actor: Actor = { kind: 'agent', id: agentId, via: null }
  let run = started

  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      stop.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!isFault(error, 'store_unavailable')) throw error
        await clock.sleep(PAUSE_MS, stop)
      }
    }
  }
  let journal: JournalEntry[] = await patiently(() => store.runs.journalOf(run.id))

  const isOurs = (read: Run) => read.agentId === agentId && read.generation === run.generation
  const refresh = async () => {
    const read = await patiently(() => store.runs.get(run.id))
    if (!read || !isOurs(read)) throw lost(run.id)
    run = read
    return run
  }
  return {
    run: () => run,
    journal: () => journal,
    refresh,
    patiently,
    adopt: (lines) => {
      journal = [...lines]
    },
    write: async ({ stage, kind, detail, data = {} }) => {
      const entry = {
        ...{ runId: run.id, generation: run.generation ?? 0, stage, kind },
        detail: await mask(detail),
        data: JSON.parse(await mask(JSON.stringify(data))) as Record<string, unknown>,
      }
      let written: JournalEntry
      try {
        written = await patiently(() => store.runs.journal(entry))
      } catch (error) {
        throw isFault(error, 'conflict') ? lost(run.id) : error
      }
      journal.push(written)
      deps.onEntry?.(run, written)
    },
    change: async (to, detail) => {
      const masked = await mask(detail)
      try {
        run = await patiently(() =>
          store.runs.change({
            ...{ runId: run.id, from: run.state, to, generation: run.generation, actor, detail: masked },
          }),
        )
      } catch (error) {
        if (!isFault(error, 'conflict')) throw error
        // Either it was done and only the answer was lost, or a person was faster: the caller reads which.
        const read = await refresh()
        if (read.state !== to) throw error
      }
    },
    raiseGeneration: async () => {
      const taken = await patiently(() => store.runs.takeOver(run.id, agentId, agentId))
      if (!taken) throw lost(run.id)
      run = taken
    },
  }
}
