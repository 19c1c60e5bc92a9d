import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { StageOptions } from '../../actions/index.ts'
import type { Stage } from '../../actions/stage.ts'
import { Fault, isFault } from '../../agent/lib/errors.ts'
import type { World } from '../fakes/worlds/world.ts'
import { built, SAMPLES, type Sample } from './samples.ts'
import { type Scene, type SceneOptions, scene } from './scene.ts'

const MORE_THAN_ANY_STAGE_HAS = 12

function begin({ world, before }: Sample, options: SceneOptions = {}): { world: World; scene: Scene } {
  const made = world()
  const begun = scene({ read: made.read, write: made.write, ...options })
  before?.(begun, made)
  return { world: made, scene: begun }
}

/** Ports on which every call hangs until it is aborted, as real ones do when the other side is silent. */
function hanging(): Record<string, (...args: unknown[]) => Promise<never>> {
  return new Proxy(
    {},
    {
      get: (_target, name) => (name === 'then' ? undefined : hang),
      ownKeys: () => [
        'httpGet',
        'httpAsk',
        'queryPostgres',
        'runProgram',
        'resolveDns',
        'askSocket',
        'readText',
        'http',
        'executePostgres',
        'tellSocket',
        'exchangeDns',
      ],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    },
  )
}

function hang(...args: unknown[]): Promise<never> {
  const abort = args.find((arg): arg is AbortSignal => arg instanceof AbortSignal)
  if (!abort) throw new Error('a call without an abort cannot be ended')
  return new Promise((_resolve, reject) => {
    const end = () => reject(abort.reason)
    if (abort.aborted) end()
    else abort.addEventListener('abort', end, { once: true })
  })
}

describe('the list of stages', () => {
  it('has every stage of the folder, and samples of every stage that touches real systems', () => {
    const helpers = ['index.ts', 'ports.ts', 'probe.ts', 'stage.ts', 'plans.ts']
    const files = readdirSync('actions').filter((name) => name.endsWith('.ts') && !helpers.includes(name))
    const listed = StageOptions.options.map((option) => [...option.shape.stage.values][0] as string)
    expect([...listed].sort()).toEqual(files.map((name) => name.replace('.ts', '')).sort())
    const neutral = [
      'confirm-health',
      'http-call',
      'notify',
      'run-command',
      'shift-traffic',
      'verify',
      'wait-for-approval',
    ]
    // Their programs and files are real ones: test/parts carries them out.
    const real = ['rebuild-standby', 'dump-and-restore']
    const sampled = new Set(SAMPLES.map(({ options }) => options.stage))
    expect(
      listed.filter((name) => !sampled.has(name as never) && !neutral.includes(name) && !real.includes(name)),
    ).toEqual([])
  })
})

