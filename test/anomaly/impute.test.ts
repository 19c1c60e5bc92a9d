import { describe, expect, it } from 'vitest'
import { imputer } from '../../agent/anomaly/impute.ts'
import { choleskyLower, invertLowerPacked } from '../../agent/anomaly/linear.ts'

describe('a missing feature', () => {
  // Unit variances, correlation 0.8 between the first two; the third stands alone.
  const packed = invertLowerPacked(choleskyLower(Float64Array.of(1, 0.8, 0, 0.8, 1, 0, 0, 0, 1), 3)!, 3)

  it('takes the value that the others imply', () => {
    const x = Float64Array.of(2, 0, 1)
    const distance = imputer(packed, 3)(x, Uint8Array.of(0, 1, 0), new Float64Array(3))
    expect(x[1]).toBeCloseTo(1.6, 3)
    // What is left is the distance of the observed features alone.
    expect(distance).toBeCloseTo(4 + 1, 3)
  })

  it('leaves nothing to say when all are missing', () => {
    const x = Float64Array.of(0, 0, 0)
    expect(imputer(packed, 3)(x, Uint8Array.of(1, 1, 1), new Float64Array(3))).toBe(0)
  })
})
