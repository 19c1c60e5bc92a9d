import { describe, expect, it } from 'vitest'
import { Fault } from '../../agent/lib/errors.ts'
import { retryAfterMsOf, retrying, tryOnce } from '../../agent/lib/retry.ts'

function harness(random = 0) {
  const waits: number[] = []
  const clock = { sleep: async (ms: number) => void waits.push(ms) }
  return { waits, retry: retrying({ clock, random: () => random }) }
}

const never = new AbortController().signal
const busy = (retryAfterMs?: number) =>
  new Fault('rate_limited', 'busy', retryAfterMs === undefined ? {} : { retryAfterMs })

describe('retry', () => {
  it('returns the first success and tells the attempt its number', async () => {
    const { retry, waits } = harness()
    const seen: number[] = []
    const value = await retry(async (number) => {
      seen.push(number)
      if (number < 3) throw busy()
      return 'done'
    }, never)
    expect([value, seen, waits]).toEqual(['done', [1, 2, 3], [125, 250]])
  })

  it('waits half fixed, half random, and never shorter than it is asked to', async () => {
    const late = harness(0.999)
    await expect(late.retry(() => Promise.reject(busy()), never)).rejects.toThrow('busy')
    expect(late.waits.map(Math.round)).toEqual([250, 500])
    const asked = harness()
    await expect(asked.retry(() => Promise.reject(busy(3000)), never)).rejects.toThrow('busy')
    expect(asked.waits).toEqual([3000, 3000])
  })

  it('does not wait for longer than it is worth', async () => {
    const { retry, waits } = harness()
    await expect(retry(() => Promise.reject(busy(60_000)), never)).rejects.toThrow('busy')
    expect(waits).toEqual([])
  })

  it('throws what cannot be repeated at once, be it a fault or anything else', async () => {
    const { retry, waits } = harness()
    await expect(retry(() => Promise.reject(new Fault('upstream_malformed', 'html')), never)).rejects.toThrow('html')
    await expect(retry(() => Promise.reject(new TypeError('bug')), never)).rejects.toThrow(TypeError)
    expect(waits).toEqual([])
  })

  it('stops when aborted, with what went wrong before', async () => {
    const stop = new AbortController()
    const clock = { sleep: () => Promise.reject(new Error('aborted')) }
    await expect(retrying({ clock, random: () => 0 })(() => Promise.reject(busy()), stop.signal)).rejects.toThrow(
      'busy',
    )
    stop.abort()
    const { retry, waits } = harness()
    await expect(retry(() => Promise.reject(busy()), stop.signal)).rejects.toThrow('busy')
    expect(waits).toEqual([])
  })

  it('tries once where that is wanted', async () => {
    await expect(tryOnce(() => Promise.reject(busy()), never)).rejects.toThrow('busy')
  })

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Mon, 04 May 2026 10:00:30 GMT', date: 'Mon, 04 May 2026 10:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 04 May 2026 10:00:30 GMT' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('reads %o as %s', (headers, expected) => {
    expect(retryAfterMsOf({ headers: headers as Record<string, string> })).toBe(expected)
  })
})
