import { describe, expect, it } from 'vitest'
import type { SeriesSignal } from '../../../agent/domain/signal.ts'
import { directionOf } from '../../../agent/llm/rules/series-meaning.ts'
import { readSeries } from '../../../agent/llm/rules/series-reading.ts'
import { NOW, series } from './hand-made.ts'

const ERRORS = { sli: { role: 'errors', badWhen: 'high', objective: 0.01 } } as const
const TRAFFIC = { unit: 'per_second', sli: { role: 'traffic', badWhen: 'low' } } as const

function signalOf(...args: Parameters<typeof series>): SeriesSignal {
  return series(...args).signals[0] as SeriesSignal
}

const read = (...args: Parameters<typeof series>) => readSeries(signalOf(...args), NOW)

describe('reading a series', () => {
  it('finds what is bad, how bad and since when', () => {
    const reading = read('error_rate', (ago) => (ago <= 12 ? 0.4 : 0.002), ERRORS)
    expect(reading).toMatchObject({ state: 'bad', startsBeforeWindow: false })
    expect(reading.severity).toBeCloseTo(0.4, 1)
    expect(reading.badForMinutes).toBeCloseTo(12, 0)
  })

  it('knows a fault that fills the whole window by its objective', () => {
    expect(read('error_rate', () => 0.6, ERRORS)).toMatchObject({ state: 'bad', startsBeforeWindow: true })
    const success = { sli: { role: 'success', badWhen: 'low', objective: 0.99 } } as const
    expect(read('ok_ratio', () => 0.1, success).state).toBe('bad')
  })

  it('takes one outlier for noise', () => {
    expect(read('error_rate', (ago) => (ago === 0 ? 0.5 : 0.002), ERRORS).state).toBe('good')
    expect(read('orders', (ago) => (ago === 5 ? 3 : 30), TRAFFIC).badForMinutes).toBeNull()
  })

  it('keeps an end of data and an absence of data apart from health', () => {
    expect(read('error_rate', (ago) => (ago < 12 ? null : 0.002), ERRORS).state).toBe('stale')
    expect(read('error_rate', () => null, ERRORS).state).toBe('absent')
  })

  it('sees a recovery, and does not take a trough between waves for one', () => {
    const falling = read('error_rate', (ago) => (ago > 30 ? 0.002 : ago > 15 ? 0.8 : 0.1 + ago * 0.045), ERRORS)
    expect(falling.trend).toBe('improving')
    expect(falling.recovered).toBeGreaterThan(0.7)
    const waves = read('error_rate', (ago) => (Math.floor(ago / 4) % 2 === 1 ? 0.7 : 0.002), ERRORS)
    expect(waves).toMatchObject({ trend: 'waves', state: 'bad' })
  })

  it('does not call the breathing of traffic a loss', () => {
    expect(read('orders', (ago) => 30 - 4 * Math.sin(ago), TRAFFIC).state).toBe('good')
    expect(read('orders', (ago) => (ago <= 8 ? 10 : 30), TRAFFIC).state).toBe('bad')
  })
})

describe('the meaning of a series without an indicator', () => {
  it.each([
    ['pods_pending', 'count', 'errors', 'high'],
    ['nodes_not_ready', 'count', 'errors', 'high'],
    ['nodes_ready', 'count', 'success', 'low'],
    ['internal_403_rate', 'per_second', 'errors', 'high'],
    ['replication_lag', 'seconds', 'lag', 'high'],
    ['cpu_utilization', 'ratio', 'saturation', 'high'],
    ['request_rate', 'per_second', 'traffic', 'low'],
  ])('%s', (name, unit, kind, badWhen) => {
    expect(directionOf(signalOf(name, () => 1, { unit }))).toMatchObject({ kind, badWhen })
  })
})
