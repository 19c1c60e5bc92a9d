import { describe, expect, it } from 'vitest'
import type { StagePorts } from '../../actions/ports.ts'
import { Options, shiftTraffic } from '../../actions/shift-traffic.ts'
import type { Look } from '../../actions/stage.ts'
import type { SeriesSignal } from '../../agent/domain/signal.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { executeRun } from '../../agent/engine/execute.ts'
import { pauseRun, resumeRun } from '../../agent/engine/run-control.ts'
import { executeDepsOf, outageLook, startedRun } from '../engine/run-scene.ts'
import { ALICE } from '../store/samples.ts'
import { type TestStore, testServer } from '../store/test-database.ts'

const server = testServer()
const never = new AbortController().signal

function options(changes: object = {}) {
  return Options.parse({
    stage: 'shift-traffic',
    timeoutSeconds: 20,
    through: { by: 'http', url: 'http://lever.example/share', fenced: true },
    stepSeconds: 0,
    lookEverySeconds: 0.01,
    minimumSamples: 2,
    within: [{ series: 'error_rate', max: 0.02 }],
    ...changes,
  })
}

/** A lever behind HTTP, and metrics that a test decides by the share; `null` stands for no values at all. */
function site(errorsAt: (percent: number) => number | null) {
  const turned: number[] = []
  let percent = 0
  const http = async ({ method, body = '{}' }: { method: string; body?: string }) => {
    if (method === 'PUT') {
      percent = JSON.parse(body).percent
      turned.push(percent)
    }
    return { status: 200, headers: {}, body: JSON.stringify({ percent }) }
  }
  const ports = {
    read: { httpGet: (request: object) => http({ method: 'GET', ...request }) },
    write: { http },
  } as unknown as StagePorts
  const look = async (): Promise<Look> => {
    const errors = errorsAt(percent)
    const { snapshot, facts } = outageLook()
    const nowMs = Date.now() + 10_000
    const points: SeriesSignal['points'] = errors === null ? [] : [1, 2, 3].map((back) => [nowMs / 1000 - back, errors])
    const series: SeriesSignal = {
      ...{ kind: 'series', id: 's', name: 'error_rate', unit: 'ratio', query: '', labels: {}, sli: null },
      ...{ stepSeconds: 1, points },
    }
    const evidence = [{ ...snapshot.evidence[0]!, signals: [series] }]
    return { snapshot: { ...snapshot, takenAt: instantOf(nowMs), evidence }, facts }
  }
  return { turned, ports, look }
}

async function shift(test: TestStore, world: ReturnType<typeof site>, changes: object = {}) {
  const run = await startedRun(test)
  const placed = { id: 'shift-traffic', timeoutMs: 20_000, stage: shiftTraffic(options(changes)) }
  const deps = executeDepsOf(test, [placed], { decidedOn: null, look: world.look, ports: world.ports })
  return { run, placed, done: executeRun(run, deps, never) }
}

describe('a gradual shift', () => {
  it('goes up by tenths while every step has fresh values within bounds', async () => {
    const test = await server.open()
    const world = site(() => 0.001)
    expect(await (await shift(test, world)).done).toBe('succeeded')
    expect(world.turned).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
  })

  it('takes everything back on the first breach', async () => {
    const test = await server.open()
    const world = site((percent) => (percent >= 40 ? 0.3 : 0.001))
    expect(await (await shift(test, world)).done).toBe('rolled_back')
    expect(world.turned).toEqual([10, 20, 30, 40, 0])
  })

  it('does not take silence for success: without values it goes no further, and back when its time is over', async () => {
    const test = await server.open()
    const world = site((percent) => (percent >= 20 ? null : 0.001))
    const run = await startedRun(test)
    const placed = { id: 'shift-traffic', timeoutMs: 300, stage: shiftTraffic(options()) }
    const deps = executeDepsOf(test, [placed], { decidedOn: null, look: world.look, ports: world.ports })
    expect(await executeRun(run, deps, never)).toBe('rolled_back')
    expect(world.turned).toEqual([10, 20, 0])
  })

  it('keeps its thresholds while a person holds it: a breach does not wait for the person', async () => {
    const test = await server.open()
    let isBad = false
    const world = site(() => (isBad ? 0.5 : null))
    const { run, done } = await shift(test, world)
    await expect.poll(() => world.turned).toEqual([10])
    await pauseRun(test.store, run.id, ALICE, 'looking')
    isBad = true
    expect(await done).toBe('rolled_back')
    expect(world.turned).toEqual([10, 0])
  })

  it('goes on where it was when the person lets it', async () => {
    const test = await server.open()
    let isKnown = false
    const world = site(() => (isKnown ? 0.001 : null))
    const { run, done } = await shift(test, world, { steps: [50, 100] })
    await expect.poll(() => world.turned).toEqual([50])
    await pauseRun(test.store, run.id, ALICE, 'looking')
    isKnown = true
    await resumeRun(test.store, run.id, ALICE, 'fine')
    expect(await done).toBe('succeeded')
    expect(world.turned).toEqual([50, 100])
  })

  it('rehearses every step and turns nothing', async () => {
    const test = await server.open()
    const world = site(() => null)
    const run = await startedRun(test, { isDryRun: true })
    const placed = { id: 'shift-traffic', timeoutMs: 5000, stage: shiftTraffic(options()) }
    const deps = executeDepsOf(test, [placed], { decidedOn: null, look: world.look, ports: world.ports })
    expect(await executeRun(run, deps, never)).toBe('succeeded')
    const would = (await test.store.runs.journalOf(run.id)).filter(({ kind }) => kind === 'would')
    expect(would).toHaveLength(10)
    expect(world.turned).toEqual([])
  })
})
