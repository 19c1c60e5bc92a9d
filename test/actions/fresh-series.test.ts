import { describe, expect, it } from 'vitest'
import { judgeBound, SeriesBound } from '../../actions/shared/fresh-series.ts'
import type { Look } from '../../actions/stage.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { clearOutage } from '../policy/inputs.ts'

const BOUND = SeriesBound.parse({ series: 'failed_share', max: 0.01 })
const START_SECONDS = 1000

/** A look at a series with one value each second after the start. */
function lookAt(...values: readonly (number | null)[]): Look {
  const points = values.map((value, index): [number, number | null] => [START_SECONDS + 1 + index, value])
  const signal = { kind: 'series', id: 'prometheus:failed_share:series-1', name: 'failed_share', labels: {}, points }
  const takenAt = instantOf((START_SECONDS + values.length + 1) * 1000)
  return { snapshot: { ...clearOutage(), takenAt, evidence: [{ signals: [signal] }] } } as unknown as Look
}

const judged = (look: Look, how: 'every' | 'newest') =>
  judgeBound(look, BOUND, { sinceMs: START_SECONDS * 1000, minimumSamples: 3, judged: how }).state

describe('values of a series since a moment', () => {
  it('show at their end that users are served again, while a rate still tells of the time before', () => {
    const recovered = lookAt(0.9, 0.6, 0.3, 0, 0, 0)
    expect(judged(recovered, 'newest')).toBe('within')
    expect(judged(recovered, 'every')).toBe('breached')
    expect(judged(lookAt(0.9, 0.6, 0.3, 0, 0), 'newest')).toBe('breached')
  })

  it('prove nothing while they are too few or missing, whatever came before', () => {
    expect(judged(lookAt(0, 0), 'newest')).toBe('unknown')
    expect(judged(lookAt(0, 0, 0, 0, null), 'newest')).toBe('unknown')
    expect(judged(lookAt(0, 0, 0, 0, null), 'every')).toBe('within')
    expect(judged(lookAt(0, 0, 0, 0.5), 'newest')).toBe('breached')
  })
})
