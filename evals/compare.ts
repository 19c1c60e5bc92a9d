import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import { fixed, percent } from './figures.ts'
import { CaseResult } from './result.ts'
import { bootstrapMean, type Interval, mcnemar, mean } from './statistics.ts'
import { isGood } from './summary.ts'

/** One side of a comparison. */
export interface Side {
  readonly name: string
  readonly results: readonly CaseResult[]
}

/** How many cases only one side got right, and whether that may be chance. */
export interface PairedCount {
  readonly name: string
  readonly onlyA: number
  readonly onlyB: number
  /** Probability of so uneven a split by chance (McNemar, exact). */
  readonly chance: number
}

export interface PairedDifference {
  readonly id: string
  readonly best: string
  readonly a: string
  readonly b: string
  readonly tierA: string
  readonly tierB: string
}

export interface Comparison {
  readonly a: string
  readonly b: string
  readonly pairs: number
  readonly unpaired: readonly string[]
  readonly counts: readonly PairedCount[]
  /** Mean minutes that B loses more than A. */
  readonly delayDifference: number
  readonly delayInterval: Interval
  readonly differences: readonly PairedDifference[]
}

/** Compares two sides case by case; what only one of them decided is named and left out. */
export function compare(a: Side, b: Side): Comparison {
  const key = ({ id, repetition }: CaseResult) => `${id}#${repetition}`
  const inB = new Map(b.results.map((one) => [key(one), one]))
  const pairs = a.results.flatMap((one) => {
    const other = inB.get(key(one))
    return other ? [{ a: one, b: other }] : []
  })
  const paired = new Set(pairs.map((pair) => key(pair.a)))
  const unpaired = [...a.results, ...b.results].filter((one) => !paired.has(key(one))).map(({ id }) => id)
  const count = (name: string, holds: (one: CaseResult) => boolean): PairedCount => {
    const onlyA = pairs.filter((pair) => holds(pair.a) && !holds(pair.b)).length
    const onlyB = pairs.filter((pair) => !holds(pair.a) && holds(pair.b)).length
    return { name, onlyA, onlyB, chance: mcnemar(onlyA, onlyB) }
  }
  const delays = pairs.map((pair) => pair.b.delayMinutes - pair.a.delayMinutes)
  return {
    a: a.name,
    b: b.name,
    pairs: pairs.length,
    unpaired: [...new Set(unpaired)].sort(),
    counts: [
      count('needless failover', (one) => one.needless),
      count('missed failover', (one) => one.missed),
      count('harmful', (one) => one.harmful),
      count('exact or acceptable', isGood),
      count('exact', (one) => one.tier === 'best'),
      count('root cause named', (one) => one.categoryCorrect),
    ],
    delayDifference: mean(delays),
    delayInterval: bootstrapMean(
      delays,
      pairs.map((pair) => pair.a.episode),
      'compare',
    ),
    differences: pairs
      .filter((pair) => pair.a.action !== pair.b.action || pair.a.disposition !== pair.b.disposition)
      .map((pair) => ({
        id: pair.a.id,
        best: pair.a.best,
        a: `${pair.a.action} (${pair.a.disposition})`,
        b: `${pair.b.action} (${pair.b.disposition})`,
        tierA: pair.a.tier,
        tierB: pair.b.tier,
      })),
  }
}

/** The comparison as plain text. */
export function comparisonText(of: Comparison): string {
  const lines = [
    `A = ${of.a}, B = ${of.b}, ${of.pairs} pairs`,
    ...of.counts.map(({ name, onlyA, onlyB, chance }) => {
      return `  ${name.padEnd(20)} only A ${String(onlyA).padStart(3)}   only B ${String(onlyB).padStart(3)}   chance ${fixed(chance, 3)}`
    }),
    `  ${'delay, B minus A'.padEnd(20)} ${fixed(of.delayDifference, 1)} min (95 %: ${fixed(of.delayInterval.low, 1)} to ${fixed(of.delayInterval.high, 1)})`,
    `Decided differently: ${of.differences.length} (${percent(of.pairs === 0 ? Number.NaN : of.differences.length / of.pairs)})`,
    ...of.differences.map(
      ({ id, best, a, b, tierA, tierB }) => `  ${id}: ${a} ${tierA} → ${b} ${tierB}; best is ${best}`,
    ),
  ]
  if (of.unpaired.length > 0) lines.push(`Without a partner: ${of.unpaired.join(', ')}`)
  return `${lines.join('\n')}\n`
}

const SavedReport = z.object({
  format: z.literal('eval-report/v1'),
  subject: z.object({ analyst: z.string() }),
  cases: z.array(CaseResult),
})

/** A side from a report that was written with `--json`. */
export function sideFromReport(text: string, path: string): Side {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Fault('payload_invalid', `${path}: not JSON`, { cause })
  }
  const parsed = SavedReport.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Fault('payload_invalid', `${path}: ${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'Expected a report written with --json.',
    })
  }
  return { name: `${parsed.data.subject.analyst} (${path})`, results: parsed.data.cases }
}
