import { expect } from 'vitest'
import type { AnomalyModel } from '../../agent/anomaly/model.ts'
import { createScorer } from '../../agent/anomaly/scorer.ts'
import { type History, type TrainOptions, trainModel } from '../../agent/anomaly/train.ts'
import { rowAt } from './synthetic.ts'

/** Trains, or fails the test with the reason. */
export function trained(history: History, options: TrainOptions = {}): AnomalyModel {
  const training = trainModel(history, options)
  if (training.status === 'abstained') expect.fail(training.reason)
  return training.model
}

/** Reads every row of a history with a model. */
export function scores(model: AnomalyModel, history: History): Float64Array {
  const scorer = createScorer(model)
  return Float64Array.from(history.atSeconds, (at, i) => scorer.score(at, rowAt(history, i)))
}

export function largest(values: ArrayLike<number>, from = 0, to = values.length): number {
  let top = Number.NEGATIVE_INFINITY
  for (let i = from; i < to; i++) top = Math.max(top, values[i]!)
  return top
}
