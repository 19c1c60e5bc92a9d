import { describe, expect, it, onTestFinished } from 'vitest'
import { canonicalJson } from '../../agent/domain/canonical.ts'
import { agentStateFor } from '../../agent/engine/agent-state.ts'
import { assess } from '../../agent/engine/assess.ts'
import { stoppedClock } from '../../agent/lib/clock.ts'
import type { Collector } from '../../collectors/collector.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
import { clearOutage, sureOpinion } from '../policy/inputs.ts'
import { ALICE } from '../store/samples.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import {
  analystWith,
  assessDepsOf,
  bookOf,
  calmCollectors,
  claimAgain,
  claimedShop,
  collectorOf,
  entryOf,
  outageCollectors,
  SHOP,
  sendAlert,
} from './scene.ts'

const server = testServer()
const uncalibrated = () => ({ ...sureOpinion(), calibratedConfidence: null })

async function openStore(): Promise<TestStore> {
  const test = await server.open()
  onTestFinished(() => test.close())
  return test
}

/** A store, and dependencies whose waits end by abort only. */
async function scene(changes: Parameters<typeof assessDepsOf>[1] = {}) {
  const test = await openStore()
  const clock = { ...test.clock, sleep: stoppedClock(0).sleep }
  return { test, deps: assessDepsOf({ store: test.store, clock }, changes) }
}

async function messagesOf(test: TestStore) {
  const messages = await test.store.outbox.list()
  return messages.reverse().map(({ payload }) => payload.notification as { kind: string; id: string; title: string })
}

async function incidentOf(test: TestStore) {
  const [incident] = await test.store.incidents.list()
  if (!incident) throw new Error('there is no incident')
  return incident
}

describe('what is done with a decision', () => {
  it('requests a run when it may act, and leaves it to nobody to answer', async () => {
    const { test, deps } = await scene()
    const assessment = await assess(await claimedShop(test), deps)
    expect(assessment?.judgement.decision).toMatchObject({ action: 'region_failover', disposition: 'act' })
    const [run] = await test.store.runs.list()
    expect(run).toMatchObject({
      id: assessment?.recorded.runId,
      state: 'pending',
      group: 'shop',
      action: 'region_failover',
      target: 'secondary',
      planHash: 'plan:move to eu-central-1',
      isDryRun: false,
    })
    expect(await test.store.approvals.list()).toEqual([])
    expect((await messagesOf(test)).map(({ kind }) => kind)).toEqual(['page'])
  })

  it('does nothing while another service of its group is frozen, since all of it would move', async () => {
    const [shop, till] = [SHOP, { ...SHOP, name: 'till' }].map((service) =>
      entryOf({ service: { ...service, group: 'shop' } }),
    )
    const { test, deps } = await scene({ services: bookOf(shop!, till!) })
    await test.store.freezes.set({ service: 'till', kind: 'freeze', reason: 'stocktaking', by: ALICE, until: null })
    const assessment = await assess(await claimedShop(test), deps)
    expect(assessment?.judgement.decision).toMatchObject({ action: 'region_failover', disposition: 'notify' })
    expect(await test.store.runs.list()).toEqual([])
  })

  it('stores a question when a person must say yes, with what a yes would lose', async () => {
    const { test, deps } = await scene({ analyst: analystWith(uncalibrated()) })
    const assessment = await assess(await claimedShop(test), deps)
    expect(assessment?.judgement.decision.disposition).toBe('ask')
    const [approval] = await test.store.approvals.list()
    expect(approval).toMatchObject({
      id: assessment?.recorded.approvalId,
      status: 'pending',
      approvers: ['alice', 'bob'],
      needed: 1,
      dataLossSeconds: 2,
      factsHash: assessment?.judgement.factsHash,
    })
    expect(approval?.summary).toContain('region_failover of shop to aws eu-central-1?')
    expect(await test.store.runs.list()).toEqual([])
    expect((await incidentOf(test)).state).toBe('awaiting_approval')
  })

  it.each([
    ['act', sureOpinion()],
    ['ask', uncalibrated()],
  ])('decides the same in shadow mode as live, and does nothing of it (%s)', async (disposition, opinion) => {
    const live = await scene({ analyst: analystWith(opinion) })
    const shadow = await scene({ analyst: analystWith(opinion), mode: 'shadow' })
    const decided = await assess(await claimedShop(live.test), live.deps)
    const shadowed = await assess(await claimedShop(shadow.test), shadow.deps)
    expect(shadowed?.judgement.decision.disposition).toBe(disposition)
    expect(canonicalJson(shadowed?.judgement.decision)).toBe(canonicalJson(decided?.judgement.decision))
    expect(await shadow.test.store.approvals.list()).toEqual([])
    expect(await shadow.test.store.runs.list()).toEqual([])
    expect((await incidentOf(shadow.test)).state).toBe('open')
    const [record] = await shadow.test.store.decisions.list()
    expect(record?.mode).toBe('shadow')
  })

  it('puts on record what it was made from, and the chain verifies', async () => {
    const { test, deps } = await scene()
    const assessment = await assess(await claimedShop(test), deps)
    const record = await test.store.decisions.get(assessment?.recorded.id ?? '')
    expect(record?.snapshot.evidence.map(({ id }) => id)).toEqual(clearOutage().evidence.map(({ id }) => id))
    expect(record?.decision).toEqual(assessment?.judgement.decision)
    expect(record?.opinion).toEqual(sureOpinion())
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true })
  })

  it('tells people again only when the decision is another one', async () => {
    const { test, deps } = await scene({ mode: 'shadow', analyst: analystWith(uncalibrated()) })
    await assess(await claimedShop(test), deps)
    test.clock.advance(30_000)
    await assess(await claimAgain(test), deps)
    expect(await messagesOf(test)).toHaveLength(1)
    test.clock.advance(30_000)
    await assess(await claimAgain(test), { ...deps, services: blindBook() })
    const titles = (await messagesOf(test)).map(({ title }) => title)
    expect(titles).toHaveLength(2)
    expect(titles[1]).not.toBe(titles[0])
  })
})

