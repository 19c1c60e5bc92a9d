import { DBOS, type DLogger } from '@dbos-inc/dbos-sdk'
import { storeFault } from './faults.ts'

/** Remembers what ran: after a crash a finished step is not run again, one that was under way is (at least once, so it must be idempotent). */
export type Step = <T>(name: string, run: () => Promise<T>) => Promise<T>

/** Work that survives the process. It carries an id and returns a word; everything else is in the store. */
export type DurableWork = (id: string, step: Step) => Promise<string>

export interface DurableOptions {
  readonly databaseUrl: string
  /** Unfinished work of this id is resumed at launch, so an agent that comes back under its old name continues. */
  readonly agentId: string
  /** Work is only resumed under the same version; raised only when the order of steps changes. */
  readonly workVersion: string
  readonly work: Readonly<Record<string, DurableWork>>
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
  /** How many pieces of work this process does at once; the rest waits in order. */
  readonly maximumAtOnce: number
}

export interface Durable {
  /** Starts a piece of work unless that work id was started before, here or anywhere. */
  start(work: string, workId: string, id: string): Promise<void>
  /** Its result; null when it is not done in time. */
  resultOf(workId: string, timeoutMs: number): Promise<string | null>
  /** Continues here what dead agents left unfinished; to be called while holding the lock that all agents share. */
  takeOver(deadAgents: readonly string[]): Promise<readonly string[]>
  /** Ends after waiting for what runs, at most this long; the rest is resumed at the next start. */
  close(waitMs: number): Promise<void>
}

const SCHEMA = 'failwise_durable'
const QUEUE = 'failwise'
const POOL_SIZE = 5
const POLL_MS = 100

/** Launches the durable engine in the same PostgreSQL, in a schema of its own. One per process: the engine keeps global state. */
export async function openDurable(options: DurableOptions): Promise<Durable> {
  const registered = new Map<string, (id: string) => Promise<string>>()
  const step: Step = (name, run) => DBOS.runStep(run, { name })
  for (const [name, run] of Object.entries(options.work))
    registered.set(
      name,
      DBOS.registerWorkflow((id: string) => run(id, step), { name }),
    )
  DBOS.setConfig({
    name: 'failwise',
    systemDatabaseUrl: options.databaseUrl,
    systemDatabaseSchemaName: SCHEMA,
    systemDatabasePoolSize: POOL_SIZE,
    executorID: options.agentId,
    applicationVersion: options.workVersion,
    logger: loggerFor(options.log),
  })
  try {
    await DBOS.launch()
    await DBOS.registerQueue(QUEUE, { workerConcurrency: options.maximumAtOnce, minPollingIntervalMs: POLL_MS })
  } catch (error) {
    await DBOS.shutdown({ deregister: true })
    throw storeFault(error)
  }
  return {
    start: async (work, workId, id) => {
      const run = registered.get(work)
      if (!run) throw new TypeError(`no durable work is called ${work}`)
      try {
        await DBOS.startWorkflow(run, { workflowID: workId, queueName: QUEUE })(id)
      } catch (error) {
        throw storeFault(error)
      }
    },
    resultOf: (workId, timeoutMs) => DBOS.getResult<string>(workId, { timeoutSeconds: timeoutMs / 1000 }),
    takeOver: async (deadAgents) => {
      if (deadAgents.length === 0) return []
      try {
        const left = await DBOS.listWorkflows({
          status: 'PENDING',
          executorId: [...deadAgents],
          loadInput: false,
          loadOutput: false,
        })
        const ids = left.map((workflow) => workflow.workflowID)
        if (ids.length > 0) await DBOS.resumeWorkflows(ids, { queueName: QUEUE })
        return ids
      } catch (error) {
        throw storeFault(error)
      }
    },
    close: (waitMs) => DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: waitMs }),
  }
}

function loggerFor(log: DurableOptions['log']): DLogger {
  const text = (entry: unknown) => (entry instanceof Error ? entry.message : String(entry))
  return {
    debug: () => {},
    info: (entry) => log('info', text(entry)),
    warn: (entry) => log('warn', text(entry)),
    error: (entry) => log('error', text(entry)),
  }
}
