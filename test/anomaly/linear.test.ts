import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  choleskyLower,
  invertLowerPacked,
  meanAndCovariance,
  shrinkCovariance,
  whiten,
  whitenTransposed,
} from '../../agent/anomaly/linear.ts'
import { normal } from './synthetic.ts'

describe('covariance', () => {
  it('equals the one computed by hand', () => {
    const { mean, covariance } = meanAndCovariance(Float64Array.of(1, 2, 3, 6, 5, 4), 3, 2)
    expect([...mean]).toEqual([3, 4])
    const expected = [8 / 3, 4 / 3, 4 / 3, 8 / 3]
    covariance.forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i]!, 12)
    })
  })

  it('shrinks towards the mean variance and keeps the trace', () => {
    const shrunk = shrinkCovariance(Float64Array.of(4, 1, 1, 2), 2, 0.25)
    expect([...shrunk]).toEqual([3.75, 0.75, 0.75, 2.25])
  })
})

describe('Cholesky factor', () => {
  it('equals the textbook example', () => {
    const factor = choleskyLower(Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98), 3)
    expect([...factor!]).toEqual([2, 0, 0, 6, 1, 0, -8, 5, 3])
  })

  it('refuses a matrix that is not positive definite', () => {
    expect(choleskyLower(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined()
    expect(choleskyLower(Float64Array.of(0, 0, 0, 0), 2)).toBeUndefined()
  })

  it('inverts exactly what it factored', () => {
    const packed = invertLowerPacked(Float64Array.of(2, 0, 0, 6, 1, 0, -8, 5, 4), 3)
    expect([...packed]).toEqual([0.5, -3, 1, 4.75, -1.25, 0.25])
  })
})

describe('whitening', () => {
  it('gives the Mahalanobis distance', () => {
    // Covariance [[4,2],[2,3]] has inverse [[3,-2],[-2,4]]/8; for x = (2,1) the distance is (12 - 8 + 4)/8 = 1.
    const packed = invertLowerPacked(choleskyLower(Float64Array.of(4, 2, 2, 3), 2)!, 2)
    expect(whiten(packed, 2, Float64Array.of(2, 1), new Float64Array(2))).toBeCloseTo(1, 6)
  })

  it('splits the distance into parts that add up to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 13 }), (seed, dims) => {
        const noise = normal(seed)
        const rows = Float64Array.from({ length: 40 * dims }, noise)
        const { covariance } = meanAndCovariance(rows, 40, dims)
        const packed = invertLowerPacked(choleskyLower(shrinkCovariance(covariance, dims, 0.2), dims)!, dims)
        const x = Float64Array.from({ length: dims }, noise)
        const y = new Float64Array(dims)
        const g = new Float64Array(dims)
        const distance = whiten(packed, dims, x, y)
        whitenTransposed(packed, dims, y, g)
        expect(x.reduce((s, v, i) => s + v * g[i]!, 0)).toBeCloseTo(distance, 8)
      }),
      { numRuns: 50 },
    )
  })

  it('makes a sample white', () => {
    const noise = normal(7)
    const rows = new Float64Array(3 * 2000)
    for (let i = 0; i < 2000; i++) {
      const a = noise()
      rows.set([a, 2 * a + noise(), 0.1 * noise() - a], 3 * i)
    }
    const { mean, covariance } = meanAndCovariance(rows, 2000, 3)
    const packed = invertLowerPacked(choleskyLower(covariance, 3)!, 3)
    const white = new Float64Array(rows.length)
    for (let i = 0; i < 2000; i++) {
      const x = Float64Array.from({ length: 3 }, (_, j) => rows[3 * i + j]! - mean[j]!)
      whiten(packed, 3, x, white.subarray(3 * i, 3 * i + 3))
    }
    const again = meanAndCovariance(white, 2000, 3).covariance
    for (let i = 0; i < 9; i++) expect(again[i]).toBeCloseTo(i % 4 === 0 ? 1 : 0, 4)
  })
})
