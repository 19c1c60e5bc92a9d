import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { consentPhrase } from '../../agent/approval/card.ts'
import type { Approval } from '../../agent/domain/approval.ts'
import type { Run } from '../../agent/domain/run.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import type { Store } from '../../agent/store/store.ts'
import { removeFolder, scratchFolder } from '../parts/servers.ts'
import { type AgentProcess, COMPILED, forgetMachines, ROOT, startAgent } from './agents.ts'
import { ALICE, PLAIN_SERVICES } from './configuration.ts'
import { DATABASE_URL, type Database, startDatabase } from './database.ts'
import { type Network, shell, startNetwork } from './network.ts'
import { startWorld, type World } from './world.ts'

/** Agents on one database, with a world around them, each on a machine of its own. */
export interface Scene {
  readonly folder: string
  readonly network: Network
  readonly world: World
  readonly primary: Database
  readonly standby: Database | null
  readonly store: Store
  readonly agents: AgentProcess[]
  /** Names of the alerts that were acknowledged. */
  readonly acknowledged: Set<string>
  /** Another agent, or the same one again. */
  start(name: string, options?: { root?: string; hasOwnClock?: boolean }): Promise<AgentProcess>
  agentNamed(id: string | null): AgentProcess
  /** Sends an alert the way Alertmanager does: again and again, to any agent, until one has it. */
  send(service: string): Promise<void>
  /** Sends alerts of all plain services until the returned function is called, which waits for the last one. */
  keepSending(everyMs: number): () => Promise<void>
  /** The outage about which people are asked; resolves when it was acknowledged. */
  reportOutage(): Promise<void>
  outageIncident(): Promise<{ id: string; claimAgent: string | null; assessments: number }>
  question(): Promise<Approval>
  /** Alice says yes at a terminal; a terminal that is killed after a while says nothing. */
  approve(question: Approval, killAfterMs?: number): Promise<{ isTaken: boolean; said: string }>
  run(): Promise<Run>
  stop(): Promise<void>
}

export interface SceneOptions {
  readonly agents?: readonly string[]
  readonly withStandby?: boolean
  readonly hasOwnClock?: boolean
  /** The database's disk has this size in megabytes. */
  readonly diskMegabytes?: number
}

const exec = promisify(execFile)

