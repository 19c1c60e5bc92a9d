import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Evidence } from '../../agent/domain/evidence.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { answering, collectedOne, manualClock, NOW } from './round.ts'
import { READERS } from './samples.ts'

const HTML = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>hunter2</body></html>'

describe.each(READERS)('$title', ({ options, good }) => {
  const answered = (status: number, body = '', headers = {}) => answering({ status, headers, body })
  const failsAs = async (http: ReturnType<typeof answering>) => {
    const evidence = await collectedOne(options, http)
    expect(evidence.status).toBe('failed')
    expect(evidence.signals).toEqual([])
    expect(evidence.error?.message).not.toContain('hunter2')
    return evidence.error?.kind
  }

  it('reads what its upstream documents', async () => {
    const evidence = await collectedOne(
      options,
      answering(typeof good === 'function' ? good : { status: 200, body: good }),
    )
    expect(evidence.error).toBeUndefined()
    expect(evidence.status).toBe('ok')
    expect(Evidence.parse(evidence)).toEqual(evidence)
    expect(evidence.observedAt).toBe(NOW)
    for (const signal of evidence.signals) expect(signal.id.startsWith(`${evidence.id}:`)).toBe(true)
  })

  it('takes a page of HTML for malformed', async () => {
    expect(await failsAs(answered(200, HTML))).toBe('malformed')
  })

  it('takes an empty body for malformed', async () => {
    expect(await failsAs(answered(200, ''))).toBe('malformed')
  })

  it('takes a truncated body for malformed', async () => {
    const cut = (body: string) => body.slice(0, Math.floor(body.length / 3))
    const http = answering(
      typeof good === 'function' ? (request) => cut(good(request)) : { status: 200, body: cut(good) },
    )
    expect(await failsAs(http)).toBe('malformed')
  })

  it.each([
    [401, 'auth'],
    [403, 'auth'],
    [429, 'rate_limited'],
    [500, 'http'],
    [503, 'http'],
    [404, 'http'],
    [302, 'http'],
  ])('takes status %i for %s', async (status, kind) => {
    expect(await failsAs(answered(status, HTML, { location: 'https://elsewhere.example/?token=hunter2' }))).toBe(kind)
  })

  it('tells a lost connection and an answer over the cap apart', async () => {
    const throwing = (fault: Fault) => answering(() => Promise.reject(fault))
    expect(await failsAs(throwing(new Fault('upstream_unreachable', 'reset')))).toBe('network')
    expect(await failsAs(throwing(new Fault('upstream_too_large', 'too much')))).toBe('too_large')
  })

  it('is ended at its deadline and ends its request', async () => {
    const clock = manualClock()
    const aborts: AbortSignal[] = []
    const http = answering((_request, abort) => new Promise(() => aborts.push(abort)))
    const collecting = collectedOne(options, http, {}, { clock })
    await clock.advance(0)
    await clock.advance(30_000)
    const evidence = await collecting
    expect(evidence.error?.kind).toBe('timeout')
    expect(aborts.length).toBeGreaterThan(0)
    expect(aborts.every((abort) => abort.aborted)).toBe(true)
  })

  it('names whatever else it is told, and never breaks on it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (body) => {
        const evidence = await collectedOne(options, answering({ status: 200, body }))
        expect(evidence.error?.kind ?? 'malformed').toBe('malformed')
        // Nothing that was not documented may read as an observation; a list without members may read as nothing reported.
        if (!/^\s*\[\s*\]\s*$/.test(body)) expect(['failed', 'empty']).toContain(evidence.status)
      }),
      { numRuns: 60 },
    )
  })
})
