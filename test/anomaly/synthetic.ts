import type { History } from '../../agent/anomaly/train.ts'

/** Repeatable uniform numbers in [0,1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let t = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    t = Math.imul(t ^ (t >>> 15), 0x735a2d97)
    return ((t ^ (t >>> 15)) >>> 0) / 4_294_967_296
  }
}

/** Repeatable standard normal numbers. */
export function normal(seed: number): () => number {
  const next = uniform(seed)
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

export const STEP = 300
export const DAY_ROWS = 288

/** A service's metrics: load with a daily rhythm, what follows it, and independent noise; five-minute rows. */
export function serviceHistory(options: {
  readonly days: number
  readonly seed?: number
  readonly metrics?: number
}): History {
  const { days, seed = 1, metrics = 4 } = options
  const rows = days * DAY_ROWS
  const noise = normal(seed)
  const columns = Array.from({ length: metrics }, () => new Float64Array(rows))
  let drift = 0
  for (let i = 0; i < rows; i++) {
    drift = 0.9 * drift + 0.3 * noise()
    const load = Math.sin((2 * Math.PI * i) / DAY_ROWS) + drift
    for (let j = 0; j < metrics; j++) columns[j]![i] = 10 * (j + 1) + (j % 2 === 0 ? load : -0.5 * load) + 0.2 * noise()
  }
  return {
    metrics: columns.map((_, j) => `m${j}`),
    columns,
    atSeconds: Float64Array.from({ length: rows }, (_, i) => i * STEP),
    stepSeconds: STEP,
  }
}

/** The rows [from, to) of a history. */
export function slice(history: History, from: number, to: number): History {
  return {
    ...history,
    columns: history.columns.map((c) => c.slice(from, to)),
    atSeconds: history.atSeconds.slice(from, to),
  }
}

export function rowAt(history: History, i: number): Float64Array {
  return Float64Array.from(history.columns, (c) => c[i]!)
}

/** A copy with some values replaced. */
export function edit(history: History, change: (value: number, row: number, metric: number) => number): History {
  return { ...history, columns: history.columns.map((c, j) => c.map((v, i) => change(v, i, j))) }
}
