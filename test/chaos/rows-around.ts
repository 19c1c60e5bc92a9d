import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../agent/lib/clock.ts'
import { ROOT } from './agents.ts'
import { PLAIN_SERVICES } from './configuration.ts'
import { type Row, secondsSince } from './row.ts'
import { approved, carriedOut, untilSucceeded } from './rows-agents.ts'
import { eventually, type Scene } from './scene.ts'

/** Once the second effect has landed, something happens to the database; the run and the alerts have to survive it. */
async function throughRunAndStorm(scene: Scene, strike: () => Promise<void>): Promise<number> {
  const stop = scene.keepSending(500)
  let over: Promise<void> | null = null
  await carriedOut(scene, 'after', () => {
    over = strike()
  })
  await eventually(async () => over !== null, Boolean, 60_000, 'the second effect')
  await over
  const healedMs = performance.now()
  await untilSucceeded(scene)
  await stop()
  return secondsSince(healedMs)
}

export const AROUND_ROWS: readonly Row[] = [
  {
    name: 'database-restart',
    about: 'restart the database without a goodbye in the middle of a run and of alerts; 8 s away',
    allowsQuestions: true,
    isQuick: true,
    run: async (scene) => {
      const seconds = await throughRunAndStorm(scene, async () => {
        await scene.primary.stop()
        await systemClock.sleep(8000)
        await scene.primary.start()
      })
      return `the run was over ${seconds.toFixed(1)} s after the database was back`
    },
  },
  {
    name: 'database-failover',
    about: 'the database’s machine dies; its standby is promoted and takes the address',
    scene: { withStandby: true },
    allowsQuestions: true,
    run: async (scene) => {
      const seconds = await throughRunAndStorm(scene, async () => {
        await scene.primary.loseMachine()
        await systemClock.sleep(5000)
        await scene.standby?.promote()
      })
      return `the run was over ${seconds.toFixed(1)} s after the promotion`
    },
  },
  {
    name: 'disk-full',
    about: 'the database’s disk is full for 15 s while alerts come in',
    scene: { diskMegabytes: 140 },
    allowsQuestions: true,
    run: async (scene, say) => {
      const stop = scene.keepSending(400)
      await systemClock.sleep(3000)
      const filler = join(scene.folder, 'disk', 'filler')
      fill(filler)
      const before = scene.acknowledged.size
      await systemClock.sleep(15_000)
      const meanwhile = scene.acknowledged.size - before
      rmSync(filler)
      say(`full: ${meanwhile} alerts were acknowledged meanwhile`)
      // A server that ran out of space in the middle of its log ends, and somebody starts it again.
      if (!existsSync(join(scene.primary.folder, 'postmaster.pid'))) await scene.primary.start()
      await systemClock.sleep(3000)
      await stop()
      return `${meanwhile} alerts were taken while it was full, all others after`
    },
  },
  {
    name: 'clock-jumps',
    about:
      'the clock of every agent in turn jumps by 2 hours, back and forth, with a question open and a run under way',
    scene: { hasOwnClock: true },
    allowsQuestions: true,
    run: async (scene) => {
      await scene.reportOutage()
      const question = await scene.question()
      for (const agent of scene.agents) {
        for (const offset of [7200, -7200]) {
          agent.setClock(offset)
          await systemClock.sleep(4000)
        }
        agent.setClock(0)
        await systemClock.sleep(2500)
      }
      const still = await scene.store.approvals.get(question.id)
      if (still?.status !== 'pending') throw new Error(`a clock that jumped made the question ${still?.status}`)
      let jumped = ''
      scene.world.onEffect = async (effect, when) => {
        if (effect !== 'promote' || when !== 'after' || jumped !== '') return
        const agent = scene.agentNamed((await scene.run()).agentId)
        jumped = agent.name
        agent.setClock(7200)
      }
      await approved(scene)
      await untilSucceeded(scene)
      for (const agent of scene.agents) agent.setClock(0)
      return 'the question stayed open; the run went on with an agent whose clock is right'
    },
  },
  {
    name: 'upstreams-hang',
    about: 'every upstream takes connections and never answers',
    allowsQuestions: false,
    run: (scene) => decidedUnder(scene, 'hangs'),
  },
  {
    name: 'upstreams-lie',
    about: 'every upstream answers with something else: other pages, half documents, NaN, good news out of nowhere',
    allowsQuestions: false,
    run: (scene) => decidedUnder(scene, 'lies'),
  },
  {
    name: 'people-away',
    about: 'the channel to people breaks, answers 503 and hangs, half a minute in all',
    allowsQuestions: true,
    run: async (scene) => {
      scene.world.people = 'away'
      const stop = scene.keepSending(2000)
      await scene.reportOutage()
      for (const mood of ['away', 'lies', 'hangs'] as const) {
        scene.world.people = mood
        await systemClock.sleep(10_000)
      }
      const before = scene.world.messages.size
      scene.world.people = 'well'
      await stop()
      return `${before} messages arrived meanwhile, all of them after`
    },
  },
  {
    name: 'rolling-upgrade',
    about:
      'replace one agent after the other by a version with one more migration; the old one is also killed and started again',
    scene: { agents: ['a', 'b', 'c'] },
    allowsQuestions: true,
    run: async (scene, say) => {
      const next = nextVersion(scene)
      const stop = scene.keepSending(700)
      const [a, b, c] = scene.agents
      if (!a || !b || !c) throw new Error('three agents are needed')
      const replace = async (agent: typeof a, root?: string) => {
        agent.signal('SIGTERM')
        const code = await agent.ended
        if (code !== 0) throw new Error(`agent ${agent.name} ended with ${code}`)
        await scene.start(agent.name, root === undefined ? {} : { root })
      }
      await replace(a, next)
      say('the new version has migrated; the old one is killed and started again')
      b.signal('SIGKILL')
      await b.ended
      const again = await scene.start('b')
      await scene.reportOutage()
      await scene.question()
      await replace(again, next)
      await replace(c, next)
      await approved(scene)
      await untilSucceeded(scene)
      await stop()
      const versions = new Set((await scene.store.agents.list()).map(({ version }) => version))
      return `both versions worked side by side; now ${[...versions].join(', ')}`
    },
  },
]

