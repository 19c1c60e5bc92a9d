import { describe, expect, it } from 'vitest'
import type { LogPatternSignal } from '../../agent/domain/signal.ts'
import { foldLines, patternOf } from '../../collectors/shared/log-patterns.ts'
import { answering, collectedOne, NOW_MS } from './round.ts'
import { fixture, SAMPLES } from './samples.ts'

const streams = (result: unknown) => ({ status: 'success', data: { resultType: 'streams', result } })

describe('Loki', () => {
  it('asks as its API wants to be asked', async () => {
    const http = answering(streams([]))
    const evidence = await collectedOne({ ...SAMPLES.loki, bearerToken: 'hunter2' }, http)
    expect(evidence.status).toBe('empty')
    const url = new URL(http.asked[0]?.url ?? '')
    expect(url.pathname).toBe('/loki/api/v1/query_range')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: '{app="api"}',
      start: `${NOW_MS - 3_600_000}000000`,
      end: `${NOW_MS}000000`,
      limit: '5000',
      direction: 'backward',
    })
    expect(http.asked[0]?.headers).toMatchObject({ 'x-scope-orgid': 'acme', authorization: 'Bearer hunter2' })
  })

  it('folds lines of all copies into counted patterns, the severe first', async () => {
    const evidence = await collectedOne(SAMPLES.loki, answering({ status: 200, body: fixture('loki/streams.json') }))
    const patterns = evidence.signals as LogPatternSignal[]
    expect(patterns.map(({ level, count, pattern, stream }) => [level, count, pattern, stream])).toEqual([
      ['error', 3, 'call to <ip> failed after <duration>, trace=<id>', { app: 'api', namespace: 'prod' }],
      ['warn', 2, 'slow reply route=/cart took_ms=<num>', { app: 'web', namespace: 'prod' }],
      ['unknown', 1, '<ip> - - [<time>] "GET /a HTTP/<num>" 503 <num>', { app: 'edge', namespace: 'edge' }],
      ['unknown', 1, '<ip> - - [<time>] "GET /a HTTP/<num>" 200 <num>', { app: 'edge', namespace: 'edge' }],
    ])
    expect(patterns[0]).toMatchObject({
      id: 'loki:errors:pattern-1',
      firstAt: '2026-05-04T09:58:00.123Z',
      lastAt: '2026-05-04T09:59:00.123Z',
    })
  })

  it('makes a page of ten thousand lines', async () => {
    const values = Array.from({ length: 10_000 }, (_, index) => [
      `${1777888000000 + index}000000`,
      `retry ${index} of job ${index % 7 === 0 ? `x${'y'.repeat(index % 60)}` : 'a'} took ${index}ms`,
    ])
    const evidence = await collectedOne(
      { ...SAMPLES.loki, maxLines: 20_000 },
      answering(streams([{ stream: { app: 'a' }, values }])),
    )
    expect(evidence.signals).toHaveLength(100)
    const told = (evidence.signals as LogPatternSignal[]).reduce((sum, pattern) => sum + pattern.count, 0)
    const left = Number(/with (\d+) lines/.exec(evidence.truncated ?? '')?.[1])
    expect(told + left).toBe(10_000)
    expect(JSON.stringify(evidence).length).toBeLessThan(50_000)
  })

  it('lets every program speak when there is too much to keep, the severe first', async () => {
    const line = (app: string, level: string, text: string, index: number) => ({
      stream: { app, level },
      values: [[`${1777888000000 + index}000000`, text]],
    })
    const words = (count: number) => Array.from({ length: count }, (_, index) => 'abcdefghijklmnop'.slice(0, index + 1))
    const loud = words(16).map((word, index) => line('loud', 'error', `cannot print ${word}`, index))
    const quiet = [
      line('quiet', 'info', 'started', 50),
      line('quiet', 'error', 'cannot pay', 51),
      line('calm', 'info', 'paid', 52),
    ]
    const evidence = await collectedOne({ ...SAMPLES.loki, maxPatterns: 5 }, answering(streams([...loud, ...quiet])))
    const patterns = evidence.signals as LogPatternSignal[]
    expect(patterns.map(({ stream, pattern }) => `${stream.app}: ${pattern}`)).toEqual([
      'loud: cannot print a',
      'loud: cannot print ab',
      'quiet: cannot pay',
      'quiet: started',
      'calm: paid',
    ])
    expect(evidence.truncated).toBe('14 further patterns with 14 lines')
  })

  it('says that older lines were not read when the server stops at the limit', async () => {
    const values = Array.from({ length: 10 }, (_, index) => [`${1777888000000 + index}000000`, 'same'])
    const evidence = await collectedOne({ ...SAMPLES.loki, maxLines: 10 }, answering(streams([{ stream: {}, values }])))
    expect(evidence.truncated).toBe('the newest 10 lines; older ones were not read')
  })

  it.each([
    ['a metric answer', { status: 'success', data: { resultType: 'matrix', result: [] } }],
    ['times that are numbers', streams([{ stream: {}, values: [[1777888000000000000, 'x']] }])],
    ['lines that are no texts', streams([{ stream: {}, values: [['1777888000000000000', 7]] }])],
  ])('refuses %s', async (_title, body) => {
    expect((await collectedOne(SAMPLES.loki, answering(body))).error?.kind).toBe('malformed')
  })
})

