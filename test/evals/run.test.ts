import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Calibration } from '../../agent/domain/calibration.ts'
import type { Analyst } from '../../agent/llm/analyst.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { casePaths } from '../../evals/load.ts'
import { OWN_INCIDENTS } from '../../evals/options.ts'
import { runEvals } from '../../evals/run.ts'
import type { ScoredRun } from '../../evals/score-sink.ts'
import { caseObject, emptyFolder, folderWith, optionsWith, putCase, SOME_CASES, testIo } from './eval-set.ts'

/** An analyst that costs money, counts its calls and may stop answering. */
function paidAnalyst(answers: number, costUsd = 1): Analyst & { calls: number } {
  const rules = rulesAnalyst()
  const paid = {
    id: 'paid:model',
    calls: 0,
    assess: async (...given: Parameters<Analyst['assess']>) => {
      if (++paid.calls > answers)
        return { ...(await rules.assess(...given)), analyst: 'rules', notes: ['asked rules instead of a model'] }
      const usage = { inputTokens: 10, outputTokens: 2, cachedInputTokens: 0, costUsd, latencyMs: 5 }
      return { ...(await rules.assess(...given)), analyst: 'paid:model', usage }
    },
  }
  return paid
}
const named = (analyst: Analyst) => async () => ({ analyst, promptHash: 'prompt', isFree: false })

describe('a run', () => {
  it('writes the contract: counts that add up and a row for each case', async () => {
    const folder = emptyFolder()
    const json = join(folder, 'out', 'report.json')
    const io = testIo()
    const { exitCode, report } = await runEvals(optionsWith({ incidents: folderWith(), json }), io)
    const saved = JSON.parse(readFileSync(json, 'utf8'))
    expect(exitCode).toBe(0)
    expect(saved.cases.map(({ id }: { id: string }) => id)).toEqual(SOME_CASES)
    const { cases, best, acceptable, tolerable, forbidden } = saved.summary
    expect(best + acceptable + tolerable + forbidden).toBe(cases)
    for (const key of ['needless', 'missed', 'categoryAccuracy', 'brier', 'ece'])
      expect(saved.summary[key]).toBeTypeOf('number')
    for (const key of ['id', 'action', 'disposition', 'category', 'confidence', 'tier', 'needless', 'missed'])
      expect(saved.cases[0]).toHaveProperty(key)
    expect(saved.baselines.map(({ name }: { name: string }) => name)).toEqual([
      'thresholds',
      'always page_human',
      'always observe',
    ])
    expect(report?.summary.cases).toBe(SOME_CASES.length)
    expect(io.written.join('')).toMatch(/^needless failovers: 0 of 6/)
  })
  it('gives the same report twice, whatever the concurrency', async () => {
    const incidents = folderWith()
    const at = async (concurrency: number) => {
      const { report } = await runEvals(optionsWith({ incidents, concurrency }), testIo())
      return JSON.stringify({ ...report, usage: null, cases: report?.cases.map((one) => ({ ...one, latencyMs: 0 })) })
    }
    expect(await at(1)).toBe(await at(5))
  })
  it('names a malformed case and fails', async () => {
    const incidents = folderWith(['a-anycast-sin'])
    putCase(incidents, 'z-broken', { format: 'recorded-incident/v1', id: 'z-broken' })
    const { exitCode, report, failures } = await runEvals(optionsWith({ incidents }), testIo())
    expect(exitCode).toBe(1)
    expect(failures.join()).toContain('z-broken.json: decidedAt')
    expect(failures.join().split('z-broken.json')).toHaveLength(2)
    expect(report?.summary).toMatchObject({ cases: 1, errors: 1 })
  })
  it('names a second case of the same id and fails', async () => {
    const incidents = folderWith(['a-anycast-sin'])
    putCase(incidents, 'copy', caseObject('a-anycast-sin'))
    expect((await runEvals(optionsWith({ incidents }), testIo())).failures.join()).toContain(
      'id a-anycast-sin is also used by',
    )
  })
  it('fails when nothing was decided, and refuses a folder without cases', async () => {
    const workFolder = join(emptyFolder(), 'work')
    const nothing = optionsWith({ incidents: folderWith(['a-anycast-sin']), analyst: 'recorded' })
    expect((await runEvals(nothing, testIo({ workFolder }))).exitCode).toBe(1)
    expect(readdirSync(workFolder)).toEqual([])
    const empty = await runEvals(optionsWith({ incidents: folderWith(), filter: 'no-such-case' }), testIo())
    expect(empty.exitCode).toBe(1)
    expect(empty.failures.join()).toContain('no case was decided (filter: no-such-case)')
    await expect(runEvals(optionsWith({ incidents: emptyFolder() }), testIo())).rejects.toThrow(/no case files/)
  })
  it('fails below a bar that was asked for, and only then', async () => {
    const incidents = folderWith()
    const run = (parts: object) => runEvals(optionsWith({ incidents, analyst: 'thresholds', ...parts }), testIo())
    expect((await run({})).exitCode).toBe(0)
    expect((await run({ maxNeedless: 0 })).failures.join()).toMatch(
      /needless failovers, at most 0 are allowed: .*b-desk-deny/,
    )
    expect((await run({ failUnder: 0.99 })).failures.join()).toContain('at least 99 % are needed')
  })
  it('asks as often as told and says how steady the answers are', async () => {
    const { report } = await runEvals(optionsWith({ incidents: folderWith(['a-anycast-sin']), repeat: 3 }), testIo())
    expect(report?.summary).toMatchObject({ cases: 3, distinctCases: 1 })
    expect(report?.consistency).toMatchObject({ repeat: 3, sameDecision: 1 })
  })
  it('sends scores where they are wanted, and survives a refusal', async () => {
    const runs: ScoredRun[] = []
    const scores = { name: 'test', publish: async (run: ScoredRun) => void runs.push(run) }
    await runEvals(optionsWith({ incidents: folderWith() }), testIo({ scores }))
    expect(runs[0]?.items).toHaveLength(SOME_CASES.length)
    expect(runs[0]?.items[0]?.scores.map(({ name }) => name)).toContain('needless')
    const refusing = { name: 'test', publish: async () => Promise.reject(new Error('no')) }
    const io = testIo({ scores: refusing })
    expect((await runEvals(optionsWith({ incidents: folderWith() }), io)).exitCode).toBe(0)
    expect(io.shown.join('')).toContain('could not be sent to test')
  })
})

