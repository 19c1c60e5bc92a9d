import { seeded } from './random.ts'

/** A 95 % interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const Z95 = 1.959963984540054

/** Wilson's interval for a share; unlike the plain one it says something at 0 of 90 and never leaves [0, 1]. */
export function wilson(hits: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 }
  const share = hits / total
  const scale = 1 + Z95 ** 2 / total
  const middle = (share + Z95 ** 2 / (2 * total)) / scale
  const half = (Z95 / scale) * Math.sqrt((share * (1 - share)) / total + Z95 ** 2 / (4 * total ** 2))
  return { low: hits === 0 ? 0 : Math.max(0, middle - half), high: hits === total ? 1 : Math.min(1, middle + half) }
}

/** The mean; NaN for nothing. */
export function mean(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** The value below which a share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] as number
  const high = sorted[Math.ceil(at)] as number
  return low + (high - low) * (at - Math.floor(at))
}

/** Large sets need fewer resamples for the same steadiness, and 10,000 cases must not take minutes. */
function resamplesFor(count: number): number {
  return Math.max(200, Math.min(2000, Math.floor(2_000_000 / Math.max(1, count))))
}

/**
 * Percentile bootstrap over groups: whole groups are drawn, because cases of one episode (twins, later moments) rise and fall together.
 * `statistic` receives the indices drawn. Seeded, so that a report is the same on every machine.
 */
export function bootstrap(groups: readonly string[], statistic: (drawn: Int32Array) => number, seed: string): Interval {
  const members = [...Map.groupBy(groups.keys(), (index) => groups[index] as string).values()]
  if (members.length === 0) return { low: Number.NaN, high: Number.NaN }
  const random = seeded(seed)
  const values: number[] = []
  for (let round = resamplesFor(groups.length); round > 0; round--) {
    const drawn: number[] = []
    for (let i = 0; i < members.length; i++) {
      for (const index of members[Math.floor(random() * members.length)] as number[]) drawn.push(index)
    }
    const value = statistic(Int32Array.from(drawn))
    if (Number.isFinite(value)) values.push(value)
  }
  values.sort((a, b) => a - b)
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) }
}

/** The bootstrap interval of a mean. */
export function bootstrapMean(values: readonly number[], groups: readonly string[], seed: string): Interval {
  const mean = (drawn: Int32Array): number => {
    let sum = 0
    for (const index of drawn) sum += values[index] as number
    return sum / drawn.length
  }
  return bootstrap(groups, mean, seed)
}

/**
 * McNemar's exact test: of the cases in which exactly one of two did well, the probability that a fair coin splits them at least this
 * unevenly. Small means that the difference is not chance.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const total = onlyFirst + onlySecond
  if (total === 0) return 1
  const smaller = Math.min(onlyFirst, onlySecond)
  let tail = 0
  for (let k = 0; k <= smaller; k++) tail += Math.exp(logChoose(total, k) - total * Math.LN2)
  return Math.min(1, 2 * tail)
}

function logChoose(n: number, k: number): number {
  let sum = 0
  for (let i = 1; i <= k; i++) sum += Math.log(n - k + i) - Math.log(i)
  return sum
}
