import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Calibration, calibrate } from '../../agent/domain/calibration.ts'
import { crossValidated, fitCalibration, fitIsotonic, fitPlatt, leaveOneOut } from '../../evals/calibration-fit.ts'
import { brier, type Forecast } from '../../evals/reliability.ts'

const about = { analyst: 'model', promptHash: 'p', casesHash: 'c' }
/** Says .9 and is right half of the time; says .6 and is right a fifth of the time. */
const boastful: Forecast[] = Array.from({ length: 100 }, (_, i) => ({
  confidence: i % 2 === 0 ? 0.9 : 0.6,
  correct: i % 2 === 0 ? i % 4 === 0 : i % 10 === 1,
  group: `case-${i}`,
}))

describe('calibration fit', () => {
  it('takes a boast down to what it is worth', () => {
    const fitted = fitCalibration(boastful, about)
    expect(fitted).not.toBeNull()
    expect(calibrate(fitted!.map, 0.9)).toBeCloseTo(0.5, 1)
    expect(calibrate(fitted!.map, 0.6)).toBeCloseTo(0.2, 1)
    expect(fitted!.crossValidated.brierAfter).toBeLessThan(fitted!.crossValidated.brierBefore)
  })
  it('is an artifact that reads back and is the same every time', () => {
    const fitted = fitCalibration(boastful, about)
    expect(Calibration.parse(JSON.parse(JSON.stringify(fitted)))).toEqual(fitted)
    expect(fitCalibration(boastful, about)).toEqual(fitted)
  })
  it('does not depend on the order of the cases', () => {
    expect(fitCalibration([...boastful].reverse(), about)?.map).toEqual(fitCalibration(boastful, about)?.map)
  })
  it('refuses to fit a handful', () => {
    expect(fitCalibration(boastful.slice(0, 10), about)).toBeNull()
  })
  it('refuses a map that helps nobody', () => {
    const honest = boastful.map((one, i) => ({ ...one, confidence: 0.5, correct: i % 2 === 0 }))
    expect(fitCalibration(honest, about)).toBeNull()
  })
  it('judges on cases that the fit has not seen', () => {
    expect(brier(crossValidated(boastful, 'platt'))).toBeLessThan(brier(boastful))
    expect(brier(leaveOneOut(boastful, ({ group }) => group.slice(-1)))).toBeLessThan(brier(boastful))
  })
})

describe('any fitted map', () => {
  const anyForecasts = fc.array(
    fc.record({ confidence: fc.double({ min: 0, max: 1, noNaN: true }), correct: fc.boolean(), group: fc.string() }),
    { minLength: 1, maxLength: 60 },
  )
  it('never falls, stays within 0 and 1, and never claims certainty from few cases', () => {
    fc.assert(
      fc.property(
        anyForecasts,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (list, a, b) => {
          for (const map of [fitIsotonic(list), fitPlatt(list)]) {
            const [low, high] = [calibrate(map, Math.min(a, b)), calibrate(map, Math.max(a, b))]
            expect(low).toBeLessThanOrEqual(high + 1e-9)
            expect(low).toBeGreaterThanOrEqual(0)
            expect(high).toBeLessThanOrEqual(1)
          }
          expect(calibrate(fitIsotonic(list), 1)).toBeLessThan(1)
        },
      ),
    )
  })
})
