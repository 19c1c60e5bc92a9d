import { describe, expect, it } from 'vitest'
import { parseCase } from '../../evals/case.ts'
import { casePaths, loadCase } from '../../evals/load.ts'
import { CHECKS, variantOf } from '../../evals/metamorphic/checks.ts'
import { REGION_POOLS } from '../../evals/metamorphic/regions.ts'
import { OWN_INCIDENTS } from '../../evals/options.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { runEvals } from '../../evals/run.ts'
import { caseText, folderWith, optionsWith, testIo } from './eval-set.ts'

const check = (name: string) => CHECKS.find((one) => one.name === name)!
const incidentOf = (id: string) => parseCase(caseText(id), `${id}.json`).incident
const variant = (name: string, id: string, seed = '1') => variantOf(check(name), incidentOf(id), id, seed)

describe('variants', () => {
  it.each(CHECKS.map(({ name }) => name))(
    '%s: are the same for the same seed and leave the case itself alone',
    (name) => {
      const incident = incidentOf('a-basket-euw1')
      const before = JSON.stringify(incident)
      const first = JSON.stringify(variantOf(check(name), incident, 'x', '1'))
      expect(JSON.stringify(incident)).toBe(before)
      expect(JSON.stringify(variantOf(check(name), incident, 'x', '1'))).toBe(first)
      expect(first).not.toBe(before)
    },
  )
  it.each(CHECKS.map(({ name }) => name))('%s: every upstream that answered still does', async (name) => {
    for (const path of (await casePaths(OWN_INCIDENTS)).filter((_, index) => index % 9 === 0)) {
      const { id, incident } = await loadCase(path)
      const failed = async (of: typeof incident) =>
        (await snapshotOf(of)).evidence.filter(({ status }) => status === 'failed').length
      expect([id, await failed(variantOf(check(name), incident, id, '1'))]).toEqual([id, await failed(incident)])
    }
  })
})

describe('renamed', () => {
  it('moves to real regions of the same provider and leaves no old name behind', () => {
    const before = incidentOf('a-basket-euw1')
    const after = variant('renamed', 'a-basket-euw1')
    const known = (provider: string) =>
      REGION_POOLS.filter((pool) => pool.provider === provider).flatMap(({ regions }) =>
        regions.map(({ code }) => code),
      )
    for (const place of ['primary', 'secondary', 'dr'] as const) {
      const site = after.service[place]
      if (!site) continue
      expect(site.provider).toBe(before.service[place]?.provider)
      expect([...known(site.provider), before.service[place]?.region]).toContain(site.region)
    }
    expect(after.service.name).not.toBe(before.service.name)
    expect(JSON.stringify(after)).not.toContain(before.service.name)
  })
  it('never maps two regions to one', () => {
    for (const { regions } of REGION_POOLS) expect(new Set(regions.map(({ code }) => code)).size).toBe(regions.length)
  })
})

describe('shifted', () => {
  it('moves every time alike, by whole weeks', async () => {
    const [before, after] = [
      await snapshotOf(incidentOf('a-site-euw8')),
      await snapshotOf(variant('shifted', 'a-site-euw8')),
    ]
    const by = Date.parse(after.takenAt) - Date.parse(before.takenAt)
    expect(by % (7 * 86_400_000)).toBe(0)
    expect(by).not.toBe(0)
    const times = (of: typeof before) =>
      JSON.stringify(of)
        .match(/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d/g)!
        .map((time) => Date.parse(`${time}Z`))
    expect(times(after).map((time) => time - by)).toEqual(times(before))
  })
})

describe('logs split', () => {
  it('keeps every line', async () => {
    const lines = (of: ReturnType<typeof incidentOf>) =>
      JSON.stringify(of.upstream.loki)
        .match(/\["1\d{18}","(?:[^"\\]|\\.)*"\]/g)
        ?.sort()
    expect(lines(variant('logs split', 'a-basket-euw1'))).toEqual(lines(incidentOf('a-basket-euw1')))
  })
})

describe('ten times the evidence', () => {
  it('adds nine times as much, none of it about users or in our regions', async () => {
    const before = await snapshotOf(incidentOf('a-basket-euw1'))
    const after = await snapshotOf(variant('ten times the evidence', 'a-basket-euw1'))
    const series = (of: typeof before) => of.evidence.filter(({ source }) => source === 'prometheus').length
    expect(series(after)).toBe(10 * series(before))
    const felt = (of: typeof before) => JSON.stringify(of).split('"badWhen"').length
    expect(felt(after)).toBe(felt(before))
  })
})

describe('the check over the whole path', () => {
  it('counts flips and says what flipped them', async () => {
    const io = testIo()
    const { report } = await runEvals(
      optionsWith({ incidents: folderWith(['a-site-euw8', 'b-desk-deny']), metamorphic: true }),
      io,
    )
    expect(report?.metamorphic?.variants).toBe(2 * CHECKS.length)
    expect(report?.metamorphic?.flips).toBe(report?.metamorphic?.flipped.length)
    expect(io.written.join('')).toContain(`Metamorphic: ${report?.metamorphic?.flips} of 10 decisions flipped`)
  })
  it('catches a decider that hangs on a name', async () => {
    const superstitious = {
      id: 'superstitious',
      assess: async (...[snapshot]: [{ service: { name: string } }, ...unknown[]]) => opinionFor(snapshot.service.name),
    }
    const io = testIo({ analystNamed: async () => ({ analyst: superstitious, promptHash: null, isFree: true }) })
    const { failures, report } = await runEvals(
      optionsWith({ incidents: folderWith(['a-anycast-sin']), analyst: 'x', metamorphic: true, maxFlips: 0 }),
      io,
    )
    expect(report?.metamorphic?.flipped.map((flip) => flip.check)).toEqual(['renamed'])
    expect(failures.join()).toContain('1 decisions flipped')
  })
})

const NAME = incidentOf('a-anycast-sin').service.name

function opinionFor(name: string) {
  const verdict = {
    rootCause: { category: 'none' as const, provider: null, summary: '' },
    recommendedAction: name === NAME ? ('page_human' as const) : ('observe' as const),
    confidence: 0.6,
    reasoning: '',
    citations: [],
    alternatives: [],
    unknowns: [],
  }
  return {
    analyst: 'superstitious',
    verdict,
    abstained: null,
    calibratedConfidence: null,
    promptHash: null,
    notes: [],
    usage: null,
  }
}
