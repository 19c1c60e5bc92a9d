import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { casePaths } from '../../evals/load.ts'
import { OWN_INCIDENTS } from '../../evals/options.ts'
import { evalTableMarkdown, hasEvalTable } from '../../evals/readme-table.ts'
import { runEvals } from '../../evals/run.ts'
import { optionsWith, testIo } from './eval-set.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const io = () => testIo({ artifacts: join(ROOT, 'evals') })

describe('the committed quality', () => {
  it('rules: no needless failover, not worse than the baseline, none made by missing evidence', async () => {
    const { failures, report } = await runEvals(optionsWith({ guard: true, maxNeedless: 0, failUnder: 0.65 }), io())
    expect(failures).toEqual([])
    expect(report?.summary).toMatchObject({ cases: (await casePaths(OWN_INCIDENTS)).length, needless: 0 })
    expect(report?.summary.harmfulShare).toBeLessThanOrEqual(0.1)
    for (const { summary } of report?.baselines ?? [])
      expect(report?.summary.delayMinutes).toBeLessThan(summary.delayMinutes)
    const readme = join(ROOT, 'README.md')
    if (report && existsSync(readme) && readFileSync(readme, 'utf8').includes('<!-- eval:begin')) {
      expect(hasEvalTable(readFileSync(readme, 'utf8'), evalTableMarkdown(report))).toBe(true)
    }
  })
  it('thresholds: the yardstick has not moved', async () => {
    expect((await runEvals(optionsWith({ analyst: 'thresholds', guard: true }), io())).failures).toEqual([])
  })
})
