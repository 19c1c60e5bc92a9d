import { describe, expect, it, onTestFinished } from 'vitest'
import type { HealthCheckSignal } from '../../agent/domain/signal.ts'
import { type WatchDeps, watchOnce } from '../../agent/engine/watch.ts'
import { stoppedClock } from '../../agent/lib/clock.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { tryOnce } from '../../agent/lib/retry.ts'
import { answering } from '../collectors/round.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { bookOf, collectorOf, entryOf, SHOP } from './scene.ts'

const server = testServer()

type Answer = HealthCheckSignal['status'] | 'unreachable'

/** A service whose checks answer what the test sets, watched every 30 s. */
async function scene(services: readonly string[] = ['shop']) {
  const test = await server.open()
  onTestFinished(() => test.close())
  const answers = { internal_services: 'ok' as Answer, external_uptime: 'ok' as Answer }
  const entries = services.map((name) => entryOf({ service: { ...SHOP, name }, collectors: checksOf(answers, test) }))
  const deps: WatchDeps = {
    store: test.store,
    services: bookOf(...entries),
    http: answering('nobody asks'),
    mask: async (text) => text,
    retry: tryOnce,
    clock: { ...test.clock, sleep: stoppedClock(0).sleep },
    healthScore: { weights: { internal_services: 5, external_uptime: 3 }, levels: LEVELS },
    openAtScore: LEVELS.selfHeal,
    sustained: { evaluations: 3, seconds: 60 },
    deadlineMs: 15_000,
    concurrency: 4,
  }
  const rounds = async (count: number) => {
    const opened: string[] = []
    for (let round = 0; round < count; round += 1) {
      opened.push(...(await watchOnce(deps, new AbortController().signal)).opened)
      test.clock.advance(30_000)
    }
    return opened
  }
  return { test, answers, deps, rounds }
}

const LEVELS = { selfHeal: 4, regionFailover: 8, drFailover: 11 }

function checksOf(answers: Record<string, Answer>, test: TestStore) {
  return Object.keys(answers).map((check) =>
    collectorOf({ id: `health:${check}`, observer: 'own_telemetry' }, () => {
      const status = answers[check]!
      if (status === 'unreachable') throw new Fault('upstream_unreachable', 'nobody answers')
      const checkedAt = test.at()
      return [
        { kind: 'health_check', id: `health:${check}:1`, check, status, latencyMs: null, detail: null, checkedAt },
      ]
    }),
  )
}

describe('the watch loop', () => {
  it('keeps a score of every service, and opens nothing while all is well', async () => {
    const { test, rounds } = await scene()
    expect(await rounds(4)).toEqual([])
    expect(await test.store.scores.current(['shop'])).toMatchObject([{ score: 0, maximum: 8, evaluations: 4 }])
  })

  it('opens an incident without any alert once the score has stayed high for more than a minute', async () => {
    const { test, answers, rounds } = await scene()
    answers.internal_services = 'error'
    expect(await rounds(2)).toEqual([])
    const opened = await rounds(1)
    expect(opened).toHaveLength(1)
    const incident = await test.store.incidents.get(opened[0]!)
    expect(incident).toMatchObject({ service: 'shop', group: 'shop', severity: 'critical', state: 'open' })
    expect(await test.store.incidents.claimAssessment('agent-a', 60_000)).toMatchObject({ incidentId: opened[0] })
  })

  it('opens none while another one of the group is open', async () => {
    const { answers, rounds } = await scene()
    answers.internal_services = 'error'
    expect(await rounds(3)).toHaveLength(1)
    expect(await rounds(5)).toEqual([])
  })

  it('starts over after one good evaluation', async () => {
    const { answers, rounds } = await scene()
    answers.internal_services = 'error'
    await rounds(2)
    answers.internal_services = 'ok'
    await rounds(1)
    answers.internal_services = 'error'
    expect(await rounds(2)).toEqual([])
    expect(await rounds(1)).toHaveLength(1)
  })

  it('counts checks that nobody answers as half bad', async () => {
    const { test, answers, rounds } = await scene()
    answers.internal_services = 'unreachable'
    answers.external_uptime = 'unreachable'
    expect(await rounds(3)).toHaveLength(1)
    expect(await test.store.scores.current(['shop'])).toMatchObject([{ score: 4, unknownWeight: 8 }])
  })

  it('says nothing about a service without health checks', async () => {
    const { test, deps } = await scene([])
    const services = bookOf(entryOf({ collectors: [collectorOf({ id: 'changes', observer: 'change' }, [])] }))
    expect(await watchOnce({ ...deps, services }, new AbortController().signal)).toEqual({ scored: 0, opened: [] })
    expect(await test.store.scores.current()).toEqual([])
  })

  it('scores many services in one round', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `service-${index}`)
    const { test, rounds } = await scene(names)
    await rounds(1)
    expect(await test.store.scores.current()).toHaveLength(50)
  })
})