/** The outage with every source out of reach. */
function blindBook() {
  const collectors = outageCollectors().map((collector) =>
    collectorOf({ id: collector.name, observer: collector.observer }, () => {
      throw new Error('out of reach')
    }),
  )
  return bookOf(entryOf({ collectors }))
}

describe('no decision in time', () => {
  it('pages a person at the deadline, and records nothing that comes later', async () => {
    const test = await openStore()
    const clock = steppingClock({ startMs: test.clock.now() })
    let answer: () => void = () => {}
    let isAsked: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    const analyst = analystWith(async () => {
      isAsked()
      await answered
      return sureOpinion()
    })
    const deps = assessDepsOf({ store: test.store, clock }, { analyst })
    const service = { ...SHOP, runbookUrl: 'https://wiki.example/shop' }
    const assessing = assess(await claimedShop(test), { ...deps, services: bookOf(entryOf({ service })) })
    await asked
    clock.advance(60_000)
    expect(await assessing).toBeNull()
    answer()
    await new Promise((resolve) => setImmediate(resolve))
    expect(await test.store.decisions.list()).toEqual([])
    expect(await test.store.runs.list()).toEqual([])
    const { id } = await incidentOf(test)
    expect(await messagesOf(test)).toEqual([
      expect.objectContaining({
        kind: 'late',
        severity: 'critical',
        title: 'shop: no decision within 60 s, please take over',
        runbookUrl: 'https://wiki.example/shop',
        overrideCommand: `failwise decide ${id}`,
      }),
    ])
    const [entry] = await test.store.audit.list({ kinds: ['assessment_failed'] })
    expect(entry?.entry).toMatchObject({ incidentId: id, paged: true, reason: 'no decision within 60000 ms' })
    expect((await incidentOf(test)).state).toBe('open')
  })

  it('ends what was still looking when the deadline passes', async () => {
    const test = await openStore()
    const clock = steppingClock({ startMs: test.clock.now() })
    let isLooking: (abort: AbortSignal) => void = () => {}
    const looking = new Promise<AbortSignal>((resolve) => {
      isLooking = resolve
    })
    const hanging = collectorOf({ id: 'prometheus:hangs', observer: 'own_telemetry' }, (ctx) => {
      isLooking(ctx.abort)
      return new Promise(() => {})
    })
    const services = bookOf(entryOf({ collectors: [hanging] }))
    const assessing = assess(await claimedShop(test), assessDepsOf({ store: test.store, clock }, { services }))
    const abort = await looking
    clock.advance(10_000)
    // Its own time is over: it costs its evidence, and the decision comes without it.
    expect((await assessing)?.snapshot.evidence).toMatchObject([{ status: 'failed', error: { kind: 'timeout' } }])
    expect(abort.aborted).toBe(true)
  })

  it('pages at the first failures and then ever more rarely', async () => {
    const { test, deps } = await scene(failing())
    await sendAlert(test)
    const paged: number[] = []
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      const before = (await messagesOf(test)).length
      expect(await assess(await claimAgain(test), deps)).toBeNull()
      if ((await messagesOf(test)).length > before) paged.push(attempt)
      test.clock.advance(30_000)
    }
    expect(paged).toEqual([1, 2, 4, 8])
  })

  it('pages at the first failure after a decision, however often it was assessed before', async () => {
    const { test, deps } = await scene({ mode: 'shadow', analyst: analystWith(uncalibrated()) })
    await sendAlert(test)
    for (let attempt = 1; attempt <= 4; attempt += 1) await assess(await claimAgain(test), deps)
    expect((await messagesOf(test)).map(({ kind }) => kind)).toEqual(['page'])
    test.clock.advance(1000)
    await assess(await claimAgain(test), { ...deps, ...failing() })
    expect((await messagesOf(test)).map(({ kind }) => kind)).toEqual(['page', 'late'])
  })

  it('tries again half a minute later', async () => {
    const { test, deps } = await scene(failing())
    await assess(await claimedShop(test), deps)
    expect((await incidentOf(test)).nextAssessmentAt).toBe(test.at(30_000))
  })

  it('tells once of a service that the catalogue does not know, and looks again in an hour', async () => {
    const { test, deps } = await scene({ services: bookOf() })
    await sendAlert(test)
    for (let attempt = 1; attempt <= 3; attempt += 1) await assess(await claimAgain(test), deps)
    expect(await messagesOf(test)).toHaveLength(1)
    expect((await incidentOf(test)).nextAssessmentAt).toBe(test.at(3_600_000))
  })

  it('stores nothing when another agent has taken the incident over', async () => {
    const { test, deps } = await scene()
    const claim = await claimedShop(test)
    await test.sql(`update incidents set claim_expires_at = now() - interval '1 second'`)
    await claimAgain(test, 'agent-b')
    await expect(assess(claim, deps)).rejects.toMatchObject({ code: 'conflict' })
    expect(await test.store.decisions.list()).toEqual([])
    expect(await messagesOf(test)).toEqual([])
  })
})

