import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../agent/domain/evidence.ts'
import type { HealthCheckSignal, Signal } from '../../agent/domain/signal.ts'
import { type CollectBase, collectEvidence, failureKindOf } from '../../agent/engine/collect.ts'
import { Fault } from '../../agent/lib/errors.ts'
import type { Http, HttpResponse } from '../../agent/lib/http.ts'
import type { CollectContext, Collector } from '../../collectors/collector.ts'
import { answering, manualClock, NOW, SERVICE } from '../collectors/round.ts'

const check: HealthCheckSignal = {
  kind: 'health_check',
  id: 'a:1',
  check: 'a',
  status: 'ok',
  latencyMs: null,
  detail: null,
  checkedAt: NOW,
}

function collector(name: string, collect: (ctx: CollectContext) => unknown, timeoutMs = 5000): Collector {
  return {
    name,
    source: 'test',
    observer: 'own_telemetry',
    timeoutMs,
    collect: async (_scope, ctx) => collect(ctx) as Signal[],
  }
}

function round(collectors: Collector[], base: Partial<CollectBase> = {}, deadlineMs = 10_000): Promise<Evidence[]> {
  const fixed = {
    window: { from: NOW, to: NOW },
    http: answering('body'),
    mask: async (text: string) => text,
    clock: manualClock(),
  }
  return collectEvidence(collectors, { service: SERVICE }, { ...fixed, ...base }, deadlineMs)
}

describe('a collecting round', () => {
  it('sorts by id, and tells ok, empty and failed apart', async () => {
    const evidence = await round([
      collector('c', () => []),
      collector('a', () => [check]),
      collector('b', () => {
        throw new Fault('upstream_refused', 'answered 500', { details: { status: 500 } })
      }),
    ])
    expect(evidence.map(({ id, status, error }) => [id, status, error?.kind])).toEqual([
      ['a', 'ok', undefined],
      ['b', 'failed', 'http'],
      ['c', 'empty', undefined],
    ])
  })

  it('survives collectors that throw, hang or return garbage', async () => {
    const clock = manualClock()
    const garbage: unknown[] = [
      null,
      'x',
      {},
      [null],
      [{ kind: 'nonsense' }],
      [{ ...check, status: 'fine' }],
      [check, check],
    ]
    const evidence = round(
      [
        collector('good', () => [check]),
        collector('hangs', () => new Promise(() => {})),
        {
          ...collector('throws', () => []),
          collect: () => {
            throw new TypeError('synchronously')
          },
        },
        ...garbage.map((value, index) => collector(`garbage-${index}`, () => value)),
      ],
      { clock },
    )
    await clock.advance(0)
    await clock.advance(5000)
    const found = await evidence
    expect(found).toHaveLength(3 + garbage.length)
    const kindOf = (id: string) => found.find((one) => one.id === id)?.error?.kind
    expect(kindOf('hangs')).toBe('timeout')
    expect(kindOf('throws')).toBe('unknown')
    expect(found.filter(({ id }) => id.startsWith('garbage')).map(({ error }) => error)).toEqual(
      garbage.map(() => ({ kind: 'malformed', message: expect.stringContaining('garbage') })),
    )
    expect(found.find(({ id }) => id === 'good')?.status).toBe('ok')
  })

  it('gives each collector its own time, none more than the round has', async () => {
    const clock = manualClock()
    const silent = (name: string, timeoutMs: number) => collector(name, () => new Promise(() => {}), timeoutMs)
    let settled = false
    const collecting = round([silent('short', 100), silent('long', 60_000)], { clock }, 1000).finally(
      () => (settled = true),
    )
    await clock.advance(100)
    expect(settled).toBe(false)
    await clock.advance(900)
    expect((await collecting).map(({ error }) => error?.message)).toEqual([
      'no answer within 1000 ms',
      'no answer within 100 ms',
    ])
  })

  it('aborts what a collector left running', async () => {
    let abort: AbortSignal | undefined
    const quick = (ctx: CollectContext) => {
      abort = ctx.abort
      return []
    }
    await round([collector('quick', quick)])
    expect(abort?.aborted).toBe(true)
  })

  it('can be cancelled as a whole', async () => {
    const stop = new AbortController()
    const collecting = round([collector('a', () => new Promise(() => {}))], { abort: stop.signal })
    stop.abort()
    expect((await collecting)[0]?.error?.kind).toBe('cancelled')
    expect((await round([collector('a', () => [check])], { abort: stop.signal }))[0]?.error?.kind).toBe('cancelled')
  })

  it('masks bodies before they are read, and messages before they are kept', async () => {
    const mask = async (text: string) => text.replaceAll('hunter2', '***')
    const evidence = await round(
      [
        collector('body', async (ctx) => {
          const { body } = await ctx.http({ method: 'GET', url: 'http://a.example/' }, ctx.abort)
          return [{ ...check, detail: body }]
        }),
        collector('message', () => {
          throw new Error('cannot log in with hunter2')
        }),
      ],
      { mask, http: answering('pass hunter2') },
    )
    expect(JSON.stringify(evidence)).not.toContain('hunter2')
    expect(evidence[0]?.signals[0]).toMatchObject({ detail: 'pass ***' })
  })

  it('says nothing of a failure that it cannot mask', async () => {
    const mask = () => Promise.reject(new Error('mask is broken'))
    const evidence = await round([collector('a', () => Promise.reject(new Error('hunter2')))], { mask })
    expect(evidence[0]?.error).toEqual({ kind: 'unknown', message: 'failed with internal' })
  })

  it('checks the points of a series, and keeps them', async () => {
    const series = {
      kind: 'series',
      id: 's:1',
      name: 's',
      unit: '',
      query: 'q',
      labels: {},
      sli: null,
      stepSeconds: 30,
    }
    const good = {
      ...series,
      points: [
        [1, 2],
        [3, null],
      ],
    }
    const bad = [[[1, Number.NaN]], [[1, 'x']], [[Number.POSITIVE_INFINITY, 1]], [[1]], 'points', undefined]
    const evidence = await round([
      collector('good', () => [good]),
      ...bad.map((points, index) => collector(`bad-${index}`, () => [{ ...series, points }])),
    ])
    expect(evidence.find(({ id }) => id === 'good')?.signals).toEqual([good])
    expect(evidence.filter(({ id }) => id.startsWith('bad')).map(({ error }) => error?.kind)).toEqual(
      bad.map(() => 'malformed'),
    )
  })

  it('tells what was left out', async () => {
    const evidence = await round([
      collector('a', (ctx) => {
        ctx.truncated('some lines')
        ctx.truncated('some patterns')
        return [check]
      }),
    ])
    expect(evidence[0]?.truncated).toBe('some lines; some patterns')
  })

  it('keeps every exchange under the evidence that it belongs to', async () => {
    const kept: string[] = []
    const ask = async (ctx: CollectContext) => {
      await ctx.http({ method: 'GET', url: 'http://me:secret@a.example/x?y=1' }, ctx.abort)
      return []
    }
    const http = answering('body')
    await round([collector('a', ask), collector('b', ask)], {
      http,
      keep: ({ evidenceId, url, body }) => kept.push(`${evidenceId} ${url} ${body}`),
    })
    expect(http.asked).toHaveLength(1)
    expect(kept.sort()).toEqual(['a http://a.example/x?y=1 body', 'b http://a.example/x?y=1 body'])
  })
})