describe('labels', () => {
  it('are invisible to the decision: another label changes scores only', async () => {
    const incidents = folderWith()
    const before = (await runEvals(optionsWith({ incidents }), testIo())).report
    for (const id of SOME_CASES) {
      const one = caseObject(id)
      const label = {
        ...one.label,
        best: 'no_action',
        acceptable: [],
        tolerable: [],
        why: 'x',
        category: 'none',
        alsoCategories: [],
      }
      const forbidden = ['observe', 'self_heal', 'rollback_change', 'region_failover', 'dr_failover', 'page_human']
      const hidden = {
        title: 'x',
        tags: ['injection'],
        episode: 'x',
        minutesSinceOnset: 1,
        difficulty: 'x',
        provenance: { references: [] },
      }
      putCase(incidents, id, { ...one, ...hidden, label: { ...label, forbidden } })
    }
    const after = (await runEvals(optionsWith({ incidents }), testIo())).report
    const decided = (report: typeof after) =>
      report?.cases.map(({ id, action, disposition, confidence, category }) => [
        id,
        action,
        disposition,
        confidence,
        category,
      ])
    expect(decided(after)).toEqual(decided(before))
    expect(after?.cases.map(({ tier }) => tier)).not.toEqual(before?.cases.map(({ tier }) => tier))
  })
})

describe('a costly analyst', () => {
  it('is stopped at the limit; what was skipped is named', async () => {
    const analyst = paidAnalyst(100)
    const io = testIo({ analystNamed: named(analyst) })
    const { exitCode, failures, report } = await runEvals(
      optionsWith({ incidents: folderWith(), analyst: 'paid', concurrency: 1, maxCostUsd: 2 }),
      io,
    )
    expect(analyst.calls).toBe(2)
    expect(exitCode).toBe(1)
    expect(report?.summary.cases).toBe(2)
    expect(failures.filter((text) => text.includes('skipped: 2.00 USD spent'))).toHaveLength(4)
  })
  it('goes on where it was interrupted, and forgets a finished run', async () => {
    const incidents = folderWith()
    const workFolder = join(emptyFolder(), 'work')
    const first = paidAnalyst(100)
    const options = optionsWith({ incidents, analyst: 'paid', concurrency: 1 })
    const stop = new AbortController()
    const stopping = {
      ...first,
      assess: async (...given: Parameters<Analyst['assess']>) => {
        const opinion = await first.assess(...given)
        if (first.calls === 3) stop.abort()
        return opinion
      },
    }
    const broken = await runEvals(options, testIo({ analystNamed: named(stopping), workFolder, abort: stop.signal }))
    expect(broken.exitCode).toBe(1)
    expect(broken.failures.join()).toContain('run the same command to go on')

    const second = paidAnalyst(100)
    const io = testIo({ analystNamed: named(second), workFolder })
    const whole = await runEvals(options, io)
    expect(io.shown.join('')).toContain('going on after an interruption: 3 decisions')
    expect(second.calls).toBe(SOME_CASES.length - 3)
    expect(whole.exitCode).toBe(0)
    expect(whole.report?.usage.costUsd).toBe(SOME_CASES.length)
    expect(readdirSync(workFolder)).toEqual([])
  })
  it('asks again about a case whose file has changed, and scores a kept answer anew', async () => {
    const incidents = folderWith(['a-anycast-sin', 'a-basket-euw1'])
    putCase(incidents, 'z-broken', '{')
    const workFolder = join(emptyFolder(), 'work')
    const options = optionsWith({ incidents, analyst: 'paid' })
    await runEvals(options, testIo({ analystNamed: named(paidAnalyst(100)), workFolder }))
    const changed = caseObject('a-basket-euw1')
    putCase(incidents, 'a-basket-euw1', { ...changed, title: 'another' })
    const again = paidAnalyst(100)
    await runEvals(options, testIo({ analystNamed: named(again), workFolder }))
    expect(again.calls).toBe(1)
  })
  it('is not credited with what the rules answered in its place', async () => {
    const io = testIo({ analystNamed: named(paidAnalyst(0)) })
    const { exitCode, failures, report } = await runEvals(
      optionsWith({ incidents: folderWith(['a-anycast-sin']), analyst: 'paid' }),
      io,
    )
    expect(exitCode).toBe(1)
    expect(failures.join()).toContain('rules answered instead')
    expect(report?.summary.cases).toBe(0)
  })
})

