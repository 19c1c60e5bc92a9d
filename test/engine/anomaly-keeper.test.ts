import { describe, expect, it } from 'vitest'
import { type DetectorName, trainDetector } from '../../agent/anomaly/detector.ts'
import type { TrainDetector } from '../../agent/anomaly/training-thread.ts'
import { AnomalyOpinion } from '../../agent/domain/anomaly.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { type AnomalyKeeper, type AnomalyKeeperDeps, anomalyKeeper } from '../../agent/engine/anomaly-keeper.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { edit, STEP, serviceHistory } from '../anomaly/synthetic.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { fakeHistory, snapshotAt } from './metric-scene.ts'

const databases = testServer()
const START = Date.parse('2026-03-01T00:00:00.000Z') / 1000
const DAY = 86_400
const BROKEN = START + 8.5 * DAY
const never = new AbortController().signal

const calm = shifted(serviceHistory({ days: 10 }))
/** The third metric leaves its range for two hours; the others do not. */
const broken = edit(calm, (value, i, j) => {
  const at = calm.atSeconds[i]!
  return j === 2 && at >= BROKEN && at < BROKEN + 7200 ? value + 9 : value
})

function shifted(history: ReturnType<typeof serviceHistory>) {
  return { ...history, atSeconds: history.atSeconds.map((at) => at + START) }
}

/** In the test's own thread, where it can be watched. */
const trainHere: TrainDetector = async (history, detector) => trainDetector(history, detector)

interface Scene {
  readonly test: TestStore
  readonly keeper: AnomalyKeeper
  readonly source: ReturnType<typeof fakeHistory>
  readonly seen: { trained: string[]; rows: number; opinions: string[]; problems: string[] }
  at(seconds: number): void
  /** Another agent, or this one after a restart. */
  another(changes?: Partial<AnomalyKeeperDeps>): AnomalyKeeper
}

async function scene(history = broken, detector: DetectorName = 'best'): Promise<Scene> {
  const test = await databases.open()
  const source = fakeHistory(history)
  const seen: Scene['seen'] = { trained: [], rows: 0, opinions: [], problems: [] }
  let made = 0
  const another = (changes: Partial<AnomalyKeeperDeps> = {}) =>
    anomalyKeeper({
      ...{ store: test.store, clock: test.clock, train: trainHere },
      newId: (kind) => `${kind}_${++made}_${test.clock.now()}`,
      histories: new Map([['shop', source]]),
      options: { historyDays: 7, stepSeconds: STEP, retrainHours: 24, detector, cacheBytes: 1e8 },
      observe: {
        trained: (outcome) => seen.trained.push(outcome),
        read: (rows) => {
          seen.rows += rows
        },
        opinion: (status) => seen.opinions.push(status),
        problem: (service) => seen.problems.push(service),
      },
      ...changes,
    })
  const at = (seconds: number) => test.clock.set(instantOf(seconds * 1000))
  at(START + 8 * DAY)
  return { test, keeper: another(), source, seen, at, another }
}

async function opinionAt({ at }: Scene, keeper: AnomalyKeeper, seconds: number, history = broken) {
  at(seconds)
  return AnomalyOpinion.parse(await keeper.opinion(snapshotAt(history, seconds)))
}

function said(opinion: AnomalyOpinion): Extract<AnomalyOpinion, { status: 'ok' }> {
  if (opinion.status === 'abstained') expect.fail(opinion.reason)
  return opinion
}

