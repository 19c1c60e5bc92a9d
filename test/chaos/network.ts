import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a program; its output, or an error with what it said. */
export async function shell(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(file, args, { cwd: '/', maxBuffer: 1 << 26 })
  return stdout
}

const PREFIX = 'fwchaos-'
const BRIDGES = { database: `${PREFIX}d`, world: `${PREFIX}w` } as const
type Side = keyof typeof BRIDGES

/** Where this program is, on both networks. */
export const HERE = { database: '10.77.0.1', world: '10.78.0.1' } as const

/** Two networks on this machine, one towards the database and one towards everything else, with a namespace for each machine on them. */
export interface Network {
  /** A machine with an address on one or both networks; returns how a program is started there. */
  machine(name: string, addresses: Partial<Record<Side, string>>): Promise<readonly string[]>
  /** Nothing passes any more between a machine and a network, without a word to either side. */
  cut(name: string, side: Side): Promise<void>
  heal(name: string, side: Side): Promise<void>
  stop(): Promise<void>
}

/** Lays the networks; leftovers of a run that was cut off go first. */
export async function startNetwork(): Promise<Network> {
  await removeAll()
  for (const side of ['database', 'world'] as const) {
    await shell('ip', 'link', 'add', BRIDGES[side], 'type', 'bridge', 'forward_delay', '0')
    await shell('ip', 'addr', 'add', `${HERE[side]}/24`, 'dev', BRIDGES[side])
    await shell('ip', 'link', 'set', BRIDGES[side], 'up')
  }
  const portOf = (name: string, side: Side) => `fwc${side[0]}-${name}`
  return {
    machine: async (name, addresses) => {
      const space = PREFIX + name
      await shell('ip', 'netns', 'add', space)
      const inside = (...args: string[]) => shell('ip', '-n', space, ...args)
      await inside('link', 'set', 'lo', 'up')
      for (const [side, address] of Object.entries(addresses) as [Side, string][]) {
        const port = portOf(name, side)
        await shell('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', side, 'netns', space)
        await inside('addr', 'add', `${address}/24`, 'dev', side)
        await inside('link', 'set', side, 'up')
        await shell('ip', 'link', 'set', port, 'master', BRIDGES[side])
        await shell('ip', 'link', 'set', port, 'up')
      }
      return ['ip', 'netns', 'exec', space]
    },
    cut: async (name, side) => void (await shell('ip', 'link', 'set', portOf(name, side), 'nomaster')),
    heal: async (name, side) => void (await shell('ip', 'link', 'set', portOf(name, side), 'master', BRIDGES[side])),
    stop: removeAll,
  }
}

async function removeAll(): Promise<void> {
  const spaces = (await shell('ip', 'netns', 'list')).split('\n').map((line) => line.split(' ')[0] ?? '')
  for (const space of spaces.filter((name) => name.startsWith(PREFIX))) {
    for (const pid of (await shell('ip', 'netns', 'pids', space)).split('\n').filter(Boolean)) kill(Number(pid))
    await shell('ip', 'netns', 'del', space)
  }
  // A namespace's end of a pair goes away a little later than its name.
  const links = JSON.parse(await shell('ip', '-j', 'link', 'show')) as { ifname: string }[]
  for (const { ifname } of links.filter((link) => /^fwc[dw]-/.test(link.ifname)))
    await shell('ip', 'link', 'del', ifname).catch(() => undefined)
  for (const bridge of Object.values(BRIDGES)) await shell('ip', 'link', 'del', bridge).catch(() => undefined)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}