describe.each(SAMPLES)('$title', (sample) => {
  const stage = (): Stage => built(sample.options)

  it('names every target in words', () => {
    const told = stage().describe()
    for (const name of sample.names) expect(told).toContain(name)
    expect(told).not.toMatch(/token|secret-key|hook-secret|n8n-key|\$\{|undefined|\[object/)
  })

  it('reads its own options again', () => {
    const once = StageOptions.parse(sample.options)
    expect(StageOptions.parse(once)).toEqual(once)
  })

  it('looks before it touches: nothing is done before applying', async () => {
    const { world, scene: s } = begin(sample)
    const ctx = s.context(stage().name)
    await stage().identify?.(ctx)
    if (stage().fencing !== 'no-effect') expect((await stage().verify(ctx)).outcome).toBe('not_done')
    expect(world.mutations.filter((one) => !one.startsWith('stamp'))).toEqual([])
  })

  it('applies, holds, and does nothing more when applied again', async () => {
    const { world, scene: s } = begin(sample)
    expect(await s.carryOut(stage())).toMatchObject({ outcome: 'done' })
    const after = [structuredClone(world.snapshot()), [...world.mutations]]
    expect(await s.carryOut(stage())).toMatchObject({ outcome: 'done' })
    expect([world.snapshot(), world.mutations]).toEqual(after)
  })

  it('comes to the same end, each effect once, wherever the agent dies', async () => {
    const whole = begin(sample)
    await whole.scene.carryOut(stage())
    for (const place of ['dieBeforeEffect', 'dieAfterEffect'] as const) {
      for (let effect = 1; effect <= MORE_THAN_ANY_STAGE_HAS; effect++) {
        const { world, scene: s } = begin(sample)
        const died = await s.carryOut(stage(), stage().name, { [place]: effect }).then(
          () => false,
          () => true,
        )
        if (died && sample.startsOnce) {
          await expect(s.carryOut(stage())).rejects.toMatchObject({ code: 'conflict' })
          expect(world.mutations.length).toBeLessThanOrEqual(whole.world.mutations.length)
          continue
        }
        expect(await s.carryOut(stage())).toMatchObject({ outcome: 'done' })
        expect(world.snapshot()).toEqual(whole.world.snapshot())
        expect(world.mutations).toEqual(whole.world.mutations)
        if (!died) break
      }
    }
  })

  it('is undone wherever it stopped, and undoing again changes nothing', async () => {
    if (typeof stage().rollback !== 'function') {
      expect(['irreversible', 'nothing_to_undo']).toContain(stage().rollback)
      return
    }
    for (let effect = 1; effect <= MORE_THAN_ANY_STAGE_HAS; effect++) {
      const { world, scene: s } = begin(sample)
      const initial = structuredClone(world.snapshot())
      const died = await s.carryOut(stage(), stage().name, { dieAfterEffect: effect }).then(
        () => false,
        () => true,
      )
      const undoStage = stage()
      for (let looks = 0; looks < 3; looks++) await undoStage.verify(s.context(undoStage.name))
      await s.undo(undoStage)
      for (let looks = 0; looks < 5; looks++) await undoStage.verifyRollback?.(s.context(undoStage.name))
      await undoStage.verify(s.context(undoStage.name))
      await undoStage.verify(s.context(undoStage.name))
      expect(world.snapshot()).toEqual(initial)
      const mutations = world.mutations.length
      await s.undo(stage())
      expect(world.snapshot()).toEqual(initial)
      expect(world.mutations.length).toBe(mutations)
      if (!died) break
    }
  })

  it('undoes nothing that was never begun', async () => {
    const { world, scene: s } = begin(sample)
    await s.undo(stage())
    expect(world.mutations).toEqual([])
  })

  it('writes nothing in a rehearsal', async () => {
    const { world, scene: s } = begin(sample, { run: { isDryRun: true } })
    const ctx = s.context(stage().name)
    await stage().identify?.(ctx)
    await stage().apply(ctx)
    await stage().verify(ctx)
    expect(world.mutations).toEqual([])
    if (stage().fencing !== 'no-effect') expect(s.effects.length).toBeGreaterThan(0)
  })

  it('refuses an older generation, or says that it cannot', async () => {
    const { world, scene: s } = begin(sample)
    await s.carryOut(stage(), stage().name, { run: { generation: 9 } })
    const mutations = world.mutations.length
    if (stage().fencing !== 'fenced') return expect(['unfenced', 'no-effect']).toContain(stage().fencing)
    // Another run, with an older number, that knows nothing of the first.
    const older = scene({ read: world.read, write: world.write, run: { id: 'run_0', generation: 8 } })
    sample.before?.(older, world)
    const late = older.carryOut(stage(), stage().name)
    await expect(late).rejects.toSatisfy(
      (error) => isFault(error) && ['conflict', 'upstream_refused'].includes(error.code),
    )
    expect(world.mutations.filter((one) => !one.startsWith('stamp')).length).toBeLessThanOrEqual(mutations)
  })

  it('ends at its deadline while the other side hangs', async () => {
    const end = new AbortController()
    const ports = { read: hanging() as never, write: hanging() as never }
    const s = scene({ ...ports, abort: end.signal })
    sample.before?.(s, sample.world())
    const running = s.carryOut(stage())
    setImmediate(() => end.abort(new Fault('deadline', 'the time of the stage is over')))
    await expect(running).rejects.toMatchObject({ code: 'deadline' })
  })
})