describe('patterns', () => {
  it.each([
    ['cart broken version=2.14.1 after 31 ms', 'cart broken version=2.14.1 after <duration>'],
    ['pull image=shop/cart:7.2 done in 12', 'pull image=shop/cart:7.2 done in <num>'],
    ['conversion=2.14 is a number', 'conversion=<num> is a number'],
    ['request 7f9c24e8-3b1a-4f5e-9d2c-0a1b2c3d4e5f done', 'request <uuid> done'],
    ['GET /v2/offer 522 in 12ms', 'GET /v2/offer 522 in <duration>'],
    ['status=503 ms=503', 'status=503 ms=<num>'],
    ['at 2026-05-04T09:00:00.123Z and 09:01', 'at <time> and <time>'],
    ['peer 2001:db8:0:1:2:3:4:5 gone', 'peer <ip> gone'],
    ['eu-west-1 lost, europe-west4 fine', 'eu-west-1 lost, europe-west4 fine'],
    ['order-48213 of i-0a41f7d2 at 99.5 %', 'order-<num> of i-<hex> at <num> %'],
    ['nothing that varies', 'nothing that varies'],
    ['0xdeadbeef 1,234.5 -7 100%', '<hex> <num> <num> <num>%'],
  ])('%s', (line, pattern) => {
    expect(patternOf(line)).toBe(pattern)
  })

  it.each([
    ['ERROR no route', {}, 'error'],
    ['level=warn msg=x', {}, 'warn'],
    ['[crit] out of memory', {}, 'error'],
    ['no error was found', {}, 'unknown'],
    ['ERROR in text', { level: 'info' }, 'info'],
    ['{"severity":"CRITICAL","message":"x"}', {}, 'error'],
    ['{"level":50,"msg":"numeric"}', {}, 'error'],
    ['{"level":7,"msg":"numeric"}', {}, 'unknown'],
    ['another key of the stream', { lvl: 'W' }, 'warn'],
    ['another key of the stream', { sev: 'informational' }, 'info'],
    ['E1101 10:00:00.1 1 reflector.go:1] watch ended', {}, 'error'],
    ['Every line that begins with a capital', {}, 'unknown'],
    ['{"level":"error","msg":"cut off', {}, 'error'],
  ])('reads the level of %s', (text, labels, level) => {
    expect(foldLines([{ atMs: 0, text, labels }])[0]?.level).toBe(level)
  })

  it('cuts hostile lines before it looks at them, so that no pattern runs away', () => {
    for (const part of ['a:', '1.', '-', '0x', 'id=', ' ', '9', '1:'])
      expect(foldLines([{ atMs: 0, text: part.repeat(200_000), labels: {} }])[0]?.sample.length).toBe(501)
  })
})
