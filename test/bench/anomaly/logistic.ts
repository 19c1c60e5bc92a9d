/** Rows for a logistic fit: flat inputs, outcomes. */
export interface LogisticRows {
  readonly inputs: Float64Array
  readonly outcome: Uint8Array
  readonly width: number
}

/** Weights (intercept first) by Newton's method with a ridge that spares the intercept. */
export function fitLogistic({ inputs, outcome, width }: LogisticRows, ridge: number): number[] {
  const size = width + 1
  const rows = outcome.length
  const weights = new Float64Array(size)
  const x = new Float64Array(size)
  x[0] = 1
  for (let round = 0; round < 40; round++) {
    const gradient = new Float64Array(size)
    const curvature = new Float64Array(size * size)
    for (let i = 0; i < rows; i++) {
      let s = weights[0]!
      for (let k = 0; k < width; k++) {
        x[k + 1] = inputs[i * width + k]!
        s += weights[k + 1]! * x[k + 1]!
      }
      const p = 1 / (1 + Math.exp(-s))
      const miss = outcome[i]! - p
      const bend = p * (1 - p)
      for (let a = 0; a < size; a++) {
        gradient[a] = gradient[a]! + miss * x[a]!
        for (let b = 0; b < size; b++) curvature[a * size + b] = curvature[a * size + b]! + bend * x[a]! * x[b]!
      }
    }
    for (let a = 0; a < size; a++) {
      if (a > 0) {
        gradient[a] = gradient[a]! - ridge * rows * weights[a]!
        curvature[a * size + a] = curvature[a * size + a]! + ridge * rows
      }
      curvature[a * size + a] = curvature[a * size + a]! + 1e-9
    }
    const step = solve(curvature, gradient)
    let largest = 0
    for (let a = 0; a < size; a++) {
      weights[a] = weights[a]! + step[a]!
      largest = Math.max(largest, Math.abs(step[a]!))
    }
    if (largest < 1e-9) break
  }
  return [...weights]
}

/** Solves a small positive definite system by elimination. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length
  const m = matrix.slice()
  const r = right.slice()
  for (let k = 0; k < n; k++)
    for (let i = k + 1; i < n; i++) {
      const f = m[i * n + k]! / m[k * n + k]!
      for (let j = k; j < n; j++) m[i * n + j] = m[i * n + j]! - f * m[k * n + j]!
      r[i] = r[i]! - f * r[k]!
    }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) r[k] = r[k]! - m[k * n + j]! * r[j]!
    r[k] = r[k]! / m[k * n + k]!
  }
  return r
}
