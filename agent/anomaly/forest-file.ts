import { z } from 'zod'
import { Fault } from '../lib/errors.ts'
import type { ForestModel } from './isolation-forest.ts'

export const FOREST_FORMAT = 'isolation-forest/v1'

/** A trained forest of one scope, and what its scores were on its history. */
export interface ForestFile extends ForestModel {
  readonly metrics: readonly string[]
  readonly stepSeconds: number
  readonly trainedOn: { readonly fromSeconds: number; readonly toSeconds: number; readonly rows: number }
  readonly scoreQuantiles: Float64Array
  readonly scoreTop: Float64Array
}

const Count = z.number().int().nonnegative().max(10_000_000)
const Header = z.object({
  format: z.literal(FOREST_FORMAT),
  metrics: z.array(z.string()).min(1).max(10_000),
  stepSeconds: z.number().positive(),
  trainedOn: z.object({ fromSeconds: z.number(), toSeconds: z.number(), rows: Count }),
  scaling: z.array(z.object({ mean: z.number(), deviation: z.number().positive() })),
  sample: Count,
  threshold: z.number(),
  nodes: Count,
  roots: Count,
  quantiles: Count,
  top: Count,
})

const PREFIX_BYTES = 8

/** The forest as bytes: an 8-byte prefix with lengths, JSON, then doubles, 32-bit and 16-bit numbers. */
export function serialiseForest(forest: ForestFile): Uint8Array {
  const { trees, metrics, stepSeconds, trainedOn, scaling, sample, threshold, scoreQuantiles, scoreTop } = forest
  const header: z.infer<typeof Header> = {
    format: FOREST_FORMAT,
    metrics: [...metrics],
    stepSeconds,
    trainedOn,
    scaling: [...scaling],
    sample,
    threshold,
    nodes: trees.value.length,
    roots: trees.roots.length,
    quantiles: scoreQuantiles.length,
    top: scoreTop.length,
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const body = bodyBytes(header)
  const bytes = new Uint8Array(PREFIX_BYTES + text.length + body)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, text.length, true)
  view.setUint32(4, body, true)
  bytes.set(text, PREFIX_BYTES)
  let at = PREFIX_BYTES + text.length
  for (const array of [trees.value, scoreQuantiles, scoreTop])
    for (const v of array) {
      view.setFloat64(at, v, true)
      at += 8
    }
  for (const array of [trees.left, trees.roots])
    for (const v of array) {
      view.setUint32(at, v, true)
      at += 4
    }
  for (const v of trees.feature) {
    view.setUint16(at, v, true)
    at += 2
  }
  return bytes
}

/** Reads a stored forest; throws a Fault when the bytes are not one. */
export function restoreForest(bytes: Uint8Array): ForestFile {
  const { header, bodyAt, view } = readHeader(bytes)
  let at = bodyAt
  const doubles = (length: number): Float64Array => {
    const array = new Float64Array(length)
    for (let k = 0; k < length; k++, at += 8) array[k] = view.getFloat64(at, true)
    return array
  }
  const whole = (length: number): Uint32Array => {
    const array = new Uint32Array(length)
    for (let k = 0; k < length; k++, at += 4) array[k] = view.getUint32(at, true)
    return array
  }
  const value = doubles(header.nodes)
  const scoreQuantiles = doubles(header.quantiles)
  const scoreTop = doubles(header.top)
  const left = whole(header.nodes)
  const roots = whole(header.roots)
  const feature = new Uint16Array(header.nodes)
  for (let k = 0; k < feature.length; k++, at += 2) feature[k] = view.getUint16(at, true)
  // A child comes after its parent, so that no stored forest can send a reader round in circles.
  const isTree = left.every((first, node) => first === 0 || (first > node && first + 1 < header.nodes))
  if (!isTree || roots.some((root) => root >= header.nodes)) throw broken('its trees do not hang together')
  const { metrics, stepSeconds, trainedOn, scaling, sample, threshold } = header
  const trees = { feature, value, left, roots }
  return { trees, metrics, stepSeconds, trainedOn, scaling, sample, threshold, scoreQuantiles, scoreTop }
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < PREFIX_BYTES) throw broken('it is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const textLength = view.getUint32(0, true)
  const body = view.getUint32(4, true)
  const bodyAt = PREFIX_BYTES + textLength
  if (bodyAt + body !== bytes.length) throw broken('its length is wrong')
  let header: z.infer<typeof Header>
  try {
    header = Header.parse(JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, bodyAt))))
  } catch (cause) {
    throw broken('its header is not that of a forest of this version', cause)
  }
  if (bodyBytes(header) !== body || header.scaling.length !== header.metrics.length)
    throw broken('its arrays do not fit its header')
  return { header, bodyAt, view }
}

function bodyBytes({ nodes, roots, quantiles, top }: z.infer<typeof Header>): number {
  return (nodes + quantiles + top) * 8 + (nodes + roots) * 4 + nodes * 2
}

function broken(why: string, cause?: unknown): Fault {
  return new Fault('store_corrupt', `the stored isolation forest cannot be read: ${why}`, {
    cause,
    hint: 'train the model again',
  })
}
