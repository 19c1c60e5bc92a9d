import { Fault } from '../lib/errors.ts'
import { type AnomalyModel, SCALAR, type StreamState } from './model.ts'

/** Arrays of the stream's state in the order in which they are stored; the model gives their lengths. */
function arraysOf(state: StreamState): Float64Array[] {
  const { normaliser, features, unusualSince, calmRows, scalars, recent, departure, whitened } = state
  const { place, variance, lastRaw, lastAge } = normaliser
  const { ring, averages, silence, counters } = features
  return [
    ...[place, variance, lastRaw, lastAge],
    ...[ring, averages, silence, counters],
    ...[unusualSince, calmRows, scalars, recent, departure, whitened],
  ]
}

/** Only what moves while a stream is read: a few kilobytes that are saved often, beside a model that is saved once. */
export function serialiseState(model: AnomalyModel): Uint8Array {
  return doublesToBytes(arraysOf(model.state))
}

/** Puts a saved state into a model that was just restored; throws a Fault when it is not of this model. */
export function restoreState(model: AnomalyModel, bytes: Uint8Array): void {
  bytesToDoubles(bytes, arraysOf(model.state))
  const lastAt = model.state.scalars[SCALAR.lastAt]!
  if (lastAt < model.trainedOn.fromSeconds) throw notOfThisModel()
}

/** Doubles one after the other, little-endian. */
export function doublesToBytes(arrays: readonly Float64Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0) * 8)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const array of arrays)
    for (const value of array) {
      view.setFloat64(at, value, true)
      at += 8
    }
  return bytes
}

/** Fills arrays from what `doublesToBytes` wrote of arrays of the same lengths. */
export function bytesToDoubles(bytes: Uint8Array, arrays: readonly Float64Array[]): void {
  if (bytes.length !== arrays.reduce((sum, array) => sum + array.length, 0) * 8) throw notOfThisModel()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (const array of arrays)
    for (let k = 0; k < array.length; k++) {
      array[k] = view.getFloat64(at, true)
      at += 8
    }
}

function notOfThisModel(): Fault {
  return new Fault('store_corrupt', 'the stored state of an anomaly model does not belong to it', {
    hint: 'train the model again',
  })
}
