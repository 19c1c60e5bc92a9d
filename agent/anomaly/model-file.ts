import { z } from 'zod'
import { Fault } from '../lib/errors.ts'
import { ringRows } from './features.ts'
import { type AnomalyModel, MODEL_FORMAT, SCALARS } from './model.ts'
import type { Feature } from './parameters.ts'

const Rows = z.number().int().min(1).max(1000)
const FeatureShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('level') }),
  z.object({ kind: z.literal('change'), rows: Rows }),
  z.object({ kind: z.literal('departure'), rows: Rows }),
])
const Positive = z.number().positive()
const SeasonShape = z.object({
  periodSeconds: Positive,
  binSeconds: Positive,
  bins: z.number().int().min(1).max(10_080),
})

const Header = z.object({
  format: z.literal(MODEL_FORMAT),
  mode: z.string().min(1),
  parameters: z.object({
    features: z.array(FeatureShape).min(1).max(16),
    adaptHours: Positive,
    winsor: Positive,
    clip: Positive,
    shrink: z.number().gt(0).max(1),
    fastRows: Positive,
    slowHours: Positive,
    seasonShare: z.number(),
    dayBinMinutes: Positive,
    weekBinMinutes: Positive,
  }),
  metrics: z.array(z.string()).min(1).max(10_000),
  stepSeconds: Positive,
  trainedOn: z.object({ fromSeconds: z.number(), toSeconds: z.number(), rows: z.number().int().nonnegative() }),
  day: SeasonShape,
  week: SeasonShape,
  yardstick: z.object({ median: z.number(), spread: Positive }),
  thresholds: z.object({ elevated: z.number(), alarm: z.number() }),
  scoreTop: z.number().int().min(0).max(128),
})
type Header = z.infer<typeof Header>

const QUANTILES = 257
const PREFIX_BYTES = 8
const MOST_FEATURES = 4096

/** The lengths of the single precision arrays, then of the double precision arrays, as the header implies them. */
function arrayLengths(header: Header): { single: number[]; double: number[] } {
  const metrics = header.metrics.length
  const features: readonly Feature[] = header.parameters.features
  const dims = metrics * features.length
  const departures = features.filter((f) => f.kind === 'departure').length
  const recent = Math.max(2, Math.ceil(1800 / header.stepSeconds))
  const table = [metrics, metrics, metrics]
  const scores = [dims, dims, QUANTILES, header.scoreTop]
  const normaliser = [metrics, metrics, metrics, metrics]
  const memory = [ringRows(features) * metrics, departures * metrics, metrics, 1]
  return {
    single: [metrics * header.day.bins, metrics * header.week.bins, (dims * (dims + 1)) / 2],
    double: [...table, ...scores, ...normaliser, ...memory, metrics, metrics, SCALARS, recent, dims, dims],
  }
}

function doublesOf(model: AnomalyModel): Float64Array[] {
  const { table, state } = model
  return [
    Float64Array.from(table.kind),
    table.centre,
    table.scale,
    model.mean,
    model.spread,
    model.scoreQuantiles,
    model.scoreTop,
    state.normaliser.place,
    state.normaliser.variance,
    state.normaliser.lastRaw,
    state.normaliser.lastAge,
    state.features.ring,
    state.features.averages,
    state.features.silence,
    state.features.counters,
    state.unusualSince,
    state.calmRows,
    state.scalars,
    state.recent,
    state.departure,
    state.whitened,
  ]
}

/** The model and the state of its stream as bytes: an 8-byte prefix with lengths, JSON, singles, doubles. */
export function serialiseModel(model: AnomalyModel): Uint8Array {
  const season = ({ periodSeconds, binSeconds, bins }: z.infer<typeof SeasonShape>) => ({
    periodSeconds,
    binSeconds,
    bins,
  })
  const header = {
    format: model.format,
    mode: model.mode,
    parameters: model.parameters,
    metrics: model.metrics,
    stepSeconds: model.stepSeconds,
    trainedOn: model.trainedOn,
    day: season(model.day),
    week: season(model.week),
    yardstick: model.yardstick,
    thresholds: model.thresholds,
    scoreTop: model.scoreTop.length,
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const singles = [model.day.offsets, model.week.offsets, model.whitening]
  const doubles = doublesOf(model)
  const size = (arrays: readonly ArrayLike<number>[]): number => arrays.reduce((n, a) => n + a.length, 0)
  const body = size(singles) * 4 + size(doubles) * 8
  const bytes = new Uint8Array(PREFIX_BYTES + text.length + body)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, text.length, true)
  view.setUint32(4, body, true)
  bytes.set(text, PREFIX_BYTES)
  let at = PREFIX_BYTES + text.length
  for (const array of singles)
    for (const v of array) {
      view.setFloat32(at, v, true)
      at += 4
    }
  for (const array of doubles)
    for (const v of array) {
      view.setFloat64(at, v, true)
      at += 8
    }
  return bytes
}

/** Reads a stored model; throws a Fault when the bytes are not one. */
export function restoreModel(bytes: Uint8Array): AnomalyModel {
  const broken = (why: string, cause?: unknown): Fault =>
    new Fault('store_corrupt', `the stored anomaly model cannot be read: ${why}`, {
      cause,
      hint: 'train the model again',
    })
  if (bytes.length < PREFIX_BYTES) throw broken('it is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const textLength = view.getUint32(0, true)
  const body = view.getUint32(4, true)
  if (PREFIX_BYTES + textLength + body !== bytes.length) throw broken('its length is wrong')
  let header: Header
  try {
    const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + textLength))
    header = Header.parse(JSON.parse(text))
  } catch (cause) {
    throw broken('its header is not that of a model of this version', cause)
  }
  if (header.metrics.length * header.parameters.features.length > MOST_FEATURES)
    throw broken('it has too many features')
  const lengths = arrayLengths(header)
  const total = (sizes: readonly number[]): number => sizes.reduce((n, l) => n + l, 0)
  if (total(lengths.single) * 4 + total(lengths.double) * 8 !== body) throw broken('its arrays do not fit its header')
  let at = PREFIX_BYTES + textLength
  const singles = lengths.single.map((length) => {
    const array = new Float32Array(length)
    for (let k = 0; k < length; k++, at += 4) array[k] = view.getFloat32(at, true)
    return array
  })
  const doubles = lengths.double.map((length) => {
    const array = new Float64Array(length)
    for (let k = 0; k < length; k++, at += 8) array[k] = view.getFloat64(at, true)
    return array
  })
  const single = (index: number): Float32Array => singles[index]!
  const take = (index: number): Float64Array => doubles[index]!
  return {
    format: MODEL_FORMAT,
    mode: header.mode,
    parameters: header.parameters,
    metrics: header.metrics,
    stepSeconds: header.stepSeconds,
    trainedOn: header.trainedOn,
    table: { kind: Uint8Array.from(take(0)), centre: take(1), scale: take(2) },
    day: { ...header.day, offsets: single(0) },
    week: { ...header.week, offsets: single(1) },
    whitening: single(2),
    mean: take(3),
    spread: take(4),
    scoreQuantiles: take(5),
    scoreTop: take(6),
    yardstick: header.yardstick,
    thresholds: header.thresholds,
    state: {
      normaliser: { place: take(7), variance: take(8), lastRaw: take(9), lastAge: take(10) },
      features: { ring: take(11), averages: take(12), silence: take(13), counters: take(14) },
      unusualSince: take(15),
      calmRows: take(16),
      scalars: take(17),
      recent: take(18),
      departure: take(19),
      whitened: take(20),
    },
  }
}
