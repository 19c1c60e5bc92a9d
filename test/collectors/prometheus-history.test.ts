import { describe, expect, it } from 'vitest'
import { metricNameOf } from '../../agent/domain/anomaly.ts'
import type { SeriesSignal } from '../../agent/domain/signal.ts'
import type { HttpRequest } from '../../agent/lib/http.ts'
import { createMask } from '../../agent/lib/mask.ts'
import { tryOnce } from '../../agent/lib/retry.ts'
import { Options, prometheus } from '../../collectors/prometheus.ts'
import { prometheusHistory } from '../../collectors/shared/prometheus-history.ts'
import { type Answer, answering, SERVICE } from './round.ts'

const START = 60_000_000
const never = new AbortController().signal
const plain = async (text: string) => text
const query = (changes: object = {}) =>
  Options.parse({ source: 'prometheus', name: 'errors', url: 'http://prom.example', query: 'up', ...changes })

interface Asked {
  readonly start: number
  readonly end: number
  readonly step: number
}

function askedOf({ url }: HttpRequest): Asked {
  const { searchParams } = new URL(url)
  const [start = 0, end = 0, step = 0] = ['start', 'end', 'step'].map((name) => Number(searchParams.get(name)))
  return { start, end, step }
}

/** Answers as a server does that has a point at every step: the value is its time. */
function server(labels: readonly Record<string, string>[], most = 11_000) {
  return answering((request) => {
    const { start, end, step } = askedOf(request)
    const count = Math.floor((end - start) / step) + 1
    if (count > most)
      return { status: 422, body: JSON.stringify({ status: 'error', errorType: 'execution', error: 'too many' }) }
    const values = Array.from({ length: count }, (_, k) => [start + k * step, String(start + k * step)])
    return { status: 'success', data: { resultType: 'matrix', result: labels.map((metric) => ({ metric, values })) } }
  })
}

const read = (http: ReturnType<typeof answering>, queries: Options[], range: object = {}) =>
  prometheusHistory(queries, { http, retry: tryOnce, mask: plain }).read(
    { fromSeconds: START, toSeconds: START + 14 * 86_400, stepSeconds: 60, ...range },
    never,
  )

describe('the history of Prometheus queries', () => {
  it('is read in pieces that leave nothing out and ask for nothing twice', async () => {
    const http = server([{ pod: 'a' }, { pod: 'b' }])
    const series = await read(http, [query()])
    expect(series.map(({ metric }) => metric)).toEqual(['errors{pod="a"}', 'errors{pod="b"}'])
    const expected = Array.from({ length: 14 * 1440 + 1 }, (_, i) => START + i * 60)
    expect(series[0]?.atSeconds).toEqual(expected)
    expect(series[1]?.values).toEqual(expected)
    for (const { start, end, step } of http.asked.map(askedOf)) expect((end - start) / step).toBeLessThan(1000)
  })

  it('asks for less when a server wants it, and gives up on the smallest piece', async () => {
    const http = server([{}], 300)
    const [series] = await read(http, [query()], { toSeconds: START + 86_400 })
    expect(series?.atSeconds).toHaveLength(1441)
    await expect(read(server([{}], 10), [query()])).rejects.toMatchObject({ code: 'upstream_refused' })
  })

  it('does not ask again what was refused for another reason', async () => {
    const http = answering({ status: 401 })
    await expect(read(http, [query()])).rejects.toMatchObject({ code: 'upstream_refused' })
    expect(http.asked).toHaveLength(1)
  })

  it('reads several queries, tells how far it is, and cuts one that explodes', async () => {
    const pods = Array.from({ length: 30 }, (_, i) => ({ pod: `p${i}` }))
    const http = server(pods)
    const shares: number[] = []
    const history = prometheusHistory([query({ maxSeries: 2 }), query({ name: 'load' })], {
      ...{ http, retry: tryOnce, mask: plain },
    })
    const range = { fromSeconds: START, toSeconds: START + 3600, stepSeconds: 60 }
    const series = await history.read(range, never, (share) => shares.push(share))
    expect(series.filter(({ metric }) => metric.startsWith('errors'))).toHaveLength(10)
    expect(series.filter(({ metric }) => metric.startsWith('load'))).toHaveLength(30)
    expect(shares).toEqual([0.5, 1])
  })

  it('stops between two pieces', async () => {
    const stop = new AbortController()
    const http = answering(() => {
      stop.abort(new Error('the agent stops'))
      return { status: 'success', data: { resultType: 'matrix', result: [] } }
    })
    const history = prometheusHistory([query()], { http, retry: tryOnce, mask: plain })
    const range = { fromSeconds: START, toSeconds: START + 14 * 86_400, stepSeconds: 60 }
    await expect(history.read(range, stop.signal)).rejects.toThrow('the agent stops')
    expect(http.asked).toHaveLength(1)
  })

  it('gives a series the name that it has in a snapshot, without the secrets in its labels', async () => {
    const mask = createMask({ key: 'a key of the mask for tests' })
    const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
    const labels = { __name__: 'up', job: 'api', url: `https://x/?t=${token}`, note: 'a "quoted" \\ word' }
    const answer: Answer = {
      status: 'success',
      data: { resultType: 'matrix', result: [{ metric: labels, values: [[0, '1']] }] },
    }
    const ports = { http: answering(answer), retry: tryOnce, mask }
    const range = { fromSeconds: START, toSeconds: START + 60, stepSeconds: 60 }
    const [series] = await prometheusHistory([query()], ports).read(range, never)

    const masked = answering({ status: 200, body: await mask(JSON.stringify(answer)) })
    const [signal] = await prometheus(query()).collect(
      { service: SERVICE },
      {
        ...{ http: masked, mask, retry: tryOnce, abort: never, truncated: () => {} },
        window: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T00:01:00.000Z' },
      },
    )
    const { name, labels: seen } = signal as SeriesSignal
    expect(series?.metric).toBe(metricNameOf(name, seen))
    expect(series?.metric).not.toContain(token)
  })
})