/** Builds one; on failure nothing is left. */
export async function openScene(
  options: SceneOptions = {},
  onOpening: (stop: () => Promise<void>) => void = () => {},
): Promise<Scene> {
  const stops: (() => Promise<unknown> | unknown)[] = []
  const stop = async () => {
    for (const one of stops.reverse().splice(0)) await Promise.resolve(one()).catch(() => undefined)
  }
  onOpening(stop)
  try {
    forgetMachines()
    const folder = scratchFolder('chaos')
    stops.push(() => removeFolder(folder))
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    if (options.diskMegabytes !== undefined) {
      await shell('mount', '-t', 'tmpfs', '-o', `size=${options.diskMegabytes}m`, 'tmpfs', disk)
      stops.push(() => shell('umount', '-l', disk))
    }
    await shell('chown', 'postgres', disk)
    const network = await startNetwork()
    stops.push(() => network.stop())
    const [firstAddress, secondAddress] = ['10.77.0.101', '10.77.0.102'] as const
    // What was acknowledged must survive the loss of a machine: the standby has it before the answer.
    const both = options.withStandby ? ['synchronous_standby_names=db2', 'wal_sender_timeout=4s'] : []
    const primary = await startDatabase('db1', firstAddress, { network, folder: disk, settings: both })
    const standby = options.withStandby
      ? await startDatabase('db2', secondAddress, { network, folder: disk, follows: firstAddress })
      : null
    const world = await startWorld()
    stops.push(() => world.close())
    const agents: AgentProcess[] = []
    const start: Scene['start'] = async (name, more = {}) => {
      const agent = await startAgent(name, {
        network,
        world,
        folder,
        hasOwnClock: options.hasOwnClock ?? false,
        ...more,
      })
      agents.push(agent)
      return agent
    }
    // At once: one of them migrates, under a lock.
    await Promise.all((options.agents ?? ['a', 'b']).map((name) => start(name)))
    agents.sort((one, other) => one.name.localeCompare(other.name))
    const store = await openStore({
      ...{ databaseUrl: DATABASE_URL, clock: systemClock, options: StoreOptions.parse({}), anchors: [] },
      ...{ onAnchorFailure: () => {}, applicationName: 'chaos' },
    })
    stops.push(() => store.close())
    stops.push(() => network.stop())
    const acknowledged = new Set<string>()
    const sends = senderOf(agents, acknowledged)
    const outageService = world.incident.service.name
    return {
      ...{ folder, network, world, primary, standby, store, agents, acknowledged, start, stop, ...sends },
      agentNamed: (id) => {
        const found = agents.findLast((agent) => agent.isRunning() && agent.said().includes(`"agent":"${id}"`))
        if (!found) throw new Error(`no agent that runs is ${id}`)
        return found
      },
      reportOutage: () => sends.post('/v1/alerts/alertmanager', world.incident.alert),
      outageIncident: async () => {
        const [incident] = await store.incidents.list({ service: outageService, limit: 1 })
        if (!incident) throw new Error('the outage has no incident')
        const [row] = JSON.parse(
          await shell(
            'psql',
            DATABASE_URL,
            '-Atc',
            `select json_agg(claim_agent) from incidents where id = '${incident.id}'`,
          ),
        ) as [string | null]
        return { id: incident.id, claimAgent: row, assessments: incident.assessments }
      },
      question: async () => {
        const [asked] = await eventually(
          () => store.approvals.list({ status: 'pending', limit: 1 }),
          (found) => found.length > 0,
          240_000,
          'the question',
        )
        return asked as Approval
      },
      approve: async (question, killAfterMs) => {
        const consent = consentPhrase(question)
        const words = ['approve', question.id, ...(consent === null ? [] : ['--consent', consent])]
        const args = [join(ROOT, 'agent/cli.ts'), '--config', join(folder, 'a'), ...words]
        const env = { ...process.env, ...COMPILED, DATABASE_URL, FAILWISE_TOKEN: ALICE }
        const killed = killAfterMs === undefined ? {} : { timeout: killAfterMs, killSignal: 'SIGKILL' as const }
        return exec(process.execPath, args, { env, ...killed }).then(
          ({ stdout }) => ({ isTaken: true, said: stdout }),
          (error: { stdout: string; stderr: string }) => ({ isTaken: false, said: `${error.stdout} ${error.stderr}` }),
        )
      },
      run: async () => {
        const [run] = await store.runs.list({ limit: 1 })
        if (!run) throw new Error('there is no run')
        return run
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function senderOf(agents: readonly AgentProcess[], acknowledged: Set<string>) {
  let turn = 0
  const post = async (path: string, body: unknown) => {
    for (;;) {
      const agent = agents[turn++ % agents.length] as AgentProcess
      if (agent.isRunning() && (await agent.post(path, body)) === 202) return
      await systemClock.sleep(250)
    }
  }
  let number = 0
  const send = async (service: string) => {
    const name = `alert-${number++}`
    await post('/v1/alerts/generic', { name, service, severity: 'critical' })
    acknowledged.add(name)
  }
  const keepSending = (everyMs: number) => {
    let isOver = false
    const work = (async () => {
      const waiting: Promise<void>[] = []
      while (!isOver) {
        waiting.push(send(PLAIN_SERVICES[number % PLAIN_SERVICES.length] as string))
        await systemClock.sleep(everyMs)
      }
      await Promise.all(waiting)
    })()
    return async () => {
      isOver = true
      await work
    }
  }
  return { post, send, keepSending }
}

/** Reads until it is as wanted; what fails on the way is tried again. */
export async function eventually<T>(
  read: () => Promise<T>,
  isWanted: (value: T) => boolean,
  timeoutMs: number,
  what: string,
): Promise<T> {
  const end = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < end) {
    try {
      const value = await read()
      if (isWanted(value)) return value
      last = value
    } catch (error) {
      last = error
    }
    await systemClock.sleep(100)
  }
  const shown = last instanceof Error ? last.message : JSON.stringify(last)
  throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}; last: ${shown?.slice(0, 600)}`)
}
