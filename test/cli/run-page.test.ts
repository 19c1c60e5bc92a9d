import { describe, expect, it } from 'vitest'
import { runPage } from '../../agent/cli/run-page.ts'
import { JournalEntry, Run } from '../../agent/domain/run.ts'
import type { RunReport } from '../../agent/domain/run-report.ts'
import { newWorld, planOf, stageOn } from '../engine/run-scene.ts'

const BEGAN = Date.parse('2026-03-01T12:00:00.000Z')
const at = (seconds: number) => new Date(BEGAN + seconds * 1000).toISOString()

const RUN = Run.parse({
  ...{ id: 'run_1', incidentId: null, decisionId: null, approvalId: null, service: 'shop', group: 'shop' },
  ...{
    action: 'region_failover',
    target: 'secondary',
    planHash: 'a'.repeat(64),
    factsHash: null,
    requestedBy: 'alice',
  },
  ...{ requestedAt: at(0), startBefore: at(60), state: 'succeeded', generation: 1, agentId: 'a', startedAt: at(0) },
  ...{ finishedAt: at(9), isDryRun: false, dataLossConsentSeconds: null, cooldownSeconds: 0 },
})

const REPORT: RunReport = {
  ...{ recoveryFromOnsetMs: 12_300, recoveryFromDecisionMs: 9000, rtoMs: 10_000, meetsRto: false },
  ...{ dataLossSeconds: null, lostWrites: null, duplicatedWrites: null, rpoSeconds: 30, meetsRpo: null },
  ...{ stages: [{ stage: 'switch', elapsedMs: 8000 }], overheadMs: 1000 },
}

function entry(seq: number, kind: JournalEntry['kind'], seconds: number, detail = '', data = {}): JournalEntry {
  return JournalEntry.parse({
    runId: 'run_1',
    seq,
    at: at(seconds),
    generation: 1,
    stage: 'switch',
    kind,
    detail,
    data,
  })
}

function pageOf(changes: Partial<Parameters<typeof runPage>[0]> = {}): string {
  const stages = [stageOn(newWorld(), 'switch'), stageOn(newWorld(), 'never-begun')]
  const journal = [
    entry(1, 'intent', 1),
    entry(2, 'effect', 2, 'point <b>app</b> to 192.0.2.1'),
    entry(3, 'verified', 9, 'holds', { elapsedMs: 8000 }),
  ]
  const plan = { plan: planOf(), hash: RUN.planHash, stages }
  return runPage({ run: RUN, journal, report: REPORT, plan, objections: [], ...changes })
}

describe('the page of a run', () => {
  it('holds what was measured against what was promised, and does not call unmeasured data zero', () => {
    const page = pageOf()
    expect(page).toContain('12.3 s')
    expect(page).toContain('not measured')
    expect(page).toMatch(/class="card bad"><div class="name">Recovery time from onset/)
    expect(page).not.toMatch(/class="card good"><div class="name">Data lost/)
  })

  it('shows every stage with its time and limit, also one that was never reached', () => {
    const page = pageOf()
    expect(page).toContain('8.0 s')
    expect(page).toMatch(/never-begun[\s\S]*not reached/)
  })

  it('takes what stages say for text, and runs nothing', () => {
    const page = pageOf()
    expect(page).toContain('point &lt;b&gt;app&lt;/b&gt; to 192.0.2.1')
    expect(page).not.toContain('<b>app</b>')
    expect(page).toContain("default-src 'none'")
    expect(page).not.toContain('<script')
  })

  it('of a rehearsal says what would have been done and what would forbid it', () => {
    const objections = [
      ...[{ rule: 'target.lag', action: null, ceiling: 'none', outcome: 'block', detail: 'lag is unknown' } as const],
    ]
    const page = pageOf({
      run: { ...RUN, isDryRun: true },
      journal: [entry(1, 'intent', 1), entry(2, 'would', 2, 'promote db2'), entry(3, 'verified', 3, 'rehearsed')],
      objections,
    })
    expect(page).toContain('0 effects, 1 things that a live run would have done')
    expect(page).toContain('would promote db2')
    expect(page).toContain('lag is unknown')
    expect(page).not.toContain('Recovery time from')
  })

  it('of a run whose plan was changed since says so instead of guessing', () => {
    expect(pageOf({ plan: undefined })).toContain('says something else by now')
  })
})
