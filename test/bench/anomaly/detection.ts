import { trainIsolationForest } from '../../../agent/anomaly/isolation-forest.ts'
import { type AnomalyModel, SCALAR } from '../../../agent/anomaly/model.ts'
import { onsetInputs, riskInputs } from '../../../agent/anomaly/risk.ts'
import { createScorer } from '../../../agent/anomaly/scorer.ts'
import { type Training, type TrainOptions, trainModel } from '../../../agent/anomaly/train.ts'
import type { Entity } from './data.ts'
import { type AlarmQuality, alarmQuality, averagePrecision, bestF1, volumeUnderPrecisionRecall } from './measures.ts'

/** What one detector said about one entity's test rows. */
export interface Stream {
  readonly score: Float64Array
  readonly alarm: Uint8Array
}

/** The default detector's stream, with the inputs of the probabilities per row. */
export interface ModelStream extends Stream {
  readonly status: 'trained'
  readonly model: AnomalyModel
  /** Three numbers per row. */
  readonly risk: Float64Array
  /** Three numbers per row; the first, recurrence, is filled in where incidents are known. */
  readonly onset: Float64Array
}

/** An entity that the detector has nothing to say about. */
export type Abstention = Extract<Training, { status: 'abstained' }>

export interface Quality {
  readonly ap: number
  readonly vusPr: number
  readonly bestF1: number
  readonly alarms: AlarmQuality
}

const BUFFER_MINUTES = 100

/** Trains on the train rows alone, then reads the test rows once, in order. */
export function runModel(entity: Entity, options: TrainOptions = {}): ModelStream | Abstention {
  const stepSeconds = entity.stepMinutes * 60
  const rows = entity.train[0]!.length
  const training = trainModel(
    {
      metrics: entity.train.map((_, j) => `m${j + 1}`),
      columns: entity.train,
      atSeconds: Float64Array.from({ length: rows }, (_, i) => i * stepSeconds),
      stepSeconds,
    },
    options,
  )
  if (training.status === 'abstained') return training
  const { model } = training
  const scorer = createScorer(model)
  const testRows = entity.test[0]!.length
  const stream: ModelStream = {
    status: 'trained',
    model,
    score: new Float64Array(testRows),
    alarm: new Uint8Array(testRows),
    risk: new Float64Array(3 * testRows),
    onset: new Float64Array(3 * testRows),
  }
  const row = new Float64Array(entity.test.length)
  for (let i = 0; i < testRows; i++) {
    for (let j = 0; j < row.length; j++) row[j] = entity.test[j]![i]!
    stream.score[i] = scorer.score((rows + i) * stepSeconds, row)
    stream.alarm[i] = Number.isNaN(model.state.scalars[SCALAR.alarmSince]!) ? 0 : 1
    stream.risk.set(riskInputs(model), 3 * i)
    stream.onset.set(onsetInputs(model, 0), 3 * i)
  }
  return stream
}

/** The baseline from the seeds' design; its alarm is the contamination threshold. */
export function runIsolationForest(entity: Entity): Stream {
  const forest = trainIsolationForest(entity.train)
  const rows = entity.test[0]!.length
  const score = new Float64Array(rows)
  const row = new Float64Array(entity.test.length)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < row.length; j++) row[j] = entity.test[j]![i]!
    score[i] = forest.score(row)
  }
  return { score, alarm: Uint8Array.from(score, (s) => (s > forest.threshold ? 1 : 0)) }
}

/** Silence: every row equally unremarkable. */
export function silence(rows: number): Stream {
  return { score: new Float64Array(rows), alarm: new Uint8Array(rows) }
}

/** Task A's measures, or undefined for an entity without labels; abstaining is measured as silence. */
export function qualityOf(entity: Entity, said: Stream | Abstention): Quality | undefined {
  const { score, alarm } = 'score' in said ? said : silence(entity.test[0]!.length)
  const { label, stepMinutes } = entity
  if (!label?.includes(1)) return undefined
  return {
    ap: averagePrecision(label, score),
    vusPr: volumeUnderPrecisionRecall(label, score, Math.trunc(BUFFER_MINUTES / stepMinutes)),
    bestF1: bestF1(label, score),
    alarms: alarmQuality(label, alarm, stepMinutes),
  }
}

export function meanOf<T>(items: readonly T[], pick: (item: T) => number): number {
  const values = items.map(pick).filter((v) => Number.isFinite(v))
  return values.reduce((a, b) => a + b, 0) / values.length
}

/** Plain means over entities. */
export function macroMean(qualities: readonly Quality[]): Quality {
  const alarms = (key: keyof AlarmQuality): number => meanOf(qualities, (q) => q.alarms[key])
  return {
    ap: meanOf(qualities, (q) => q.ap),
    vusPr: meanOf(qualities, (q) => q.vusPr),
    bestF1: meanOf(qualities, (q) => q.bestF1),
    alarms: {
      precision: alarms('precision'),
      recall: alarms('recall'),
      f1: alarms('f1'),
      eventRecall: alarms('eventRecall'),
      falseEpisodesPerDay: alarms('falseEpisodesPerDay'),
    },
  }
}