describe('requests shared within a round', () => {
  const ask =
    (path: string, headers = {}) =>
    (ctx: CollectContext) =>
      ctx.http({ method: 'GET', url: `http://a.example${path}`, headers }, ctx.abort).then(() => [])

  it('are asked once, unless something differs', async () => {
    const http = answering('x')
    await round(
      [
        collector('a', ask('/1')),
        collector('b', ask('/1')),
        collector('c', ask('/2')),
        collector('d', ask('/1', { authorization: 'other' })),
      ],
      { http },
    )
    expect(http.asked.map(({ url }) => url).sort()).toEqual([
      'http://a.example/1',
      'http://a.example/1',
      'http://a.example/2',
    ])
  })

  it('outlive the collector that gives up on them', async () => {
    const clock = manualClock()
    let answer = (_response: HttpResponse) => {}
    const aborts: AbortSignal[] = []
    const http: Http = (_request, abort) => {
      aborts.push(abort)
      return new Promise((resolve) => (answer = resolve))
    }
    const collecting = round([collector('hasty', ask('/1'), 10), collector('patient', ask('/1'), 1000)], {
      http,
      clock,
    })
    await clock.advance(10)
    expect(aborts.map(({ aborted }) => aborted)).toEqual([false])
    answer({ status: 200, headers: {}, body: '' })
    expect((await collecting).map(({ status }) => status)).toEqual(['failed', 'empty'])
  })

  it('are asked again after a failure', async () => {
    let calls = 0
    const http: Http = async () => ({ status: ++calls === 1 ? 503 : 200, headers: {}, body: '' })
    const twice = async (ctx: CollectContext) => {
      const first = await ctx.http({ method: 'GET', url: 'http://a.example/' }, ctx.abort)
      const second = await ctx.http({ method: 'GET', url: 'http://a.example/' }, ctx.abort)
      return [{ ...check, detail: `${first.status} ${second.status}` }]
    }
    expect((await round([collector('a', twice)], { http }))[0]?.signals[0]).toMatchObject({ detail: '503 200' })
  })
})

describe('the kind of a failure', () => {
  it.each([
    [new Fault('deadline', ''), 'timeout'],
    [new Fault('upstream_unreachable', ''), 'network'],
    [new Fault('upstream_refused', '', { details: { status: 401 } }), 'auth'],
    [new Fault('upstream_refused', '', { details: { status: 502 } }), 'http'],
    [new Fault('upstream_refused', '', { details: { failureKind: 'subscription_required' } }), 'subscription_required'],
    [new Fault('upstream_refused', '', { details: { failureKind: 'invented' } }), 'http'],
    [new Fault('rate_limited', ''), 'rate_limited'],
    [new Fault('upstream_malformed', ''), 'malformed'],
    [new Fault('upstream_too_large', ''), 'too_large'],
    [new Fault('internal', ''), 'unknown'],
  ])('%s is %s', (fault, kind) => {
    expect(failureKindOf(fault)).toBe(kind)
  })
})
