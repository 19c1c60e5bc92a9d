import { openForest, trainForestFile } from './forest-detector.ts'
import { FOREST_FORMAT, serialiseForest } from './forest-file.ts'
import { restoreModel, serialiseModel } from './model-file.ts'
import { type Reading, readingOf } from './opinion.ts'
import { createScorer } from './scorer.ts'
import { restoreState, serialiseState } from './state-file.ts'
import { type History, trainModel } from './train.ts'

/** Detectors by name: the default, its cheaper form, and the baseline that they are measured against. */
export const DETECTOR_NAMES = ['best', 'fast', 'isolation-forest'] as const
export type DetectorName = (typeof DETECTOR_NAMES)[number]

/** A trained scope that reads rows one after the other, whatever is inside. */
export interface Detector {
  /** Reads one row in the order of the metrics, NaN where there is no reading; a repeated or late row changes nothing. */
  read(atSeconds: number, row: ArrayLike<number>): number
  /** What it says of the last row. */
  reading(): Reading
  /** What has moved since training, as bytes. */
  stream(): Uint8Array
}

/** A trained detector as it is stored, or why there is none. */
export type DetectorTraining =
  | {
      readonly status: 'trained'
      readonly bytes: Uint8Array
      readonly version: string
      readonly trainedOn: Reading['trainedOn']
      readonly metrics: readonly string[]
      readonly threshold: number
    }
  | { readonly status: 'abstained'; readonly reason: string }

/** Learns what is normal from unlabelled history with the named detector. */
export function trainDetector(history: History, name: DetectorName): DetectorTraining {
  if (name === 'isolation-forest') {
    const forest = trainForestFile(history)
    if ('reason' in forest) return { status: 'abstained', reason: forest.reason }
    return described(serialiseForest(forest))
  }
  const training = trainModel(history, { mode: name })
  return training.status === 'abstained' ? training : described(serialiseModel(training.model))
}

function described(bytes: Uint8Array): DetectorTraining {
  const { version, trainedOn, metrics, threshold } = openDetector(bytes, null).reading()
  return { status: 'trained', bytes, version, trainedOn, metrics, threshold }
}

/** Opens a stored detector, where its stream was left; throws a Fault when the bytes are none. */
export function openDetector(bytes: Uint8Array, stream: Uint8Array | null): Detector {
  if (isForest(bytes)) return openForest(bytes, stream)
  const model = restoreModel(bytes)
  if (stream) restoreState(model, stream)
  const scorer = createScorer(model)
  return { read: scorer.score, reading: () => readingOf(scorer), stream: () => serialiseState(model) }
}

const START = new TextEncoder().encode(`{"format":"${FOREST_FORMAT}"`)

function isForest(bytes: Uint8Array): boolean {
  return START.every((byte, i) => bytes[8 + i] === byte)
}