function failing(): { policy: () => never } {
  return {
    policy: () => {
      throw new Error('the policy cannot be read')
    },
  }
}

describe('looking again', () => {
  it('asks the analyst once while the facts stay the same, and again when they change', async () => {
    const analyst = analystWith()
    const { test, deps } = await scene({ analyst, mode: 'shadow' })
    const first = await assess(await claimedShop(test), deps)
    const second = await assess(await claimAgain(test), deps)
    expect(analyst.asked).toBe(1)
    expect(second?.judgement.opinion).toMatchObject({
      verdict: sureOpinion().verdict,
      usage: null,
      notes: [`kept from ${first?.recorded.id}: the facts have not changed since`],
    })
    const collectors = outageCollectors().filter(({ name }) => name !== 'aws-health')
    await assess(await claimAgain(test), { ...deps, services: bookOf(entryOf({ collectors })) })
    expect(analyst.asked).toBe(2)
  })

  it('asks again after an abstention', async () => {
    const analyst = analystWith({
      ...sureOpinion(),
      verdict: null,
      abstained: { reason: 'unavailable', detail: 'the model is down' },
    })
    const { test, deps } = await scene({ analyst, mode: 'shadow' })
    await assess(await claimedShop(test), deps)
    await assess(await claimAgain(test), deps)
    expect(analyst.asked).toBe(2)
  })

  it('closes an incident at the third good, fresh evaluation after its alerts ended, and says so to those who were paged', async () => {
    const { test, deps } = await scene({ mode: 'shadow' })
    await assess(await claimedShop(test), deps)
    await sendAlert(test, 'resolved')
    const calm = { ...deps, services: calmBook(test) }
    const states: string[] = []
    for (let look = 1; look <= 3; look += 1) {
      states.push((await assess(await claimAgain(test), calm))?.incident.state ?? 'none')
      test.clock.advance(30_000)
    }
    expect(states).toEqual(['open', 'open', 'closed'])
    expect((await messagesOf(test)).map(({ kind }) => kind)).toEqual(['page', 'resolve'])
  })

  it('says nothing about the end of what nobody was told of', async () => {
    const { test, deps } = await scene({ mode: 'shadow' })
    await sendAlert(test)
    await sendAlert(test, 'resolved')
    const calm = { ...deps, services: calmBook(test), analyst: analystWith(nothingWrong()) }
    for (let look = 1; look <= 3; look += 1) await assess(await claimAgain(test), calm)
    expect((await incidentOf(test)).state).toBe('closed')
    expect(await messagesOf(test)).toEqual([])
  })

  it('does not close while an alert still fires', async () => {
    const { test, deps } = await scene({ mode: 'shadow' })
    await sendAlert(test)
    const calm = { ...deps, services: calmBook(test) }
    for (let look = 1; look <= 4; look += 1) await assess(await claimAgain(test), calm)
    expect(await incidentOf(test)).toMatchObject({ closedAt: null, goodEvaluations: 0 })
  })

  it('never counts a look that found users fine as a bad one, although an alert fires', async () => {
    const { test, deps } = await scene({ mode: 'shadow' })
    await sendAlert(test)
    for (let look = 1; look <= 3; look += 1) {
      await assess(await claimAgain(test), { ...deps, services: calmBook(test) })
      test.clock.advance(40_000)
    }
    const { services, isolation } = deps
    const now = { nowMs: test.clock.now() }
    const state = await agentStateFor(entryOf(), { store: test.store, services, mode: 'live', isolation, ...now })
    expect(state.evaluations?.map((one) => one.state)).toEqual(['unknown', 'unknown', 'unknown'])
  })

  it('takes a series that vanished for unknown, not for an end, although the alerts resolved with it', async () => {
    const { test, deps } = await scene({ mode: 'shadow' })
    await sendAlert(test)
    await sendAlert(test, 'resolved')
    const calm = calmCollectors(() => test.clock.now())
    const collectors = [...calm, vanishedSeries(test.clock.now())]
    const services = bookOf(entryOf({ collectors }))
    for (let look = 1; look <= 4; look += 1) await assess(await claimAgain(test), { ...deps, services })
    expect(await incidentOf(test)).toMatchObject({ closedAt: null, goodEvaluations: 0 })
  })

  it('closes the incident of a service that nobody probes from outside, and waits for probes where they exist', async () => {
    const outcome = async (keep: (collector: Collector) => boolean) => {
      const { test, deps } = await scene({ mode: 'shadow' })
      await sendAlert(test)
      await sendAlert(test, 'resolved')
      const collectors = calmCollectors(() => test.clock.now()).flatMap((one) => (keep(one) ? [one] : []))
      const services = bookOf(entryOf({ collectors }))
      for (let look = 1; look <= 3; look += 1) await assess(await claimAgain(test), { ...deps, services })
      return (await incidentOf(test)).state
    }
    expect(await outcome(({ observer }) => observer !== 'outside_probe')).toBe('closed')
    expect(await outcome(({ observer }) => observer !== 'own_telemetry')).toBe('open')
  })

  it('counts good evaluations from the start after a bad one in between', async () => {
    const { test, deps } = await scene({ mode: 'shadow' })
    await sendAlert(test)
    await sendAlert(test, 'resolved')
    const calm = { ...deps, services: calmBook(test) }
    await assess(await claimAgain(test), calm)
    await assess(await claimAgain(test), calm)
    await assess(await claimAgain(test), deps)
    expect((await incidentOf(test)).goodEvaluations).toBe(0)
    await assess(await claimAgain(test), calm)
    expect((await incidentOf(test)).goodEvaluations).toBe(1)
  })
})

function calmBook(test: TestStore) {
  return bookOf(entryOf({ collectors: calmCollectors(() => test.clock.now()) }))
}

function nothingWrong() {
  const { verdict, ...opinion } = sureOpinion('no_action')
  if (!verdict) throw new Error('the sure opinion has a verdict')
  return { ...opinion, verdict: { ...verdict, rootCause: { ...verdict.rootCause, category: 'none' as const } } }
}

/** Good values until ten minutes ago, and nothing since. */
function vanishedSeries(nowMs: number) {
  return collectorOf({ id: 'prometheus:error_rate', observer: 'own_telemetry' }, [
    {
      kind: 'series',
      id: 'prometheus:error_rate:1',
      name: 'error_rate',
      unit: 'ratio',
      query: 'q',
      labels: {},
      sli: { role: 'errors', badWhen: 'high', objective: 0.01 },
      stepSeconds: 30,
      points: Array.from({ length: 100 }, (_, index) => [nowMs / 1000 - 600 - (100 - index) * 30, 0.001]),
    },
  ])
}
