import { describe, expect, it } from 'vitest'
import type { Actor } from '../../agent/domain/audit.ts'
import { executeRun } from '../../agent/engine/execute.ts'
import { abortRun, pauseRun, resumeRun } from '../../agent/engine/run-control.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { ALICE } from '../store/samples.ts'
import { testServer } from '../store/test-database.ts'
import {
  executeDepsOf,
  failsAfterEffect,
  journalLines,
  lookWith,
  newWorld,
  planOf,
  stageOn,
  startedRun,
  titlesTold,
} from './run-scene.ts'

const server = testServer()
const never = new AbortController().signal
const BOB = { kind: 'person', id: 'bob', via: 'cli' } as const

describe('a run', () => {
  it('applies and verifies its stages in order, intent before effect, and says what it measured', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const deps = executeDepsOf(test, [stageOn(world, 'fence'), stageOn(world, 'switch')])
    expect(await executeRun(run, deps, never)).toBe('succeeded')
    expect(world.happened).toEqual(['fence', 'switch'])
    expect(await journalLines(test, run.id)).toEqual([
      'run note',
      ...['fence intent', 'fence effect', 'fence applied', 'fence verified'],
      ...['switch intent', 'switch effect', 'switch applied', 'switch verified'],
      'run note',
    ])
    const [measured] = await test.store.audit.list({ kinds: ['run_measured'] })
    expect(measured?.entry).toMatchObject({
      plan: 'shop-to-secondary',
      report: { dataLossSeconds: null, meetsRpo: null, rtoMs: 900_000 },
    })
    expect(await titlesTold(test)).toEqual([
      'shop: shop-to-secondary: done and verified',
      'shop: shop-to-secondary: started',
    ])
  })

  it('undoes newest first when a stage fails after its effect', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const stages = [stageOn(world, 'a'), stageOn(world, 'b'), stageOn(world, 'c', failsAfterEffect(world, 'c'))]
    expect(await executeRun(run, executeDepsOf(test, stages), never)).toBe('rolled_back')
    expect(world.happened).toEqual(['a', 'b', 'c', 'undo c', 'undo b', 'undo a'])
    expect([...world.holds]).toEqual([])
  })

  it('leaves alone what a failed stage surely did not do', async () => {
    const test = await server.open()
    const world = newWorld()
    const refuses = { apply: async () => Promise.reject(new Fault('stage_failed', 'refused')) }
    const run = await startedRun(test)
    const deps = executeDepsOf(test, [stageOn(world, 'a'), stageOn(world, 'b', refuses)])
    expect(await executeRun(run, deps, never)).toBe('rolled_back')
    expect(world.happened).toEqual(['a', 'undo a'])
  })

  it('that fails before it touched anything has failed, and nothing is undone', async () => {
    const test = await server.open()
    const world = newWorld()
    const refuses = { identify: async () => Promise.reject(new Fault('stage_failed', 'this is another database')) }
    const run = await startedRun(test)
    expect(await executeRun(run, executeDepsOf(test, [stageOn(world, 'a', refuses)]), never)).toBe('failed')
    expect(world.happened).toEqual([])
    expect((await titlesTold(test)).join()).toContain('this is another database; nothing was changed')
  })

  it('goes on undoing past what cannot be undone, and says exactly what is still where', async () => {
    const test = await server.open()
    const world = newWorld()
    const stuck = { rollback: async () => Promise.reject(new Fault('stage_failed', 'the zone is locked')) }
    const run = await startedRun(test)
    const stages = [stageOn(world, 'a'), stageOn(world, 'b', stuck), stageOn(world, 'c', failsAfterEffect(world, 'c'))]
    expect(await executeRun(run, executeDepsOf(test, stages), never)).toBe('rollback_failed')
    expect(world.happened).toEqual(['a', 'b', 'c', 'undo c', 'undo a'])
    const last = (await test.store.runs.journalOf(run.id)).at(-1)
    expect(last?.data.leftovers).toEqual([{ stage: 'b', what: 'do b', why: 'the zone is locked' }])
    expect(await titlesTold(test)).toContain('shop: shop-to-secondary: could not be undone; a person is needed')
  })

  it('stops when the decisive facts have changed since the decision, before its first effect', async () => {
    const test = await server.open()
    const world = newWorld()
    const look = async () => lookWith((facts) => ({ ...facts, hurt: { ...facts.hurt, overall: 'no' } }))
    const run = await startedRun(test)
    expect(await executeRun(run, executeDepsOf(test, [stageOn(world, 'a')], { look }), never)).toBe('failed')
    expect(world.happened).toEqual([])
    expect((await titlesTold(test)).join()).toContain(
      'users hurt: yes when it was decided, no now; nothing was changed',
    )
  })

  it('reads them again when the agent that read them died before its first effect', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const died = new AbortController()
    const dies = stageOn(world, 'a', {
      apply: async () => {
        died.abort(new Fault('conflict', 'the agent stops'))
        throw new Fault('conflict', 'the agent stops')
      },
    })
    expect(await executeRun(run, executeDepsOf(test, [dies]), died.signal)).toBeNull()
    const taken = await test.store.runs.takeOver(run.id, 'agent-a', 'agent-b')
    const look = async () => lookWith((facts) => ({ ...facts, hurt: { ...facts.hurt, overall: 'no' } }))
    const later = executeDepsOf(test, [stageOn(world, 'a')], { look, agentId: 'agent-b' })
    expect(await executeRun(taken!, later, never)).toBe('failed')
    expect(world.happened).toEqual([])
  })

  it('goes on when the lag grew within the objective, although the question named less', async () => {
    const test = await server.open()
    const world = newWorld()
    const look = async () =>
      lookWith((facts) => ({
        ...facts,
        targets: { ...facts.targets, secondary: { ...facts.targets.secondary, lagSeconds: 5 } },
      }))
    const run = await startedRun(test, { dataLossConsentSeconds: 2 })
    expect(await executeRun(run, executeDepsOf(test, [stageOn(world, 'a')], { look }), never)).toBe('succeeded')
  })

  it('stops when the target would now lose more data than the objective, unless a person consented to as much', async () => {
    const test = await server.open()
    const look = async () =>
      lookWith((facts) => ({
        ...facts,
        targets: { ...facts.targets, secondary: { ...facts.targets.secondary, lagSeconds: 90 } },
      }))
    const world = newWorld()
    const run = await startedRun(test)
    expect(await executeRun(run, executeDepsOf(test, [stageOn(world, 'a')], { look }), never)).toBe('failed')
    const consented = await startedRun(test, { dataLossConsentSeconds: 120 })
    expect(await executeRun(consented, executeDepsOf(test, [stageOn(world, 'a')], { look }), never)).toBe('succeeded')
    expect(world.happened).toEqual(['a'])
  })

  it('does not hold a consent to little against a loss that the objective allows anyway: a dead source makes a lag that grows', async () => {
    const test = await server.open()
    const look = async () =>
      lookWith((facts) => ({
        ...facts,
        targets: { ...facts.targets, secondary: { ...facts.targets.secondary, lagSeconds: 20 } },
      }))
    const run = await startedRun(test, { dataLossConsentSeconds: 6 })
    const world = newWorld()
    expect(await executeRun(run, executeDepsOf(test, [stageOn(world, 'a')], { look }), never)).toBe('succeeded')
    expect(world.happened).toEqual(['a'])
  })

  it('is paused by a freeze before the next stage, and goes on when a person says so', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const first = stageOn(world, 'a')
    const freezes = {
      ...first,
      stage: {
        ...first.stage,
        apply: async (ctx: Parameters<typeof first.stage.apply>[0]) => {
          await first.stage.apply(ctx)
          await test.store.freezes.set({ service: null, kind: 'freeze', reason: 'stop', by: ALICE, until: null })
        },
      },
    }
    const done = executeRun(run, executeDepsOf(test, [freezes, stageOn(world, 'b')]), never)
    await expect.poll(async () => (await test.store.runs.get(run.id))?.state).toBe('paused')
    expect(world.happened).toEqual(['a'])
    await test.store.freezes.lift(null, ALICE, 'go')
    await resumeRun(test.store, run.id, ALICE, 'looked at it')
    expect(await done).toBe('succeeded')
    expect(world.happened).toEqual(['a', 'b'])
  })

  it('is aborted by a person in the middle of a stage, and undone', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const waits = stageOn(world, 'b', {
      apply: async (ctx) => {
        await ctx.effect('do b', async () => void world.holds.add('b'))
        await ctx.clock.sleep(60_000, ctx.abort)
      },
      timeoutMs: 60_000,
    })
    const done = executeRun(run, executeDepsOf(test, [stageOn(world, 'a'), waits]), never)
    await expect.poll(() => world.holds.has('b')).toBe(true)
    await abortRun(test.store, run.id, ALICE, 'wrong plan')
    expect(await done).toBe('rolled_back')
    expect([...world.holds]).toEqual([])
  })

  it('ends a stage that hangs, and what wakes up later can change nothing any more', async () => {
    const test = await server.open()
    const world = newWorld()
    let wake: () => void = () => {}
    const late: unknown[] = []
    const hangs = stageOn(world, 'b', {
      // Long enough for the first effect on a busy machine; only then it hangs.
      timeoutMs: 1000,
      apply: async (ctx) => {
        await ctx.effect('do b', async () => void world.holds.add('b'))
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        await ctx.effect('too late', async () => late.push('happened')).catch((error: unknown) => late.push(error))
      },
    })
    const run = await startedRun(test)
    expect(await executeRun(run, executeDepsOf(test, [stageOn(world, 'a'), hangs]), never)).toBe('rolled_back')
    wake()
    await expect.poll(() => late.length).toBe(1)
    expect(late[0]).toMatchObject({ message: 'stage b is over' })
    // Whatever was in flight carried the first generation.
    expect((await test.store.runs.get(run.id))?.generation).toBeGreaterThan(1)
  })

  it('waits for a person where undoing would do harm, and tries the stage again when told to', async () => {
    const test = await server.open()
    const world = newWorld()
    let isBroken = true
    const switches = stageOn(world, 'switch', {
      apply: async (ctx) => {
        if (isBroken) throw new Fault('stage_failed', 'the zone is locked')
        await ctx.effect('do switch', async () => void world.holds.add('switch'))
      },
    })
    const stages = [stageOn(world, 'fence'), stageOn(world, 'promote', { rollback: 'irreversible' }), switches]
    const run = await startedRun(test)
    const done = executeRun(run, executeDepsOf(test, stages), never)
    await expect.poll(async () => (await test.store.runs.get(run.id))?.state).toBe('paused')
    isBroken = false
    await resumeRun(test.store, run.id, ALICE, 'unlocked the zone')
    expect(await done).toBe('succeeded')
    expect([...world.holds]).toEqual(['fence', 'promote', 'switch'])
  })

  it('undoes nothing behind a stage without a way back, even when it is aborted', async () => {
    const test = await server.open()
    const world = newWorld()
    const broken = { apply: async () => Promise.reject(new Fault('stage_failed', 'no')) }
    const promote = stageOn(world, 'promote', { rollback: 'irreversible' })
    const run = await startedRun(test)
    const stages = [stageOn(world, 'fence'), promote, stageOn(world, 'switch', broken)]
    const done = executeRun(run, executeDepsOf(test, stages), never)
    await expect.poll(async () => (await test.store.runs.get(run.id))?.state).toBe('paused')
    await abortRun(test.store, run.id, ALICE, 'leave it')
    expect(await done).toBe('rollback_failed')
    expect(world.happened).toEqual(['fence', 'promote'])
    const last = (await test.store.runs.journalOf(run.id)).at(-1)
    expect(last?.data.leftovers).toEqual([
      { stage: 'promote', what: 'promote holds', why: 'it cannot be undone' },
      { stage: 'fence', what: 'fence holds', why: 'promote cannot be undone, so this stands with it' },
    ])
  })

  it('undoes the rest when the stage without a way back surely did not happen', async () => {
    const test = await server.open()
    const world = newWorld()
    const refuses = {
      rollback: 'irreversible',
      apply: async () => Promise.reject(new Fault('stage_failed', 'no')),
    } as const
    const run = await startedRun(test)
    const stages = [stageOn(world, 'fence'), stageOn(world, 'promote', refuses)]
    expect(await executeRun(run, executeDepsOf(test, stages), never)).toBe('rolled_back')
    expect(world.happened).toEqual(['fence', 'undo fence'])
  })

  it('asks a person where the plan says so, and only an approver who did not ask for the run can answer', async () => {
    const test = await server.open()
    const world = newWorld()
    const ask = stageOn(world, 'ask', {
      fencing: 'no-effect',
      rollback: 'nothing_to_undo',
      waitsForPerson: { question: 'Is the warehouse told?', approvers: ['alice', 'night shift'] },
      apply: async () => {},
      verify: async () => ({ outcome: 'done', detail: 'asked' }),
    })
    const run = await startedRun(test)
    const done = executeRun(run, executeDepsOf(test, [ask, stageOn(world, 'a')]), never)
    await expect.poll(async () => (await test.store.runs.get(run.id))?.state).toBe('paused')
    const answer = (by: Actor, person: string, groups: string[] = []) =>
      resumeRun(test.store, run.id, by, 'told', { person, groups })
    await expect(answer(ALICE, 'alice')).rejects.toThrow('who asks for something cannot approve it')
    await expect(answer(BOB, 'eve')).rejects.toThrow('eve may not answer this; asked: alice, night shift')
    // What an account of the machine is called proves nothing.
    const namesake = { ...BOB, id: 'night shift' }
    await expect(resumeRun(test.store, run.id, namesake, 'me')).rejects.toMatchObject({ code: 'unauthenticated' })
    expect((await test.store.runs.get(run.id))?.state).toBe('paused')
    await answer(BOB, 'bob', ['night shift'])
    expect(await done).toBe('succeeded')
    expect(world.happened).toEqual(['a'])
  })

  it('takes silence for a no', async () => {
    const test = await server.open()
    const world = newWorld()
    const ask = stageOn(world, 'ask', {
      fencing: 'no-effect',
      rollback: 'nothing_to_undo',
      timeoutMs: 30,
      waitsForPerson: { question: 'Go?', approvers: null },
    })
    const run = await startedRun(test)
    const deps = executeDepsOf(test, [stageOn(world, 'a'), ask, stageOn(world, 'b')])
    expect(await executeRun(run, deps, never)).toBe('rolled_back')
    expect(world.happened).toEqual(['a', 'undo a'])
  })

  it('tells people once when it takes longer than the objective', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const plan = planOf({ objectives: { rtoSeconds: 0.001, rpoSeconds: 60 } })
    const deps = executeDepsOf(test, [stageOn(world, 'a'), stageOn(world, 'b')], { plan })
    expect(await executeRun(run, deps, never)).toBe('succeeded')
    expect((await titlesTold(test)).filter((title) => title.includes('over the recovery time objective'))).toHaveLength(
      1,
    )
  })

  it('keeps to measured time when the machine’s clock jumps', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    let jump = 0
    const deps = executeDepsOf(test, [stageOn(world, 'a'), stageOn(world, 'b')])
    const clock = { ...deps.clock, now: () => test.clock.now() + jump }
    const jumping = stageOn(world, 'j', {
      apply: async () => {
        jump = 7_200_000
      },
      verify: async () => ({ outcome: 'done', detail: '' }),
    })
    const decidedOn = null
    const stages = [...deps.stages, jumping, stageOn(world, 'c')]
    expect(await executeRun(run, { ...deps, stages, clock, decidedOn }, never)).toBe('succeeded')
    const [measured] = await test.store.audit.list({ kinds: ['run_measured'] })
    expect(measured?.entry).toMatchObject({ report: { meetsRto: true } })
    const notes = (await test.store.runs.journalOf(run.id)).filter(({ data }) => data.jumpMs !== undefined)
    expect(notes).toHaveLength(1)
  })

  it('rehearses with the same code and changes nothing', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test, { isDryRun: true })
    const stages = [stageOn(world, 'a'), stageOn(world, 'b', failsAfterEffect(newWorld(), 'b'))]
    expect(await executeRun(run, executeDepsOf(test, stages.slice(0, 1)), never)).toBe('succeeded')
    expect(world.happened).toEqual([])
    const lines = await test.store.runs.journalOf(run.id)
    expect(lines.filter(({ kind }) => kind === 'would').map(({ detail }) => detail)).toEqual(['do a'])
    expect(lines.some(({ kind }) => kind === 'effect')).toBe(false)
  })

  it('can be paused before its next stage and aborted while it waits', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const pauses = stageOn(world, 'a')
    const stages = [
      {
        ...pauses,
        stage: {
          ...pauses.stage,
          identify: async () => {
            await pauseRun(test.store, run.id, ALICE, 'wait')
          },
        },
      },
      stageOn(world, 'b'),
    ]
    const done = executeRun(run, executeDepsOf(test, stages), never)
    await expect.poll(async () => (await journalLines(test, run.id)).at(-1)).toBe('a verified')
    expect((await test.store.runs.get(run.id))?.state).toBe('paused')
    await abortRun(test.store, run.id, ALICE, 'no')
    expect(await done).toBe('rolled_back')
    expect(world.happened).toEqual(['a', 'undo a'])
  })

  it('that another agent has taken over is left alone', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const taken = stageOn(world, 'a', {
      identify: async () => {
        await test.store.runs.takeOver(run.id, 'agent-a', 'agent-b')
      },
    })
    expect(await executeRun(run, executeDepsOf(test, [taken]), never)).toBeNull()
    expect(world.happened).toEqual([])
  })

  it('waits while the database is away, and has each effect once', async () => {
    const test = await server.open()
    const world = newWorld()
    const run = await startedRun(test)
    const first = stageOn(world, 'a')
    const cutsOff: typeof first = {
      ...first,
      stage: {
        ...first.stage,
        apply: async (ctx) => {
          await first.stage.apply(ctx)
          await test.sql(
            `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
          )
        },
      },
    }
    const deps = executeDepsOf(test, [cutsOff, stageOn(world, 'b')])
    expect(await executeRun(run, deps, never)).toBe('succeeded')
    expect(world.happened).toEqual(['a', 'b'])
  })
})
