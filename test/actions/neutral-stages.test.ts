import { describe, expect, it } from 'vitest'
import { type PlacedStage, PlanFile, type StagePorts, stagesOf } from '../../actions/index.ts'
import type { ProgramCall } from '../../actions/ports.ts'
import { executeRun } from '../../agent/engine/execute.ts'
import { resumeRun } from '../../agent/engine/run-control.ts'
import type { HttpRequest } from '../../agent/lib/http.ts'
import { executeDepsOf, journalLines, lookWith, type outageLook, startedRun, titlesTold } from '../engine/run-scene.ts'
import { type TestStore, testServer } from '../store/test-database.ts'

const server = testServer()
const never = new AbortController().signal
const BOB = { kind: 'person', id: 'bob', via: 'cli' } as const

interface Outside {
  readonly ports: StagePorts
  readonly writes: string[]
  readonly sent: HttpRequest[]
  readonly ran: ProgramCall[]
}

/** Everything outside: a service that keeps stamps, and programs that exit as told. */
function outside(exitCodes: Readonly<Record<string, number>> = {}): Outside {
  const writes: string[] = []
  const sent: HttpRequest[] = []
  const ran: ProgramCall[] = []
  const stamps: string[] = []
  const run = (isWrite: boolean) => async (call: ProgramCall) => {
    if (isWrite) writes.push(call.file)
    ran.push(call)
    return { exitCode: exitCodes[call.file] ?? 0, stdout: '', stderr: 'because', isTruncated: false }
  }
  const read = {
    httpGet: async () => ({ status: 200, headers: {}, body: JSON.stringify({ ids: stamps, state: 'moved' }) }),
    runProgram: run(false),
  }
  const write = {
    http: async (request: HttpRequest) => {
      writes.push(`${request.method} ${request.url}`)
      sent.push(request)
      if (request.url.endsWith('/stamps')) stamps.push(JSON.parse(request.body ?? '{}').id)
      return { status: request.url.endsWith('/refuses') ? 500 : 200, headers: {}, body: '' }
    },
    runProgram: run(true),
  }
  return { ports: { read, write } as unknown as StagePorts, writes, sent, ran }
}

function planWith(...stages: object[]) {
  return PlanFile.parse({
    ...{ version: 1, kind: 'DisasterRecoveryPlan', name: 'p', description: 'd', service: 'shop', action: 'self_heal' },
    objectives: { rtoSeconds: 900, rpoSeconds: 60 },
    probe: { by: 'http', writeUrl: 'http://shop.example/stamps', readUrl: 'http://shop.example/stamps' },
    stages: stages.map((stage) => ({ timeoutSeconds: 5, ...stage })),
  })
}

async function carryOut(test: TestStore, world: Outside, isDryRun: boolean, ...stages: object[]) {
  const plan = planWith(...stages)
  const placed: PlacedStage[] = stagesOf(plan)
  const run = await startedRun(test, { isDryRun })
  const changes = { plan, ports: world.ports, decidedOn: null }
  return { run, done: executeRun(run, executeDepsOf(test, placed, changes), never) }
}

const CALL = {
  stage: 'http-call',
  call: { url: 'http://shop.example/move' },
  rollback: { url: 'http://shop.example/back' },
}
const COMMAND = {
  stage: 'run-command',
  file: 'mover',
  args: ['--to', 'b'],
  rollback: { file: 'mover', args: ['--to', 'a'] },
}