describe('comparison', () => {
  it('pairs two deciders case by case', async () => {
    const io = testIo()
    const { exitCode } = await runEvals(optionsWith({ incidents: folderWith(), compare: ['rules', 'thresholds'] }), io)
    expect(exitCode).toBe(0)
    expect(io.written.join('')).toMatch(/A = rules, B = thresholds, 6 pairs/)
    expect(io.written.join('')).toMatch(/needless failover +only A +0 +only B +[1-9]/)
  })
  it('reads saved reports', async () => {
    const folder = emptyFolder()
    const incidents = folderWith()
    const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')]
    await runEvals(optionsWith({ incidents, json: a }), testIo())
    await runEvals(optionsWith({ incidents, json: b, without: ['prometheus'] }), testIo())
    const io = testIo()
    await runEvals(optionsWith({ compare: [a, b] }), io)
    expect(io.written.join('')).toContain('6 pairs')
    writeFileSync(a, '{"format":"diary"}')
    await expect(runEvals(optionsWith({ compare: [a, b] }), testIo())).rejects.toThrow(/Expected a report|format/)
  })
})

describe('artifacts', () => {
  it('guard a baseline that was written before', async () => {
    const incidents = folderWith()
    const io = testIo()
    await expect(runEvals(optionsWith({ incidents, guard: true }), io)).rejects.toThrow(/there is no baseline/)
    await runEvals(optionsWith({ incidents, updateBaseline: true }), io)
    expect(existsSync(join(io.artifacts, 'baselines', 'rules.json'))).toBe(true)
    expect((await runEvals(optionsWith({ incidents, guard: true }), io)).exitCode).toBe(0)
    const worse = await runEvals(
      optionsWith({ incidents, guard: true, without: ['prometheus', 'loki', 'health', 'status'] }),
      io,
    )
    expect(worse.failures.join()).toContain('the baseline is')
  })
  it('hold a confidence map under the name by which the agent looks it up', async () => {
    const io = testIo({ analystNamed: named(paidAnalyst(1000)) })
    await runEvals(optionsWith({ analyst: 'paid', fitCalibration: true }), io)
    const [name = ''] = readdirSync(join(io.artifacts, 'calibration'))
    expect(name).toBe('paid-model.prompt.json')
    const map = Calibration.parse(JSON.parse(readFileSync(join(io.artifacts, 'calibration', name), 'utf8')))
    const cases = (await casePaths(OWN_INCIDENTS)).length
    expect(map).toMatchObject({ analyst: 'paid:model', promptHash: 'prompt', fittedOn: { cases } })
  })
  it('put the table into the README between its markers', async () => {
    const io = testIo()
    const markers = '<!-- eval:begin (written by `npm run eval -- --update-readme`) -->\nSTALE\n<!-- eval:end -->'
    writeFileSync(io.readme, `# x\n${markers}\nrest\n`)
    await runEvals(optionsWith({ incidents: folderWith(), updateReadme: true }), io)
    const readme = readFileSync(io.readme, 'utf8')
    expect(readme).toContain('| **`rules`** | 0 |')
    expect(readme).toContain('| thresholds |')
    expect(readme).not.toContain('STALE')
    expect(readme.endsWith('<!-- eval:end -->\nrest\n')).toBe(true)
  })
})