describe('an anomaly model in the agent', () => {
  it('is trained from the past alone, and names what broke and since when', async () => {
    const scened = await scene()
    const { keeper, source, seen, at } = scened
    await keeper.trainDue(never)
    expect(source.asked).toEqual([{ fromSeconds: START + DAY, toSeconds: START + 8 * DAY, stepSeconds: STEP }])
    expect(seen.trained).toEqual(['trained'])
    at(BROKEN - 600)
    await keeper.advance(never)
    const before = said(await opinionAt(scened, keeper, BROKEN - STEP))
    expect(before.isAnomalous).toBe(false)
    const opinion = said(await opinionAt(scened, keeper, BROKEN + 1800))
    expect(opinion).toMatchObject({ scope: 'shop', isAnomalous: true, missing: [] })
    expect(opinion.contributions[0]).toMatchObject({ metric: 'm2', since: instantOf(BROKEN * 1000) })
    expect(opinion.risk30?.probability).toBeGreaterThan(3 * (opinion.risk30?.baseRate ?? 1))
    expect(opinion.streamReadTo).toBe(instantOf((BROKEN - 600 - STEP) * 1000))
    expect(seen.opinions).toEqual(['ok', 'ok'])
  })

  it('says the same of the same snapshot whoever asks, and leaves nothing behind', async () => {
    const scened = await scene()
    const { keeper, another, at } = scened
    await keeper.train('shop', never)
    at(BROKEN)
    await keeper.advance(never)
    const first = await opinionAt(scened, keeper, BROKEN + 1200)
    expect(await opinionAt(scened, another(), BROKEN + 1200)).toEqual(first)
    expect(await opinionAt(scened, keeper, BROKEN + 1200)).toEqual(first)
    expect(said(first).score).toBeGreaterThan(0)
  })

  it('goes on after a restart as if there had been none', async () => {
    const scened = await scene()
    const { keeper, another, at } = scened
    await keeper.train('shop', never)
    const steps = [0.2, 0.35, 0.5, 0.55].map((share) => START + (8 + share) * DAY)
    for (const seconds of steps) {
      at(seconds)
      await another().advance(never)
    }
    const restarted = await opinionAt(scened, another(), BROKEN + 5400)

    const unbroken = await scene()
    await unbroken.keeper.train('shop', never)
    unbroken.at(steps.at(-1)!)
    await unbroken.keeper.advance(never)
    const straight = await opinionAt(unbroken, unbroken.keeper, BROKEN + 5400)
    expect(restarted).toEqual(straight)
  })

  it('reads each row once, and stores how far it came', async () => {
    const { keeper, seen, test, at, source } = await scene()
    await keeper.train('shop', never)
    at(START + 8 * DAY + 3600)
    expect(await keeper.advance(never)).toBe(11)
    expect(await keeper.advance(never)).toBe(0)
    at(START + 8 * DAY + 7200)
    expect(await keeper.advance(never)).toBe(12)
    expect(seen.rows).toBe(23)
    expect(source.asked.at(-1)?.fromSeconds).toBe(START + 8 * DAY + 3600)
    expect(await test.store.anomalyModels.stream('shop')).toMatchObject({
      at: instantOf((START + 8 * DAY + 7200 - STEP) * 1000),
    })
  })

  it('tells the causes also when every row was read before it is asked', async () => {
    const scened = await scene()
    const { keeper, another, at } = scened
    await keeper.train('shop', never)
    at(BROKEN + 1200 + STEP)
    await keeper.advance(never)
    const opinion = said(await opinionAt(scened, another(), BROKEN + 1200))
    expect(opinion.contributions[0]).toMatchObject({ metric: 'm2', since: instantOf(BROKEN * 1000) })
  })

  it('is trained again when it is old, and by one agent only', async () => {
    const { keeper, another, seen, test, at } = await scene()
    await keeper.trainDue(never)
    const [first] = await test.store.anomalyModels.scopes()
    at(START + 9 * DAY - 60)
    await keeper.trainDue(never)
    expect(seen.trained).toHaveLength(1)
    at(START + 9 * DAY)
    await Promise.all([keeper.trainDue(never), another().trainDue(never)])
    expect(seen.trained).toHaveLength(2)
    const [second] = await test.store.anomalyModels.scopes()
    expect(second?.model?.id).not.toBe(first?.model?.id)
    expect(second?.model?.metadata).toMatchObject({ to: instantOf((START + 9 * DAY) * 1000), detector: 'best' })
  })

  it('is not trained again while an incident of the service is open', async () => {
    const { keeper, seen, test, at } = await scene()
    await keeper.trainDue(never)
    at(START + 9 * DAY)
    const scope = { service: 'shop', group: 'shop', provider: 'aws', severity: 'critical' }
    const incident = await test.store.incidents.openFromWatch(scope)
    await keeper.trainDue(never)
    expect(seen.trained).toHaveLength(1)
    await test.store.incidents.closeByPerson(incident.id, { kind: 'person', id: 'alice', via: null }, 'over')
    await keeper.trainDue(never)
    expect(seen.trained).toHaveLength(2)
  })

  it('is trained again when another detector is chosen', async () => {
    const { keeper, another, test, at } = await scene()
    await keeper.trainDue(never)
    at(START + 8 * DAY + 3600)
    const options = { historyDays: 7, stepSeconds: STEP, retrainHours: 24, cacheBytes: 1e8 }
    await another({ options: { ...options, detector: 'isolation-forest' } }).trainDue(never)
    const [scope] = await test.store.anomalyModels.scopes()
    expect(scope?.model?.version).toMatch(/^isolation-forest/)
  })

  it('abstains with the reason where there is too little history, until there is enough', async () => {
    const young = { ...calm, columns: calm.columns.map((c) => c.slice(2000)), atSeconds: calm.atSeconds.slice(2000) }
    const scened = await scene(young)
    const { keeper, seen, at } = scened
    expect(await opinionAt(scened, keeper, START + 8 * DAY - STEP, young)).toMatchObject({
      status: 'abstained',
      reason: 'no model has been trained yet',
    })
    at(START + 7.5 * DAY)
    await keeper.trainDue(never)
    const opinion = await opinionAt(scened, keeper, START + 7.5 * DAY, young)
    expect(opinion).toMatchObject({ status: 'abstained', reason: expect.stringMatching(/at least 24 are needed/) })
    await keeper.trainDue(never)
    expect(seen.trained).toEqual(['abstained'])
    at(START + 9 * DAY)
    await keeper.trainDue(never)
    expect(seen.trained).toEqual(['abstained', 'trained'])
    said(await opinionAt(scened, keeper, START + 9 * DAY, young))
  })

  it('abstains when its metrics are gone from the snapshot, and has no opinion on services without metrics', async () => {
    const scened = await scene()
    await scened.keeper.train('shop', never)
    const silent = edit(broken, (value, i) => (broken.atSeconds[i]! > START + 8 * DAY - 7200 ? Number.NaN : value))
    const opinion = await opinionAt(scened, scened.keeper, START + 8 * DAY + STEP, silent)
    expect(opinion).toMatchObject({ status: 'abstained', reason: '4 of 4 metrics have no reading' })
    expect(await scened.keeper.opinion(snapshotAt(broken, BROKEN, 'other'))).toBeNull()
    await expect(scened.keeper.train('other', never)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('keeps the old model when the server is away, asks it rarely, and says why', async () => {
    const { keeper, source, seen, test, at } = await scene()
    await keeper.trainDue(never)
    source.failure = new Fault('upstream_unreachable', 'the server is away')
    at(START + 9 * DAY)
    expect(await keeper.advance(never)).toBe(0)
    await keeper.trainDue(never)
    const asked = source.asked.length
    await keeper.trainDue(never)
    await keeper.advance(never)
    expect(source.asked).toHaveLength(asked)
    expect(seen).toMatchObject({ trained: ['trained', 'failed'], problems: ['shop', 'shop'] })
    const [scope] = await test.store.anomalyModels.scopes()
    expect(scope).toMatchObject({ refusal: 'the server is away', model: { service: 'shop' } })
  })

  it('stops when it is told to, and leaves no half model', async () => {
    const stop = new AbortController()
    const { another, test } = await scene()
    const train: TrainDetector = async (history, detector) => {
      stop.abort(new Fault('deadline', 'the agent stops'))
      return trainDetector(history, detector)
    }
    await expect(another({ train }).trainDue(stop.signal)).rejects.toMatchObject({ code: 'deadline' })
    expect(await test.store.anomalyModels.scopes()).toEqual([])
  })

  it('has an opinion on the metrics as they are now, without storing anything', async () => {
    const { keeper, at, test } = await scene()
    await keeper.train('shop', never)
    at(BROKEN + 1800)
    expect(said(await keeper.opinionNow('shop', never))).toMatchObject({ isAnomalous: true })
    expect(await test.store.anomalyModels.stream('shop')).toMatchObject({ at: null })
  })

  it('can be the named baseline, which knows no calibrated risk', async () => {
    const scened = await scene(broken, 'isolation-forest')
    await scened.keeper.train('shop', never)
    scened.at(BROKEN)
    await scened.keeper.advance(never)
    const opinion = said(await opinionAt(scened, scened.keeper, BROKEN + 1800))
    expect(opinion).toMatchObject({ isAnomalous: true, risk30: null })
    expect(opinion.contributions[0]?.metric).toBe('m2')
    expect(await opinionAt(scened, scened.another(), BROKEN + 1800)).toEqual(opinion)
  })
})
