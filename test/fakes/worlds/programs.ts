import type { ProgramCall, ProgramResult, ReadPorts } from '../../../actions/ports.ts'
import type { World } from './world.ts'

const ended = (exitCode: number, stdout = '', stderr = ''): ProgramResult => ({
  exitCode,
  stdout,
  stderr,
  isTruncated: false,
})

function programPorts(
  run: (call: ProgramCall) => ProgramResult,
  isReading: (call: ProgramCall) => boolean,
): Pick<World, 'read' | 'write'> {
  const runProgram: ReadPorts['runProgram'] = async (call, abort) => {
    abort.throwIfAborted()
    return run(call)
  }
  return {
    read: {
      runProgram: (call, abort) => {
        if (!isReading(call)) throw new Error(`${call.file} ${call.args.join(' ')} through a port that only reads`)
        return runProgram(call, abort)
      },
    },
    write: { runProgram },
  }
}

const optionOf = ({ args }: ProgramCall, name: string) => args[args.indexOf(name) + 1] ?? ''

export interface TerraformWorld extends World {
  /** What else the next plan would do. */
  alsoPlan(address: string, actions: string[]): void
}

/** Terraform: applies a saved plan once, and only while the state is the one that it was made from. */
export function terraformWorld(): TerraformWorld {
  const mutations: string[] = []
  const state: Record<string, string> = { size: '0' }
  const extra: { address: string; change: { actions: string[] } }[] = []
  let serial = 1
  const plans = new Map<string, { serial: number; size: string; changes: unknown[] }>()
  const ports = programPorts(
    (call) => {
      const [command] = call.args
      if (call.folder !== '/srv/dr' || call.environment?.FAILWISE_GENERATION === undefined)
        return ended(1, '', 'no configuration here')
      if (command === 'plan') {
        const size = call.args.find((arg) => arg.startsWith('-var=size='))?.slice('-var=size='.length) ?? '0'
        const file = call.args.find((arg) => arg.startsWith('-out='))?.slice(5) ?? ''
        const own = size === state.size ? [] : [{ address: 'aws_instance.standby', change: { actions: ['update'] } }]
        const changes = [...own, ...extra, { address: 'data.x', change: { actions: ['no-op'] } }]
        plans.set(file, { serial, size, changes })
        return ended(changes.length > 1 ? 2 : 0)
      }
      if (command === 'show')
        return ended(
          0,
          JSON.stringify({ format_version: '1.2', resource_changes: plans.get(call.args[2] ?? '')?.changes }),
        )
      if (command !== 'apply') return ended(1, '', `unknown command ${command}`)
      const plan = plans.get(call.args.at(-1) ?? '')
      if (!plan) return ended(1, '', 'no such plan')
      if (plan.serial !== serial) return ended(1, '', 'Error: Saved plan is stale')
      serial += 1
      state.size = plan.size
      extra.length = 0
      mutations.push(`apply size=${plan.size}`)
      return ended(0)
    },
    ({ args }) => args[0] === 'plan' || args[0] === 'show',
  )
  return {
    ...ports,
    mutations,
    snapshot: () => ({ ...state }),
    alsoPlan: (address, actions) => {
      extra.push({ address, change: { actions } })
    },
  }
}

/** Helm with one release in its second revision. */
export function helmWorld(): World {
  const mutations: string[] = []
  const history = [
    { revision: 1, status: 'superseded', description: 'Install complete', chart: 'shop-1' },
    { revision: 2, status: 'deployed', description: 'Upgrade complete', chart: 'shop-2' },
  ]
  const add = (chart: string, description: string) => {
    for (const one of history) if (one.status === 'deployed') one.status = 'superseded'
    history.push({ revision: history.length + 1, status: 'deployed', description, chart })
    mutations.push(`${chart}: ${description}`)
    return ended(0)
  }
  const ports = programPorts(
    (call) => {
      if (optionOf(call, '--namespace') !== 'prod') return ended(1, '', 'Error: Kubernetes cluster unreachable')
      const [command, first, second] = call.args
      if (command === 'list')
        return ended(0, JSON.stringify(optionOf(call, '--filter') === '^shop$' ? [{ name: 'shop' }] : []))
      if (command === 'history') return ended(0, JSON.stringify(history.map(({ chart: _chart, ...one }) => one)))
      if (first !== 'shop') return ended(1, '', 'Error: release: not found')
      if (command === 'upgrade') return add(`shop-${optionOf(call, '--version')}`, optionOf(call, '--description'))
      if (command === 'rollback') return add(history[Number(second) - 1]?.chart ?? '', `Rollback to ${second}`)
      return ended(1, '', `unknown command ${command}`)
    },
    ({ args }) => args[0] === 'list' || args[0] === 'history',
  )
  return { ...ports, mutations, snapshot: () => history.findLast(({ status }) => status === 'deployed')?.chart }
}

export interface RcloneWorld extends World {
  readonly places: Record<string, Map<string, string>>
}

/** rclone between two remotes held in memory. */
export function rcloneWorld(): RcloneWorld {
  const mutations: string[] = []
  const places: RcloneWorld['places'] = {
    's3:files': new Map(Array.from({ length: 20 }, (_, index) => [`f${index}`, `new ${index}`])),
    'azure:files': new Map(
      Array.from({ length: 15 }, (_, index) => [`f${index}`, index < 10 ? `new ${index}` : `old ${index}`]),
    ),
  }
  const placeOf = (name: string) => {
    places[name] ??= new Map()
    return places[name]
  }
  const ports = programPorts(
    (call) => {
      const [command, from = '', to = ''] = call.args
      const source = places[from]
      if (command === 'size')
        return source ? ended(0, JSON.stringify({ count: source.size, bytes: 1 })) : ended(3, '', 'directory not found')
      if (!source) return ended(3, '', 'directory not found')
      if (command === 'lsjson')
        return ended(
          0,
          JSON.stringify([...source.keys()].map((Path) => ({ Path, ModTime: '2026-05-04T09:59:00.000000000Z' }))),
        )
      const target = placeOf(to)
      if (command === 'check') {
        const lines = [...source].map(
          ([path, content]) => `${target.get(path) === content ? '=' : target.has(path) ? '*' : '+'} ${path}`,
        )
        return ended(lines.every((line) => line.startsWith('=')) ? 0 : 1, lines.join('\n'))
      }
      const aside = call.args.includes('--backup-dir') ? placeOf(optionOf(call, '--backup-dir')) : null
      for (const [path, content] of source) {
        if (target.get(path) === content) continue
        const old = target.get(path)
        if (old !== undefined) aside?.set(path, old)
        target.set(path, content)
        mutations.push(`${to}/${path}`)
      }
      if (command === 'sync')
        for (const [path, content] of target) {
          if (source.has(path)) continue
          aside?.set(path, content)
          target.delete(path)
          mutations.push(`${to}/${path} removed`)
        }
      return ended(0)
    },
    ({ args }) => ['size', 'lsjson', 'check'].includes(args[0] ?? ''),
  )
  return {
    ...ports,
    mutations,
    places,
    snapshot: () => [...(places['azure:files'] ?? [])].filter(([path]) => Number(path.slice(1)) < 15),
  }
}
