import { curveProbability, FROZEN, type PastIncident, recurrence } from '../../../agent/anomaly/risk.ts'
import type { Entity } from './data.ts'
import type { ModelStream } from './detection.ts'
import { fitLogistic } from './logistic.ts'
import { mergeWithin, type ProbabilityQuality, probabilityQuality, segmentsOf } from './measures.ts'

/** Labelled rows of one entity for one probability task. */
export interface WarningRows {
  readonly set: string
  readonly entity: string
  readonly stride: number
  readonly rows: Int32Array
  readonly inputs: Float64Array
  readonly outcome: Uint8Array
}

const HORIZON = 30
const WARM_UP = 60
const WIDTH = 3

/** risk30: is any labelled row in the 30 minutes after this one? All but the first 60 and the last 30 minutes. */
export function riskRows(entity: Entity, stream: ModelStream, label: Uint8Array): WarningRows {
  const ahead = HORIZON / entity.stepMinutes
  const rows: number[] = []
  const outcome: number[] = []
  let next = label.length
  const upcoming = new Int32Array(label.length)
  for (let i = label.length - 1; i >= 0; i--) {
    upcoming[i] = next
    if (label[i]) next = i
  }
  for (let i = Math.ceil(WARM_UP / entity.stepMinutes); i < label.length - ahead; i++) {
    rows.push(i)
    outcome.push(upcoming[i]! <= i + ahead ? 1 : 0)
  }
  return pack(entity, rows, outcome, (i, k) => stream.risk[WIDTH * i + k]!)
}

/** onset30: does an incident start in the 30 minutes after this row? Rows in or just after one are left out. */
export function onsetRows(entity: Entity, stream: ModelStream, label: Uint8Array): WarningRows {
  const ahead = HORIZON / entity.stepMinutes
  // Labelled runs closer together than the horizon are one incident.
  const incidents = mergeWithin(segmentsOf(label), ahead)
  const busy = new Uint8Array(label.length)
  const soon = new Uint8Array(label.length)
  for (const [a, b] of incidents) {
    busy.fill(1, a, Math.min(label.length, Math.floor(b + ahead) + 1))
    soon.fill(1, Math.max(0, Math.ceil(a - ahead)), a)
  }
  const rows: number[] = []
  const outcome: number[] = []
  for (let i = Math.ceil(WARM_UP / entity.stepMinutes); i < label.length - ahead; i++) {
    if (busy[i]) continue
    rows.push(i)
    outcome.push(soon[i]!)
  }
  let at = -1
  let inputs: readonly number[] = []
  return pack(entity, rows, outcome, (i, k) => {
    if (i !== at) inputs = onsetInputsAt(entity, stream, i)
    at = i
    return inputs[k]!
  })
}

const PAST = new WeakMap<Entity, PastIncident[]>()

/** The early warning's inputs at a row, with the recurrence of the entity's incidents as far as they were known then. */
export function onsetInputsAt(entity: Entity, stream: ModelStream, row: number): [number, number, number] {
  const stepSeconds = entity.stepMinutes * 60
  let past = PAST.get(entity)
  if (!past) {
    past = mergeWithin(segmentsOf(entity.label ?? []), HORIZON / entity.stepMinutes).map(([a, b]) => ({
      startedAtSeconds: a * stepSeconds,
      endedAtSeconds: b * stepSeconds,
    }))
    PAST.set(entity, past)
  }
  const again = recurrence(past, row * stepSeconds, 0)
  return [again, stream.onset[WIDTH * row + 1]!, stream.onset[WIDTH * row + 2]!]
}

function pack(
  entity: Entity,
  rows: readonly number[],
  outcome: readonly number[],
  input: (row: number, k: number) => number,
): WarningRows {
  const inputs = new Float64Array(WIDTH * rows.length)
  rows.forEach((row, i) => {
    for (let k = 0; k < WIDTH; k++) inputs[WIDTH * i + k] = input(row, k)
  })
  return {
    set: entity.set,
    entity: entity.name,
    // Entities with a shorter step would outvote the others without saying more.
    stride: Math.max(1, Math.round(5 / entity.stepMinutes)),
    rows: Int32Array.from(rows),
    inputs,
    outcome: Uint8Array.from(outcome),
  }
}

/** Fits one curve on all given entities. */
export function fitCurve(entities: readonly WarningRows[], ridge: number): { weights: number[]; baseRate: number } {
  const inputs: number[] = []
  const outcome: number[] = []
  for (const e of entities)
    for (let i = 0; i < e.outcome.length; i += e.stride) {
      for (let k = 0; k < WIDTH; k++) inputs.push(e.inputs[WIDTH * i + k]!)
      outcome.push(e.outcome[i]!)
    }
  const weights = fitLogistic(
    { inputs: Float64Array.from(inputs), outcome: Uint8Array.from(outcome), width: WIDTH },
    ridge,
  )
  return { weights, baseRate: outcome.reduce((a, b) => a + b, 0) / outcome.length }
}

export interface WarningQuality extends ProbabilityQuality {
  /** 'leave-one-entity-out' on the folder that the frozen curve was fitted on, 'frozen' on any other. */
  readonly how: 'leave-one-entity-out' | 'frozen'
  readonly baseRate: number
  /** The constant that the skill is measured against. */
  readonly reference: number
}

const RIDGE = { risk30: 1e-3, onset30: 1e-6 } as const

function probabilities(weights: readonly number[], e: WarningRows): Float64Array {
  return Float64Array.from(e.rows, (_, i) => curveProbability(weights, e.inputs.subarray(WIDTH * i, WIDTH * i + WIDTH)))
}

export function warningQuality(
  task: 'risk30' | 'onset30',
  all: readonly WarningRows[],
  fittedHere: boolean,
): Record<string, WarningQuality> {
  const result: Record<string, WarningQuality> = {}
  const outOfSample = fittedHere && all.length > 1
  for (const set of new Set(all.map((e) => e.set))) {
    const members = all.filter((e) => e.set === set)
    const outcome: number[] = []
    const probability: number[] = []
    for (const e of members) {
      const others = all.filter((o) => o !== e)
      const weights = outOfSample ? fitCurve(others, RIDGE[task]).weights : FROZEN[task].weights
      for (const p of probabilities(weights, e)) probability.push(p)
      for (const y of e.outcome) outcome.push(y)
    }
    const baseRate = outcome.reduce((a, b) => a + b, 0) / outcome.length
    const reference = fittedHere ? baseRate : FROZEN[task].baseRate
    result[set] = {
      ...probabilityQuality(outcome, probability, reference),
      how: outOfSample ? 'leave-one-entity-out' : 'frozen',
      baseRate,
      reference,
    }
  }
  return result
}

/** The curves to freeze, fitted on every entity of a labelled folder. */
export function freezeCurves(risk: readonly WarningRows[], onset: readonly WarningRows[]) {
  return { risk30: fitCurve(risk, RIDGE.risk30), onset30: fitCurve(onset, RIDGE.onset30) }
}
