// Measures of a ranking and of a probability. No point adjustment anywhere: every row counts once, as it is.

export type Segment = readonly [first: number, last: number]

/** Runs of ones, as inclusive row ranges. */
export function segmentsOf(label: ArrayLike<number>): Segment[] {
  const found: Segment[] = []
  let start = -1
  for (let i = 0; i <= label.length; i++) {
    const on = i < label.length && label[i] !== 0
    if (on && start < 0) start = i
    else if (!on && start >= 0) {
      found.push([start, i - 1])
      start = -1
    }
  }
  return found
}

/** Row indices, highest score first; equal scores in row order. */
export function descending(score: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: score.length }, (_, i) => i)
  return order.sort((a, b) => score[b]! - score[a]! || a - b)
}

/** Calls back once per distinct score, highest first, with the counts of rows at or above it. */
function operatingPoints(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  visit: (hits: number, flagged: number, threshold: number) => void,
): void {
  const order = descending(score)
  let hits = 0
  for (let k = 0; k < order.length; k++) {
    hits += label[order[k]!]!
    const here = score[order[k]!]!
    if (k + 1 < order.length && score[order[k + 1]!] === here) continue
    visit(hits, k + 1, here)
  }
}

function positives(label: ArrayLike<number>): number {
  let n = 0
  for (let i = 0; i < label.length; i++) n += label[i]!
  return n
}

/** Average precision: precision at each operating point, weighted by the recall it adds. NaN without positives. */
export function averagePrecision(label: ArrayLike<number>, score: ArrayLike<number>): number {
  const total = positives(label)
  if (total === 0) return Number.NaN
  let area = 0
  let before = 0
  operatingPoints(label, score, (hits, flagged) => {
    area += ((hits - before) / total) * (hits / flagged)
    before = hits
  })
  return area
}

/** The best F1 that any threshold reaches; it needs the labels, so it is no measure of a detector in use. */
export function bestF1(label: ArrayLike<number>, score: ArrayLike<number>): number {
  const total = positives(label)
  let best = 0
  operatingPoints(label, score, (hits, flagged) => {
    best = Math.max(best, (2 * hits) / (flagged + total))
  })
  return best
}

const VUS_THRESHOLDS = 250

/** Volume under the precision-recall surface over label buffers of 0..maxBuffer rows (range-based, NaN without positives). */
export function volumeUnderPrecisionRecall(
  label: ArrayLike<number>,
  score: ArrayLike<number>,
  maxBuffer: number,
): number {
  const rows = score.length
  const events = segmentsOf(label)
  const total = positives(label)
  if (total === 0) return Number.NaN
  const order = descending(score)
  const thresholds = new Float64Array(VUS_THRESHOLDS)
  const flagged = new Int32Array(VUS_THRESHOLDS)
  for (let k = 0; k < VUS_THRESHOLDS; k++) {
    const at = Math.trunc((k * (rows - 1)) / (VUS_THRESHOLDS - 1))
    thresholds[k] = score[order[at]!]!
    let n = at + 1
    while (n < rows && score[order[n]!] === thresholds[k]) n++
    flagged[k] = n
  }
  const weightFlagged = (weight: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(VUS_THRESHOLDS)
    let sum = 0
    let p = 0
    for (let k = 0; k < VUS_THRESHOLDS; k++) {
      while (p < flagged[k]!) sum += weight[order[p++]!]!
      out[k] = sum
    }
    return out
  }
  const strict = weightFlagged(label)
  let volume = 0
  for (let buffer = 0; buffer <= maxBuffer; buffer++) {
    const half = Math.trunc(buffer / 2)
    const soft = weightFlagged(softLabel(label, events, buffer))
    const peaks = mergeWidened(events, half, rows).map(([a, b]) => {
      let peak = Number.NEGATIVE_INFINITY
      for (let i = a; i <= b; i++) if (score[i]! > peak) peak = score[i]!
      return peak
    })
    let before = 0
    for (let k = 0; k < VUS_THRESHOLDS; k++) {
      const found = peaks.reduce((n, peak) => n + (peak >= thresholds[k]! ? 1 : 0), 0)
      const mass = total + (soft[k]! - strict[k]!) / 2
      const recall = Math.min(1, soft[k]! / mass) * (found / peaks.length)
      volume += (recall - before) * (soft[k]! / flagged[k]!)
      before = recall
    }
  }
  return volume / (maxBuffer + 1)
}

