import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import { baselineNamed } from './baseline-deciders.ts'
import { percent, percentRange } from './figures.ts'
import type { EvalReport } from './report.ts'
import { TIERS } from './scorers.ts'
import { mcnemar } from './statistics.ts'

/** What an analyst reached when its baseline was committed. */
export const Baseline = z.object({
  format: z.literal('eval-baseline/v1'),
  analyst: z.string(),
  casesHash: z.string(),
  cases: z.number().int(),
  needless: z.number().int(),
  missed: z.number().int(),
  forbidden: z.number().int(),
  /** Share of exact or acceptable decisions, and its 95 % interval: the noise of so small a set. */
  exactOrAcceptable: z.object({ share: z.number(), low: z.number(), high: z.number() }),
  tiers: z.record(z.string(), z.enum(TIERS)),
})
export type Baseline = z.infer<typeof Baseline>

/** The file name of an analyst's baseline or calibration. */
export function artifactName(analyst: string): string {
  return `${analyst.replaceAll(/[^A-Za-z0-9.]+/g, '-')}.json`
}

/** The baseline that a report would commit. */
export function baselineOf({ subject, summary, cases }: EvalReport): Baseline {
  const { low, high } = summary.intervals.exactOrAcceptable
  const rounded = (value: number) => Math.round(value * 1e4) / 1e4
  return {
    format: 'eval-baseline/v1',
    analyst: subject.analyst,
    casesHash: subject.casesHash,
    cases: summary.cases,
    needless: summary.needless,
    missed: summary.missed,
    forbidden: summary.forbidden,
    exactOrAcceptable: { share: rounded(summary.exactOrAcceptable), low: rounded(low), high: rounded(high) },
    tiers: Object.fromEntries(cases.filter(({ repetition }) => repetition === 0).map(({ id, tier }) => [id, tier])),
  }
}

/** Reads a committed baseline. */
export async function readBaseline(path: string): Promise<Baseline> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('not_found', `${path}: there is no baseline`, { cause, hint: 'Write one with --update-baseline.' })
  })
  const parsed = Baseline.safeParse(jsonOrNull(text))
  if (parsed.success) return parsed.data
  throw new Fault('config_invalid', `${path}: no eval-baseline/v1 file`, {
    hint: 'Write it anew with --update-baseline.',
  })
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What of a report is worse than its baseline allows; empty when it holds. */
export function breaches(report: EvalReport, baseline: Baseline): string[] {
  const { summary, subject } = report
  const found: string[] = []
  // A habit is a yardstick: it may not drift either. Everything else may not fail over needlessly at all.
  const allowed = baselineNamed(subject.analyst) ? baseline.needless : 0
  if (summary.needless > allowed) found.push(`${summary.needless} needless failovers, allowed are ${allowed}`)
  const { share, low, high } = baseline.exactOrAcceptable
  if (summary.exactOrAcceptable < low) {
    const committed = `${percent(share)} (${percentRange({ low, high })})`
    found.push(`${percent(summary.exactOrAcceptable)} exact or acceptable, the baseline is ${committed}`)
  }
  const [better, worse] = changedTiers(report, baseline)
  const chance = mcnemar(better.length, worse.length)
  if (worse.length > better.length && chance < 0.05) {
    found.push(
      `${worse.length} cases worse and ${better.length} better than the baseline (chance ${chance.toFixed(3)}): ${worse.join(', ')}`,
    )
  }
  return found
}

/** Cases that became good, and cases that were good, against the baseline. */
export function changedTiers({ cases }: EvalReport, { tiers }: Baseline): [better: string[], worse: string[]] {
  const isGoodTier = (tier: string | undefined) => tier === 'best' || tier === 'acceptable'
  const known = cases.filter(({ id, repetition }) => repetition === 0 && tiers[id] !== undefined)
  const better = known.filter(({ id, tier }) => isGoodTier(tier) && !isGoodTier(tiers[id]))
  const worse = known.filter(({ id, tier }) => !isGoodTier(tier) && isGoodTier(tiers[id]))
  return [better.map(({ id }) => id), worse.map(({ id }) => id)]
}