describe('stages that belong to nobody', () => {
  it('all together change nothing in a rehearsal, and say what they would do', async () => {
    const test = await server.open()
    const world = outside()
    const stages = [
      ...[
        { stage: 'confirm-health' },
        CALL,
        COMMAND,
        { stage: 'verify' },
        { stage: 'notify', title: 'moved', page: true },
      ],
      { stage: 'wait-for-approval', question: 'Go?' },
    ]
    const { run, done } = await carryOut(test, world, true, ...stages)
    expect(await done).toBe('succeeded')
    expect(world.writes).toEqual([])
    const would = (await test.store.runs.journalOf(run.id)).filter(({ kind }) => kind === 'would')
    expect(would.map(({ detail }) => detail.replace(/run_\w+:verify:\d+/, 'ID'))).toEqual([
      'POST http://shop.example/move',
      'run `mover --to b`',
      'write the stamp ID',
      'tell people: moved',
    ])
    expect(await titlesTold(test)).not.toContainEqual(expect.stringContaining('moved'))
  })

  it('carry the generation and a key that is the same for every repetition', async () => {
    const test = await server.open()
    const world = outside()
    const { run, done } = await carryOut(test, world, false, CALL, COMMAND)
    expect(await done).toBe('succeeded')
    const key = `${run.id}:http-call`
    expect(world.sent[0]?.headers).toMatchObject({ 'idempotency-key': key, 'x-failwise-generation': '1' })
    expect(world.ran[0]?.environment).toMatchObject({ FAILWISE_RUN: run.id, FAILWISE_GENERATION: '1' })
  })

  it('undo what was accepted when a later one fails', async () => {
    const test = await server.open()
    const world = outside()
    const broken = { ...CALL, id: 'broken', call: { url: 'http://shop.example/refuses' } }
    const { done } = await carryOut(test, world, false, COMMAND, CALL, broken)
    expect(await done).toBe('rolled_back')
    // What was refused may have had an effect all the same, so it is taken back too.
    expect(world.writes).toEqual([
      ...['mover', 'POST http://shop.example/move', 'POST http://shop.example/refuses'],
      ...['POST http://shop.example/back', 'POST http://shop.example/back', 'mover'],
    ])
  })

  it.each([
    [1, 'failed', ['mover']],
    [3, 'rolled_back', ['mover', 'mover']],
  ])('believe the check of a command, not its exit code: with %i it has %s', async (exitCode, state, writes) => {
    const test = await server.open()
    const world = outside({ looker: exitCode })
    const check = { file: 'looker' }
    const { done } = await carryOut(test, world, false, { ...COMMAND, timeoutSeconds: 0.2, check })
    expect(await done).toBe(state)
    expect(world.writes).toEqual(writes)
  })

  it('tell people once, however often they are applied', async () => {
    const test = await server.open()
    const { run, done } = await carryOut(test, outside(), false, { stage: 'notify', title: 'moved', lines: ['to b'] })
    expect(await done).toBe('succeeded')
    expect(await titlesTold(test)).toContainEqual('shop: p: moved')
    expect(await journalLines(test, run.id)).toContain('notify effect')
  })

  it('pass an approval on to whoever waits for it', async () => {
    const test = await server.open()
    const { run, done } = await carryOut(test, outside(), false, { stage: 'wait-for-approval', question: 'Go?' }, CALL)
    await expect.poll(async () => (await test.store.runs.get(run.id))?.state).toBe('paused')
    await resumeRun(test.store, run.id, BOB, 'yes', { person: 'bob', groups: [] })
    expect(await done).toBe('succeeded')
    const lines = await test.store.runs.journalOf(run.id)
    expect(lines.find(({ kind }) => kind === 'verified')?.detail).toBe('approved by bob via cli: yes')
  })
})

describe('verify', () => {
  it('holds only when a write that users could have made is found again', async () => {
    const test = await server.open()
    const world = outside()
    expect(await (await carryOut(test, world, false, { stage: 'verify' })).done).toBe('succeeded')
    expect(world.writes).toEqual(['POST http://shop.example/stamps'])
  })

  it('does not hold when what was acknowledged is not there', async () => {
    const test = await server.open()
    const world = outside()
    const nothing = async () => ({ status: 200, headers: {}, body: '{"ids":[]}' })
    const ports = { ...world.ports, read: { ...world.ports.read, httpGet: nothing } }
    const { run, done } = await carryOut(test, { ...world, ports }, false, { stage: 'verify', timeoutSeconds: 0.2 })
    expect(await done).toBe('failed')
    const told = (await test.store.runs.journalOf(run.id)).map(({ detail }) => detail).join('\n')
    expect(told).toContain('a write was acknowledged and is not found')
  })

  it('does not take missing values for good ones', async () => {
    const test = await server.open()
    const within = [{ series: 'no_such_series', max: 1 }]
    const { done } = await carryOut(test, outside(), false, {
      stage: 'verify',
      timeoutSeconds: 0.2,
      write: false,
      within,
    })
    expect(await done).toBe('failed')
  })
})

describe('confirm-health', () => {
  it.each([
    [
      'users are fine',
      (facts: ReturnType<typeof outageLook>['facts']) => ({
        ...facts,
        hurt: { ...facts.hurt, overall: 'no' as const },
      }),
    ],
    [
      'nobody knows',
      (facts: ReturnType<typeof outageLook>['facts']) => ({
        ...facts,
        hurt: { ...facts.hurt, overall: 'unknown' as const },
      }),
    ],
    [
      'the source recovers',
      (facts: ReturnType<typeof outageLook>['facts']) => ({ ...facts, hurt: { ...facts.hurt, isRecovering: true } }),
    ],
  ])('stops a move when %s', async (_what, change) => {
    const test = await server.open()
    const world = outside()
    const plan = planWith({ stage: 'confirm-health', target: 'secondary' }, CALL)
    const run = await startedRun(test)
    const look = async () => lookWith(change)
    const deps = executeDepsOf(test, stagesOf(plan), { plan, ports: world.ports, decidedOn: null, look })
    expect(await executeRun(run, deps, never)).toBe('failed')
    expect(world.writes).toEqual([])
  })
})