async function decidedUnder(scene: Scene, mood: 'hangs' | 'lies'): Promise<string> {
  scene.world.upstreams = mood
  const atMs = performance.now()
  await Promise.all([scene.reportOutage(), ...PLAIN_SERVICES.map((service) => scene.send(service))])
  await eventually(
    () => scene.outageIncident(),
    ({ assessments }) => assessments > 0,
    180_000,
    'a decision',
  )
  const [decided] = await scene.store.decisions.list({ service: scene.world.incident.service.name, limit: 1 })
  const { action, disposition } = decided?.decision ?? {}
  return `decided after ${secondsSince(atMs).toFixed(1)} s: ${action} (${disposition})`
}

/** Writes until there is no space left. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(64 * 1024))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

/** This tree as the next version: another number, and a migration that adds a table and a column. */
function nextVersion(scene: Scene): string {
  const root = join(scene.folder, 'next')
  for (const part of ['agent', 'collectors', 'actions', 'prompts', 'evals/incidents', 'package.json', 'policy.yaml'])
    cpSync(join(ROOT, part), join(root, part), { recursive: true })
  cpSync(join(ROOT, 'evals'), join(root, 'evals'), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const migrations = join(root, 'agent/store/migrations')
  writeFileSync(
    join(migrations, '2099-01-next.ts'),
    `import { type Kysely, sql } from 'kysely'
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql\`create table only_in_the_next_version (id text primary key); alter table incidents add column next_version text\`.execute(db)
}
`,
  )
  edit(join(migrations, 'index.ts'), [
    [
      "import * as severalAgents from './2026-08-several-agents.ts'",
      "import * as severalAgents from './2026-08-several-agents.ts'\nimport * as next from './2099-01-next.ts'",
    ],
    [
      "  '2026-08-several-agents': severalAgents,\n",
      "  '2026-08-several-agents': severalAgents,\n  '2099-01-next': next,\n",
    ],
  ])
  edit(join(root, 'package.json'), [[/"version": "[^"]+"/, '"version": "99.0.0"']])
  return root
}

function edit(file: string, changes: readonly (readonly [string | RegExp, string])[]): void {
  let text = readFileSync(file, 'utf8')
  for (const [from, to] of changes) {
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`${file} does not hold ${String(from)}`)
    text = changed
  }
  writeFileSync(file, text)
}
