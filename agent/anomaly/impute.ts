import { whiten, whitenTransposed } from './linear.ts'

const MOST_ROUNDS = 12
const ENOUGH = 1e-3

/**
 * Puts the most likely values in place of missing features, given the others: those that make the distance smallest. A
 * fixed stand-in would look like a broken correlation with everything that is still read. Conjugate gradients over the
 * missing features; returns the distance and leaves W·x in `y`.
 */
export function imputer(
  packed: Float32Array,
  dims: number,
): (x: Float64Array, missing: Uint8Array, y: Float64Array) => number {
  const direction = new Float64Array(dims)
  const residual = new Float64Array(dims)
  const image = new Float64Array(dims)
  const curved = new Float64Array(dims)
  return (x, missing, y) => {
    let distance = whiten(packed, dims, x, y)
    whitenTransposed(packed, dims, y, residual)
    let norm = 0
    for (let i = 0; i < dims; i++) {
      residual[i] = missing[i] ? -residual[i]! : 0
      direction[i] = residual[i]!
      norm += residual[i]! * residual[i]!
    }
    const target = norm * ENOUGH * ENOUGH
    for (let round = 0; round < MOST_ROUNDS && norm > target && norm > 0; round++) {
      const bend = whiten(packed, dims, direction, image)
      whitenTransposed(packed, dims, image, curved)
      const step = norm / bend
      let next = 0
      for (let i = 0; i < dims; i++) {
        if (!missing[i]) continue
        x[i] = x[i]! + step * direction[i]!
        residual[i] = residual[i]! - step * curved[i]!
        next += residual[i]! * residual[i]!
      }
      for (let i = 0; i < dims; i++) if (missing[i]) direction[i] = residual[i]! + (next / norm) * direction[i]!
      norm = next
      distance = whiten(packed, dims, x, y)
    }
    return distance
  }
}