/** Labels that fade with the square root of the distance over half the buffer on either side of an event. */
function softLabel(label: ArrayLike<number>, events: readonly Segment[], buffer: number): Float64Array {
  const soft = Float64Array.from(label)
  const half = Math.trunc(buffer / 2)
  for (const [first, last] of events)
    for (let d = 1; d <= half; d++) {
      const fade = Math.sqrt(1 - d / buffer)
      if (last + d < soft.length) soft[last + d] = soft[last + d]! + fade
      if (first - d >= 0) soft[first - d] = soft[first - d]! + fade
    }
  return soft.map((v) => Math.min(1, v))
}

function mergeWidened(events: readonly Segment[], half: number, rows: number): Segment[] {
  const merged: [number, number][] = []
  for (const [first, last] of events) {
    const open = merged.at(-1)
    if (open && open[1] >= first - half) open[1] = last + half
    else merged.push([Math.max(0, first - half), last + half])
  }
  return merged.map(([a, b]) => [a, Math.min(b, rows - 1)] as const)
}

/** Joins ranges whose pause is shorter than `rows`. */
export function mergeWithin(ranges: readonly Segment[], rows: number): Segment[] {
  const merged: [number, number][] = []
  for (const [a, b] of ranges) {
    const open = merged.at(-1)
    if (open && a - open[1] - 1 < rows) open[1] = b
    else merged.push([a, b])
  }
  return merged
}

export interface ProbabilityQuality {
  readonly ap: number
  readonly brier: number
  readonly skill: number
  readonly ece: number
}

/** Brier score, its skill against a constant, and expected calibration error over ten equally full bins. */
export function probabilityQuality(
  outcome: ArrayLike<number>,
  probability: ArrayLike<number>,
  reference: number,
): ProbabilityQuality {
  const rows = outcome.length
  let brier = 0
  let constant = 0
  for (let i = 0; i < rows; i++) {
    brier += (probability[i]! - outcome[i]!) ** 2
    constant += (reference - outcome[i]!) ** 2
  }
  const order = descending(probability)
  let ece = 0
  for (let bin = 0; bin < 10; bin++) {
    let gap = 0
    const end = Math.floor(((bin + 1) * rows) / 10)
    for (let k = Math.floor((bin * rows) / 10); k < end; k++) gap += probability[order[k]!]! - outcome[order[k]!]!
    ece += Math.abs(gap) / rows
  }
  return {
    ap: averagePrecision(outcome, probability),
    brier: brier / rows,
    skill: constant > 0 ? 1 - brier / constant : 0,
    ece,
  }
}

export interface AlarmQuality {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly eventRecall: number
  readonly falseEpisodesPerDay: number
}

/**
 * What a pager would have seen. Alarms less than 30 minutes apart are one episode; it is false when it stays further than
 * 30 minutes from every event.
 */
export function alarmQuality(label: ArrayLike<number>, alarm: ArrayLike<number>, stepMinutes: number): AlarmQuality {
  const events = segmentsOf(label)
  let hits = 0
  let raised = 0
  for (let i = 0; i < label.length; i++) {
    raised += alarm[i]!
    if (alarm[i] && label[i]) hits++
  }
  const seen = events.filter(([a, b]) => {
    for (let i = a; i <= b; i++) if (alarm[i]) return true
    return false
  }).length
  const near = 30 / stepMinutes
  const wrong = mergeWithin(segmentsOf(alarm), near).filter(
    ([a, b]) => !events.some(([x, y]) => b >= x - near && a <= y + near),
  ).length
  const total = positives(label)
  const precision = raised > 0 ? hits / raised : 0
  const recall = total > 0 ? hits / total : Number.NaN
  return {
    precision,
    recall,
    f1: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0,
    eventRecall: events.length > 0 ? seen / events.length : Number.NaN,
    falseEpisodesPerDay: wrong / ((label.length * stepMinutes) / 1440),
  }
}
