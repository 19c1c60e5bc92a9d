import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '../parts/servers.ts'
import { PORT, TOKEN, writeConfiguration } from './configuration.ts'
import { DATABASE_URL } from './database.ts'
import type { Network } from './network.ts'
import type { World } from './world.ts'

export const ROOT = join(import.meta.dirname, '../..')
/** Each process of this program finds what the one before it has compiled; a start is then a matter of a second. */
export const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), 'failwise-chaos-compiled') }
/** Build machines are busy. */
const READY_WITHIN_MS = 240_000
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

/** `failwise serve` on a machine of its own. */
export interface AgentProcess {
  readonly name: string
  readonly folder: string
  readonly pid: number
  readonly url: string
  /** To the agent and to nothing that it started. */
  signal(signal: NodeJS.Signals): void
  /** Its exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>
  isRunning(): boolean
  /** Moves its wall clock, and only that one, away from the true time. */
  setClock(offsetSeconds: number): void
  /** Posts to its webhooks; the status, or null when it did not answer. */
  post(path: string, body: unknown): Promise<number | null>
  said(): string
}

interface Wanted {
  readonly network: Network
  readonly world: World
  readonly folder: string
  /** The code that runs; this tree's unless given. */
  readonly root?: string
  /** Its clock can be moved while it runs. */
  readonly hasOwnClock?: boolean
}

const machines = new Map<string, { command: readonly string[]; address: string }>()

/** Forgets the machines of a scene that is over. */
export function forgetMachines(): void {
  machines.clear()
}

/** Starts one, and waits until it is ready unless told otherwise. A name that was used before is the same machine again. */
export async function startAgent(name: string, wanted: Wanted, isReadyNeeded = true): Promise<AgentProcess> {
  const { network, world, root = ROOT, hasOwnClock = false } = wanted
  const folder = join(wanted.folder, name)
  const known = machines.get(name)
  // Names are single letters; several machines may be set up at once.
  const number = name.charCodeAt(0) - 86
  const address = known?.address ?? `10.78.0.${number}`
  const command = known?.command ?? (await network.machine(name, { world: address, database: `10.77.0.${number}` }))
  machines.set(name, { command, address })
  mkdirSync(folder, { recursive: true })
  writeConfiguration(folder, address, world)
  const clockFile = join(folder, 'clock')
  const setClock = (offsetSeconds: number) =>
    writeFileSync(clockFile, `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}s\n`)
  setClock(0)
  const bent = hasOwnClock && {
    ...{ LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: clockFile, FAKETIME_CACHE_DURATION: '1' },
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  const { PATH = '', HOME = '/' } = process.env
  const [file, ...args] = [...command, 'env', ...environmentOf({ PATH, HOME, ...COMPILED, DATABASE_URL, ...bent })]
  const node = [process.execPath, join(root, 'agent/cli.ts'), '--config', folder, 'serve']
  const child: ChildProcess = spawn(file as string, [...args, ...node], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: root,
  })
  const log = join(wanted.folder, `${name}.log`)
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      lines.push(String(chunk))
      appendFileSync(log, String(chunk))
    })
  let isRunning = true
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      isRunning = false
      resolve(code)
    }),
  )
  const url = `http://${address}:${PORT}`
  const agent: AgentProcess = {
    ...{ name, folder, pid: child.pid ?? 0, url, ended, setClock },
    signal: (signal) => void child.kill(signal),
    isRunning: () => isRunning,
    said: () => lines.join(''),
    post: async (path, body) => {
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
      const request = { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(6000) }
      const answer = await fetch(`${url}${path}`, request).catch(() => null)
      await answer?.body?.cancel().catch(() => undefined)
      return answer?.status ?? null
    },
  }
  if (isReadyNeeded) await ready(agent)
  return agent
}

/** Waits until an agent says that it can store alerts. */
export async function ready(agent: AgentProcess): Promise<void> {
  await waitUntil(
    async () => {
      if (!agent.isRunning()) throw new Error(`agent ${agent.name} ended:\n${agent.said().slice(-2000)}`)
      const signal = AbortSignal.timeout(2000)
      return (await fetch(`${agent.url}/readyz`, { signal }).catch(() => null))?.ok ?? false
    },
    READY_WITHIN_MS,
    () => `agent ${agent.name} is not ready:\n${agent.said().slice(-2000)}`,
  )
}

function environmentOf(variables: Readonly<Record<string, string>>): string[] {
  return ['-i', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)]
}
