import { describe, expect, it } from 'vitest'
import { runView } from '../../agent/app/run-view.ts'
import { demoPlans } from '../../agent/cli/demo-plans.ts'
import { planHash, stageIdOf } from '../../agent/domain/plan.ts'
import type { JournalEntry, Run } from '../../agent/domain/run.ts'
import { Service } from '../../agent/domain/service.ts'

const service = Service.parse({
  ...{ name: 'pay', primary: { provider: 'aws', region: 'eu-west-1' } },
  secondary: { provider: 'aws', region: 'eu-central-1' },
})
const plan = demoPlans(service, null)[0]!
const [first = '', second = ''] = plan.stages.map(stageIdOf)
const at = (seconds: number) => new Date(Date.parse('2026-03-01T12:00:00.000Z') + seconds * 1000).toISOString()

const run: Run = {
  ...{ id: 'run_1', incidentId: null, decisionId: null, approvalId: null, service: 'pay', group: 'pay' },
  ...{ action: plan.action, target: 'secondary', planHash: planHash(plan), factsHash: null, requestedBy: 'ada' },
  ...{ requestedAt: at(0), startBefore: at(600), state: 'running', generation: 1, agentId: 'agt_1', startedAt: at(1) },
  ...{ finishedAt: null, isDryRun: false, dataLossConsentSeconds: null, cooldownSeconds: 3600 },
}

function journal(
  ...lines: readonly (readonly [
    second: number,
    stage: string,
    kind: JournalEntry['kind'],
    detail: string,
    elapsedMs?: number,
  ])[]
) {
  return lines.map(
    ([seconds, stage, kind, detail, elapsedMs], index): JournalEntry => ({
      ...{
        runId: 'run_1',
        seq: index + 1,
        at: at(seconds),
        generation: 1,
        stage,
        kind,
        detail,
        data: elapsedMs === undefined ? {} : { elapsedMs },
      },
    }),
  )
}

const seen = (entries: readonly JournalEntry[], nowSecond: number, of: Run = run) =>
  runView(of, entries, [plan], Date.parse(at(nowSecond)))

describe('a run as people watch it', () => {
  it('shows every stage of the plan before the first one began', () => {
    const view = seen([], 5)
    expect(view.stages.map(({ phase }) => phase)).toEqual(plan.stages.map(() => 'untouched'))
    expect(view).toMatchObject({
      plan: plan.name,
      rtoSeconds: plan.objectives.rtoSeconds,
      elapsedSeconds: 5,
      note: null,
    })
    expect(view.stages[0]?.timeoutSeconds).toBe(plan.stages[0]?.timeoutSeconds)
  })

  it('counts the time of a stage that is under way, and stops when it is done', () => {
    const begun = journal([2, first, 'intent', 'looks'], [4, first, 'applied', '', 2000])
    expect(seen(begun, 10).stages[0]).toMatchObject({ phase: 'applied', spentSeconds: 8 })
    const done = [...begun, ...journal([7, first, 'verified', 'it stands', 3000])]
    expect(seen(done, 60).stages[0]).toMatchObject({ phase: 'verified', spentSeconds: 5, detail: 'it stands' })
    expect(seen(done, 60).stages[1]).toMatchObject({ stage: second, phase: 'untouched' })
  })

  it('says what holds the run as a whole, and counts no further once it has ended', () => {
    const waiting = journal([1, 'run', 'note', 'frozen: waits'])
    expect(seen(waiting, 9).note).toBe('frozen: waits')
    const ended = seen(waiting, 600, { ...run, state: 'cancelled', finishedAt: at(30) })
    expect(ended.elapsedSeconds).toBe(30)
  })

  it('goes by the journal alone when the plan file is not there any more', () => {
    const view = runView(run, journal([2, 'old-stage', 'intent', '']), [], Date.parse(at(3)))
    expect(view).toMatchObject({ plan: null, rtoSeconds: null, plannedSeconds: null })
    expect(view.stages).toMatchObject([{ stage: 'old-stage', timeoutSeconds: null }])
  })
})
