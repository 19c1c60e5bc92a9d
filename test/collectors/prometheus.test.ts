import { describe, expect, it } from 'vitest'
import type { SeriesSignal } from '../../agent/domain/signal.ts'
import { answering, collectedOne, NOW_MS } from './round.ts'
import { fixture, SAMPLES } from './samples.ts'

const matrix = (result: unknown) => ({ status: 'success', data: { resultType: 'matrix', result } })

describe('Prometheus', () => {
  it('asks for the window and keeps every point what it is', async () => {
    const http = answering({ status: 200, body: fixture('prometheus/matrix.json') })
    const options = {
      ...SAMPLES.prometheus,
      query: 'rate(up{a="b & c"}[2m])',
      unit: 'ratio',
      sli: { role: 'errors', badWhen: 'high' } as const,
    }
    const evidence = await collectedOne({ ...options, basicAuth: { username: 'me', password: 'hunter2' } }, http)
    const url = new URL(http.asked[0]?.url ?? '')
    expect(url.pathname).toBe('/prom/api/v1/query_range')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: 'rate(up{a="b & c"}[2m])',
      start: String(NOW_MS / 1000 - 3600),
      end: String(NOW_MS / 1000),
      step: '30',
    })
    expect(http.asked[0]?.headers?.authorization).toBe('Basic bWU6aHVudGVyMg==')
    const [first, second, third] = evidence.signals as SeriesSignal[]
    expect(first).toMatchObject({
      id: 'prometheus:up:series-1',
      labels: { __name__: 'up', job: 'api', zone: 'a' },
      unit: 'ratio',
      sli: { role: 'errors', badWhen: 'high' },
      stepSeconds: 30,
    })
    // NaN and the infinities become null in their place, the gap stays a gap.
    expect(first?.points).toEqual([
      [1777885200, 0.25],
      [1777885230, null],
      [1777885260, null],
      [1777885290, null],
      [1777885410.781, 0.001],
    ])
    expect(second?.labels.zone).toBe('b')
    expect(third?.points).toEqual([])
  })

  it('takes a number that no double can hold for none', async () => {
    const evidence = await collectedOne(SAMPLES.prometheus, answering(matrix([{ metric: {}, values: [[1, '1e999']] }])))
    expect(evidence.signals[0]).toMatchObject({ points: [[1, null]] })
  })

  it('is empty when no series answers', async () => {
    expect((await collectedOne(SAMPLES.prometheus, answering(matrix([])))).status).toBe('empty')
  })

  it('keeps as many series as its cap and says so', async () => {
    const result = Array.from({ length: 50 }, (_, index) => ({ metric: { pod: `p${index}` }, values: [[1, '1']] }))
    const evidence = await collectedOne(SAMPLES.prometheus, answering(matrix(result)))
    expect(evidence.signals).toHaveLength(20)
    expect(evidence.truncated).toBe('20 of 50 series kept')
  })

  it('refuses one series with more points than its cap', async () => {
    const values = Array.from({ length: 30_000 }, (_, index) => [index, '1'])
    const evidence = await collectedOne(SAMPLES.prometheus, answering(matrix([{ metric: {}, values }])))
    expect(evidence.error?.kind).toBe('too_large')
  })

  it.each([
    [
      'points out of order',
      [
        [2, '1'],
        [1, '1'],
      ],
    ],
    [
      'a repeated point',
      [
        [1, '1'],
        [1, '2'],
      ],
    ],
    ['numbers instead of texts', [[1, 1]]],
    ['a point of three', [[1, '1', '1']]],
    ['a time that is no number', [['1', '1']]],
  ])('refuses %s', async (_title, values) => {
    const evidence = await collectedOne(SAMPLES.prometheus, answering(matrix([{ metric: {}, values }])))
    expect(evidence.error?.kind).toBe('malformed')
  })

  it('tells a query that the server refuses, without its words', async () => {
    const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error at hunter2' })
    const evidence = await collectedOne(SAMPLES.prometheus, answering({ status: 400, body }))
    expect(evidence.error).toEqual({ kind: 'http', message: 'Prometheus query "up" was refused: bad_data' })
  })
})
