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
  return Math.max(200, Math.min(1000, Math.floor(1_000_000 / Math.max(1, count))))
}

/**
 * Percentile bootstrap over groups: whole groups are drawn, because cases of one episode (twins, later moments) rise and fall together.
 * The statistic is made of sums: each column holds what every item adds to one of them, so that a draw costs only additions.
 * Seeded, so that a report is the same on every machine.
 */
export function bootstrap(
  groups: readonly string[],
  columns: readonly (readonly number[])[],
  statistic: (sums: Float64Array) => number,
  seed: string,
): Interval {
  const width = columns.length
  const numbers = new Map<string, number>()
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size)
  const size = numbers.size
  if (size === 0) return { low: Number.NaN, high: Number.NaN }
  const added = new Float64Array(size * width)
  for (const [item, group] of groups.entries()) {
    const at = (numbers.get(group) as number) * width
    for (let k = 0; k < width; k++) added[at + k]! += columns[k]?.[item] ?? 0
  }
  const random = seeded(seed)
  const sums = new Float64Array(width)
  const values: number[] = []
  for (let round = resamplesFor(size); round > 0; round--) {
    sums.fill(0)
    for (let draw = 0; draw < size; draw++) {
      const at = Math.floor(random() * size) * width
      for (let k = 0; k < width; k++) sums[k]! += added[at + k] as number
    }
    const value = statistic(sums)
    if (Number.isFinite(value)) values.push(value)
  }
  values.sort((a, b) => a - b)
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) }
}

/** A sum divided by another, where a statistic is a mean. */
export function ratio(sums: Float64Array): number {
  return (sums[0] as number) / (sums[1] as number)
}

/** The bootstrap interval of a mean. */
export function bootstrapMean(values: readonly number[], groups: readonly string[], seed: string): Interval {
  return bootstrap(groups, [values, values.map(() => 1)], ratio, seed)
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
