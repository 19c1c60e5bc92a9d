// Dense symmetric algebra on flat row-major arrays. Small on purpose: what the detector needs and nothing else.

/** Mean and (population) covariance of `count` row-major rows. */
export function meanAndCovariance(
  rows: Float64Array,
  count: number,
  dims: number,
): { mean: Float64Array; covariance: Float64Array } {
  const mean = new Float64Array(dims)
  for (let i = 0; i < count; i++) for (let j = 0; j < dims; j++) mean[j] = mean[j]! + rows[i * dims + j]! / count
  const covariance = new Float64Array(dims * dims)
  const centred = new Float64Array(dims)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < dims; j++) centred[j] = rows[i * dims + j]! - mean[j]!
    addOuterProduct(covariance, centred, dims)
  }
  return { mean, covariance: finishCovariance(covariance, dims, count) }
}

/** Adds x·xᵀ to the lower triangle of `sum`. */
export function addOuterProduct(sum: Float64Array, x: Float64Array, dims: number): void {
  for (let j = 0; j < dims; j++) {
    const a = x[j]!
    if (a === 0) continue
    const row = j * dims
    for (let k = 0; k <= j; k++) sum[row + k] = sum[row + k]! + a * x[k]!
  }
}

/** Divides an accumulated lower triangle by `count` and mirrors it. */
export function finishCovariance(sum: Float64Array, dims: number, count: number): Float64Array {
  for (let j = 0; j < dims; j++)
    for (let k = 0; k <= j; k++) {
      const value = sum[j * dims + k]! / count
      sum[j * dims + k] = value
      sum[k * dims + j] = value
    }
  return sum
}

/** Linear shrinkage towards the identity scaled by the mean variance: (1-w)·C + w·tr(C)/p·I. */
export function shrinkCovariance(covariance: Float64Array, dims: number, weight: number): Float64Array {
  let trace = 0
  for (let j = 0; j < dims; j++) trace += covariance[j * dims + j]!
  const target = (weight * trace) / dims
  const out = new Float64Array(dims * dims)
  for (let i = 0; i < out.length; i++) out[i] = (1 - weight) * covariance[i]!
  for (let j = 0; j < dims; j++) out[j * dims + j] = out[j * dims + j]! + target
  return out
}

/** Lower Cholesky factor, or undefined when the matrix is not positive definite. */
export function choleskyLower(matrix: Float64Array, dims: number): Float64Array | undefined {
  const lower = new Float64Array(dims * dims)
  for (let i = 0; i < dims; i++)
    for (let j = 0; j <= i; j++) {
      let s = matrix[i * dims + j]!
      for (let k = 0; k < j; k++) s -= lower[i * dims + k]! * lower[j * dims + k]!
      if (i !== j) lower[i * dims + j] = s / lower[j * dims + j]!
      else if (s > 0) lower[i * dims + i] = Math.sqrt(s)
      else return undefined
    }
  return lower
}

/**
 * Inverse of a lower triangular matrix, packed row after row (row i holds i+1 numbers), in single precision: with shrinkage
 * the matrix is well conditioned, and ten thousand scopes must fit into one agent's memory.
 */
export function invertLowerPacked(lower: Float64Array, dims: number): Float32Array {
  const packed = new Float64Array((dims * (dims + 1)) / 2)
  const at = (i: number, j: number): number => (i * (i + 1)) / 2 + j
  for (let c = 0; c < dims; c++) {
    packed[at(c, c)] = 1 / lower[c * dims + c]!
    for (let i = c + 1; i < dims; i++) {
      let s = 0
      for (let k = c; k < i; k++) s -= lower[i * dims + k]! * packed[at(k, c)]!
      packed[at(i, c)] = s / lower[i * dims + i]!
    }
  }
  return Float32Array.from(packed)
}

/** Writes y = W·x for a packed lower triangular W and returns |y|². */
export function whiten(packed: Float32Array, dims: number, x: Float64Array, y: Float64Array): number {
  let at = 0
  let total = 0
  for (let i = 0; i < dims; i++) {
    // Four running sums, since one alone would wait for each addition in turn.
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let k = 0
    const end = i + 1
    for (; k + 3 < end; k += 4) {
      a += packed[at]! * x[k]!
      b += packed[at + 1]! * x[k + 1]!
      c += packed[at + 2]! * x[k + 2]!
      d += packed[at + 3]! * x[k + 3]!
      at += 4
    }
    for (; k < end; k++) a += packed[at++]! * x[k]!
    const v = a + b + (c + d)
    y[i] = v
    total += v * v
  }
  return total
}

/** Writes g = Wᵀ·y; with y = W·x this is the gradient side of the distance, so that Σ xᵢ·gᵢ = |y|². */
export function whitenTransposed(packed: Float32Array, dims: number, y: Float64Array, g: Float64Array): void {
  g.fill(0)
  let at = 0
  for (let i = 0; i < dims; i++) {
    const v = y[i]!
    for (let k = 0; k <= i; k++) g[k] = g[k]! + packed[at++]! * v
  }
}
