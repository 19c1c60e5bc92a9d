import type { CaseResult } from './result.ts'
import { bootstrapMean, type Interval, mean, quantile, wilson } from './statistics.ts'

/** The figures of a set of decisions; counts first, then shares with their 95 % intervals. */
export interface Summary {
  readonly cases: number
  readonly distinctCases: number
  readonly best: number
  readonly acceptable: number
  readonly tolerable: number
  readonly forbidden: number
  readonly needless: number
  readonly missed: number
  readonly abstained: number
  readonly exactOrAcceptable: number
  readonly harmfulShare: number
  readonly categoryAccuracy: number
  readonly delayMinutes: number
  readonly intervals: {
    readonly needless: Interval
    readonly missed: Interval
    readonly best: Interval
    readonly exactOrAcceptable: Interval
    readonly harmfulShare: Interval
    readonly categoryAccuracy: Interval
    readonly delayMinutes: Interval
  }
}

/** Tokens, money and time that the decisions took. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Null when no price is known for any of them. */
  readonly costUsd: number | null
  readonly latencyMs: { readonly median: number; readonly p95: number; readonly maximum: number }
}

function count(results: readonly CaseResult[], is: (result: CaseResult) => boolean): number {
  let hits = 0
  for (const result of results) if (is(result)) hits++
  return hits
}

/** Sums up scored decisions. */
export function summarise(results: readonly CaseResult[]): Summary {
  const total = results.length
  const best = count(results, (one) => one.tier === 'best')
  const acceptable = count(results, (one) => one.tier === 'acceptable')
  const forbidden = count(results, (one) => one.tier === 'forbidden')
  const needless = count(results, (one) => one.needless)
  const missed = count(results, (one) => one.missed)
  const rightCategory = count(results, (one) => one.categoryCorrect)
  const delays = results.map((one) => one.delayMinutes)
  const episodes = results.map((one) => one.episode)
  return {
    cases: total,
    distinctCases: new Set(results.map((one) => one.id)).size,
    best,
    acceptable,
    tolerable: count(results, (one) => one.tier === 'tolerable'),
    forbidden,
    needless,
    missed,
    abstained: count(results, (one) => one.abstained !== null),
    exactOrAcceptable: share(best + acceptable, total),
    harmfulShare: share(forbidden, total),
    categoryAccuracy: share(rightCategory, total),
    delayMinutes: total === 0 ? 0 : mean(delays),
    intervals: {
      needless: wilson(needless, total),
      missed: wilson(missed, total),
      best: bootstrapOrWilson(results, episodes, (one) => one.tier === 'best', 'best'),
      exactOrAcceptable: bootstrapOrWilson(results, episodes, isGood, 'good'),
      harmfulShare: bootstrapOrWilson(results, episodes, (one) => one.harmful, 'harmful'),
      categoryAccuracy: bootstrapOrWilson(results, episodes, (one) => one.categoryCorrect, 'category'),
      delayMinutes: bootstrapMean(delays, episodes, 'delay'),
    },
  }
}

/** Whether a decision was the best or an equally good one. */
export function isGood(result: Pick<CaseResult, 'tier'>): boolean {
  return result.tier === 'best' || result.tier === 'acceptable'
}

/** Resampling says nothing about a share of none or all: there Wilson's interval stands in. */
function bootstrapOrWilson(
  results: readonly CaseResult[],
  episodes: readonly string[],
  is: (result: CaseResult) => boolean,
  seed: string,
): Interval {
  const hits = count(results, is)
  if (hits === 0 || hits === results.length) return wilson(hits, results.length)
  return bootstrapMean(
    results.map((one) => (is(one) ? 1 : 0)),
    episodes,
    seed,
  )
}

function share(hits: number, total: number): number {
  return total === 0 ? 0 : hits / total
}

/** Sums up what the decisions took. */
export function usageOf(results: readonly CaseResult[]): Usage {
  const latencies = results.map((one) => one.latencyMs).sort((a, b) => a - b)
  const priced = results.filter((one) => one.costUsd !== null)
  return {
    inputTokens: results.reduce((sum, one) => sum + one.inputTokens, 0),
    outputTokens: results.reduce((sum, one) => sum + one.outputTokens, 0),
    costUsd: priced.length === 0 ? null : priced.reduce((sum, one) => sum + (one.costUsd ?? 0), 0),
    latencyMs: {
      median: rounded(quantile(latencies, 0.5)),
      p95: rounded(quantile(latencies, 0.95)),
      maximum: rounded(latencies.at(-1) ?? 0),
    },
  }
}

function rounded(ms: number): number {
  return Number.isFinite(ms) ? Math.round(ms * 10) / 10 : 0
}

/** One row of a breakdown: the decisions that share a tag, a best action, a category or a difficulty. */
export interface GroupRow {
  readonly group: string
  readonly cases: number
  readonly best: number
  readonly exactOrAcceptable: number
  readonly interval: Interval
  readonly harmful: number
  readonly needless: number
  readonly missed: number
  readonly delayMinutes: number
}

/** Breaks results down by something, largest group first. */
export function breakdown(
  results: readonly CaseResult[],
  groupsOf: (result: CaseResult) => readonly string[],
): GroupRow[] {
  const groups = new Map<string, CaseResult[]>()
  for (const result of results) {
    for (const group of groupsOf(result)) {
      const members = groups.get(group)
      if (members) members.push(result)
      else groups.set(group, [result])
    }
  }
  return [...groups]
    .map(([group, members]) => rowOf(group, members))
    .sort((a, b) => b.cases - a.cases || (a.group < b.group ? -1 : 1))
}

/** One row for a set of results. */
export function rowOf(group: string, members: readonly CaseResult[]): GroupRow {
  const good = count(members, isGood)
  return {
    group,
    cases: members.length,
    best: count(members, (one) => one.tier === 'best'),
    exactOrAcceptable: share(good, members.length),
    interval: wilson(good, members.length),
    harmful: count(members, (one) => one.harmful),
    needless: count(members, (one) => one.needless),
    missed: count(members, (one) => one.missed),
    delayMinutes: members.length === 0 ? 0 : mean(members.map((one) => one.delayMinutes)),
  }
}
