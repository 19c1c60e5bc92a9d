import { z } from 'zod'
import type { Actor } from '../domain/audit.ts'
import { RUN_EVENTS, type Run, type RunState } from '../domain/run.ts'
import { Fault } from '../lib/errors.ts'
import type { Store } from '../store/store.ts'

type Runs = Pick<Store, 'runs'>

const Asks = z.object({ question: z.string(), approvers: z.array(z.string()), requestedBy: z.string() })

/** Who gives an answer, by their own token or sign-in, and the groups they are in at this moment. */
export interface Proof {
  readonly person: string
  readonly groups: readonly string[]
}

/** A person stops a run before its next step; what has begun is finished first. */
export function pauseRun(store: Runs, runId: string, by: Actor, reason: string): Promise<Run> {
  return byPerson(store, runId, 'pause', by, reason)
}

/** A person ends a run: one that nobody started is cancelled, any other is undone as far as it can be. */
export function abortRun(store: Runs, runId: string, by: Actor, reason: string): Promise<Run> {
  return byPerson(store, runId, 'abort', by, reason)
}

/** A person lets a run go on. Where a stage has asked, this is the answer, and it needs somebody who may give it and proves who it is. */
export async function resumeRun(
  store: Runs,
  runId: string,
  by: Actor,
  reason: string,
  proof: Proof | null = null,
): Promise<Run> {
  const run = await runNamed(store, runId)
  const open = run.state === 'paused' ? await openQuestion(store, runId) : null
  if (open) {
    if (proof === null)
      throw new Fault('unauthenticated', 'the run waits for an approval, and that needs your own token', {
        hint: 'Set FAILWISE_TOKEN to the token of somebody who may approve; `failwise people token` makes one.',
      })
    const { person, groups } = proof
    const { approvers, requestedBy } = open.asks
    if (![person, ...groups].some((name) => approvers.includes(name)))
      throw new Fault('forbidden', `${person} may not answer this; asked: ${approvers.join(', ') || 'nobody'}`)
    // By either name: the run may have been asked for under the account of the machine.
    if (requestedBy === person || requestedBy === by.id)
      throw new Fault('forbidden', 'who asks for something cannot approve it')
    const approved = `${person} via ${by.via ?? 'unknown'}: ${reason}`
    const line = { runId, generation: run.generation ?? 0, stage: open.stage, kind: 'note' } as const
    await store.runs.journal({ ...line, detail: `approved by ${person}`, data: { memory: { approved } } })
  }
  return byPerson(store, runId, 'resume', by, reason)
}

/** The question that a run waits with; null when it waits for anything else. */
async function openQuestion(store: Runs, runId: string) {
  const journal = await store.runs.journalOf(runId)
  const asked = journal.findLast(({ data }) => data.asks !== undefined)
  if (!asked) return null
  const isOver = journal.some(
    ({ stage, seq, kind, data }) =>
      stage === asked.stage &&
      seq > asked.seq &&
      (kind !== 'note' || (data.memory as object | undefined) !== undefined),
  )
  return isOver ? null : { stage: asked.stage, asks: Asks.parse(asked.data.asks) }
}

async function runNamed(store: Runs, runId: string): Promise<Run> {
  const run = await store.runs.get(runId)
  if (!run) throw new Fault('not_found', `there is no run ${runId}`, { hint: '`failwise runs` lists them.' })
  return run
}

/** Tried again when the run moved on in between; the table says what can be done in which state. */
async function byPerson(
  store: Runs,
  runId: string,
  event: 'pause' | 'resume' | 'abort',
  by: Actor,
  detail: string,
): Promise<Run> {
  for (let attempt = 1; ; attempt += 1) {
    const { state } = await runNamed(store, runId)
    const to = (RUN_EVENTS[state] as Partial<Record<typeof event, RunState>>)[event]
    if (to === undefined) throw new Fault('conflict', `run ${runId} is ${state}: ${WHY_NOT[event](state)}`)
    try {
      return await store.runs.change({ runId, from: state, to, generation: null, actor: by, detail })
    } catch (error) {
      if (attempt >= 3 || !(error instanceof Fault) || error.code !== 'conflict') throw error
    }
  }
}

const WHY_NOT: Readonly<Record<'pause' | 'resume' | 'abort', (state: RunState) => string>> = {
  pause: (state) =>
    state === 'rolling_back'
      ? 'it is being undone; `failwise freeze` holds that too'
      : 'only a run that is running can be paused',
  resume: () => 'only a paused run can be resumed',
  abort: (state) => (state === 'rolling_back' ? 'it is being undone already' : 'it is over'),
}
