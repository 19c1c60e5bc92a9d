/** The detector of the seeds' design, kept as a named baseline: standard scaling, then isolation trees. */
export interface IsolationForest {
  /** 0..1, higher is easier to isolate; about 0.5 is unremarkable. */
  score(row: ArrayLike<number>): number
  /** Score above which the given contamination share of the training rows lies. */
  readonly threshold: number
}

export interface IsolationForestOptions {
  readonly trees?: number
  readonly sample?: number
  /** Expected share of anomalous rows; the seeds' design uses 0.1. */
  readonly contamination?: number
  readonly seed?: number
}

const EULER = 0.5772156649015329

/** Mean path length of an unsuccessful search in a binary search tree of n nodes: what an average row needs. */
export function averagePath(n: number): number {
  if (n <= 1) return 0
  if (n === 2) return 1
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n
}

/** The trees, node by node in one array each. */
export interface Trees {
  readonly feature: Uint16Array
  /** Where an inner node cuts; in a leaf, the path length still to be expected. */
  readonly value: Float64Array
  /** First child, the second follows it; 0 in a leaf, as nothing leads back to the first root. */
  readonly left: Uint32Array
  readonly roots: Uint32Array
}

/** A trained forest as plain numbers, to be kept. */
export interface ForestModel {
  readonly trees: Trees
  readonly scaling: readonly Scaling[]
  /** Rows that each tree was grown from. */
  readonly sample: number
  readonly threshold: number
}

/** Trains isolation trees on subsamples of the scaled columns (Liu, Ting and Zhou 2008). */
export function trainForest(columns: readonly Float64Array[], options: IsolationForestOptions = {}): ForestModel {
  const { trees = 100, contamination = 0.1 } = options
  const rows = columns[0]?.length ?? 0
  const sample = Math.min(options.sample ?? 256, rows)
  const scaling = columns.map(standardScale)
  const next = generator(options.seed ?? 1)
  const value = (j: number, i: number): number => scale(scaling[j]!, columns[j]![i]!)
  const grown = growForest({ trees, sample, rows, metrics: columns.length, next, value })
  const score = forestScorer({ trees: grown, scaling, sample })
  const scores = new Float64Array(rows)
  const raw = new Float64Array(columns.length)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < raw.length; j++) raw[j] = columns[j]![i]!
    scores[i] = score(raw)
  }
  scores.sort()
  const threshold = scores[Math.min(rows - 1, Math.floor((1 - contamination) * rows))] ?? 1
  return { trees: grown, scaling, sample, threshold }
}

/** Scores rows with a trained forest. */
export function forestScorer(
  model: Pick<ForestModel, 'trees' | 'scaling' | 'sample'>,
): (row: ArrayLike<number>) => number {
  const { trees, scaling } = model
  const normal = averagePath(model.sample)
  const row = new Float64Array(scaling.length)
  return (raw) => {
    for (let j = 0; j < row.length; j++) row[j] = scale(scaling[j]!, raw[j]!)
    let total = 0
    for (const root of trees.roots) total += pathLength(trees, root, row)
    return 2 ** (-total / trees.roots.length / normal)
  }
}

/** A forest that is not kept, for comparisons. */
export function trainIsolationForest(
  columns: readonly Float64Array[],
  options: IsolationForestOptions = {},
): IsolationForest {
  const model = trainForest(columns, options)
  return { score: forestScorer(model), threshold: model.threshold }
}

export interface Scaling {
  readonly mean: number
  readonly deviation: number
}

function standardScale(column: Float64Array): Scaling {
  let mean = 0
  let square = 0
  let n = 0
  for (const v of column) {
    if (!Number.isFinite(v)) continue
    n++
    const step = v - mean
    mean += step / n
    square += step * (v - mean)
  }
  const deviation = n > 0 ? Math.sqrt(square / n) : 0
  return { mean, deviation: deviation > 0 ? deviation : 1 }
}

/** A reading in standard deviations; a missing one is placed at the mean, where it isolates nothing. */
export function scale({ mean, deviation }: Scaling, v: number): number {
  return Number.isFinite(v) ? (v - mean) / deviation : 0
}

function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function growForest(input: {
  readonly trees: number
  readonly sample: number
  readonly rows: number
  readonly metrics: number
  readonly next: () => number
  readonly value: (metric: number, row: number) => number
}): Trees {
  const { trees, sample, rows, metrics, next, value } = input
  const feature: number[] = []
  const values: number[] = []
  const left: number[] = []
  const deepest = Math.ceil(Math.log2(Math.max(2, sample)))
  const node = (): number => {
    feature.push(0)
    left.push(0)
    return values.push(0) - 1
  }
  const grow = (at: number, members: number[], depth: number): void => {
    const varying: { metric: number; low: number; high: number }[] = []
    if (depth < deepest && members.length > 1)
      for (let j = 0; j < metrics; j++) {
        let low = Number.POSITIVE_INFINITY
        let high = Number.NEGATIVE_INFINITY
        for (const i of members) {
          const v = value(j, i)
          if (v < low) low = v
          if (v > high) high = v
        }
        if (high > low) varying.push({ metric: j, low, high })
      }
    const chosen = varying[Math.floor(next() * varying.length)]
    if (!chosen) {
      values[at] = averagePath(members.length)
      return
    }
    const at0 = chosen.low + next() * (chosen.high - chosen.low)
    const below = members.filter((i) => value(chosen.metric, i) < at0)
    const above = members.filter((i) => value(chosen.metric, i) >= at0)
    feature[at] = chosen.metric
    values[at] = at0
    const first = node()
    node()
    left[at] = first
    grow(first, below, depth + 1)
    grow(first + 1, above, depth + 1)
  }
  const roots: number[] = []
  for (let t = 0; t < trees; t++) {
    const root = node()
    roots.push(root)
    grow(root, drawWithoutReplacement(rows, sample, next), 0)
  }
  return {
    feature: Uint16Array.from(feature),
    value: Float64Array.from(values),
    left: Uint32Array.from(left),
    roots: Uint32Array.from(roots),
  }
}

function drawWithoutReplacement(rows: number, sample: number, next: () => number): number[] {
  const drawn = new Set<number>()
  while (drawn.size < sample) drawn.add(Math.floor(next() * rows))
  return [...drawn]
}

function pathLength({ feature, value, left }: Trees, root: number, row: Float64Array): number {
  let at = root
  let depth = 0
  for (let first = left[at]!; first !== 0; first = left[at]!) {
    at = first + (row[feature[at]!]! < value[at]! ? 0 : 1)
    depth++
  }
  return depth + value[at]!
}
