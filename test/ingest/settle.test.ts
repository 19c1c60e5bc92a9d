import { describe, expect, it } from 'vitest'
import type { Alert } from '../../agent/domain/alert.ts'
import { readGeneric } from '../../agent/ingest/generic.ts'
import { isOutOfOrder, settle } from '../../agent/ingest/settle.ts'

const receivedAt = '2026-03-01T12:00:00.000Z'
const options = { receivedAt, skewToleranceSeconds: 300 }

function alert(change: Partial<Alert> = {}): Alert {
  return {
    fingerprint: 'f1',
    name: 'Down',
    status: 'firing',
    severity: 'critical',
    labels: { alertname: 'Down' },
    annotations: {},
    startsAt: '2026-03-01T11:00:00.000Z',
    endsAt: null,
    source: 'generic',
    ...change,
  }
}
const settled = (...alerts: Alert[]) => settle({ alerts, notes: [] }, options)

describe('settling a delivery', () => {
  it('leaves believable times alone, however old', () => {
    const old = alert({ startsAt: '2025-12-01T00:00:00.000Z' })
    expect(settled(old)).toEqual({ alerts: [old], notes: [] })
  })

  it('gives an alert without a start the time of receipt, and says so', () => {
    expect(settle(readGeneric({ name: 'A' }), options)).toMatchObject({
      alerts: [{ startsAt: receivedAt }],
      notes: [{ kind: 'start_unknown' }],
    })
  })

  it('calls a clock wrong that runs ahead, and never believes a start in the future', () => {
    expect(settled(alert({ startsAt: '2026-03-01T14:00:00.000Z' }))).toMatchObject({
      alerts: [{ startsAt: receivedAt }],
      notes: [{ kind: 'clock_skew', detail: expect.stringContaining('7200 s in the future'), fingerprint: 'f1' }],
    })
    expect(settled(alert({ startsAt: '2026-03-01T12:00:10.000Z' }))).toMatchObject({
      alerts: [{ startsAt: receivedAt }],
      notes: [],
    })
  })

  it('does not let an alert end before it started', () => {
    expect(settled(alert({ status: 'resolved', endsAt: '2026-03-01T10:00:00.000Z' }))).toMatchObject({
      alerts: [{ endsAt: '2026-03-01T11:00:00.000Z' }],
      notes: [{ kind: 'ended_before_start' }],
    })
  })

  it('keeps one of two alerts about the same thing: the later state, in whichever order they come', () => {
    const ended = alert({ status: 'resolved', endsAt: '2026-03-01T11:30:00.000Z' })
    for (const both of [settled(alert(), ended), settled(ended, alert())])
      expect(both).toMatchObject({ alerts: [{ status: 'resolved' }], notes: [{ kind: 'duplicate' }] })
  })

  it('loses no alert that is different', () => {
    const many = Array.from({ length: 1000 }, (_, i) => alert({ fingerprint: `f${i}` }))
    expect(settled(...many).alerts).toHaveLength(1000)
  })
})

describe('an alert that arrives late', () => {
  const at = (minute: number) => `2026-03-01T11:${String(minute).padStart(2, '0')}:00.000Z`
  const firing = (start: number) => alert({ startsAt: at(start) })
  const resolved = (start: number, end: number | null) =>
    alert({ status: 'resolved', startsAt: at(start), endsAt: end === null ? null : at(end) })

  it.each([
    ['a repeat of what fires', firing(0), firing(0), false],
    ['the end of what fires', resolved(0, 10), firing(0), false],
    ['the end of an earlier time, after it fires again', resolved(0, 10), firing(20), true],
    ['the start of what has ended', firing(0), resolved(0, 10), true],
    ['a new start after the end', firing(20), resolved(0, 10), false],
    ['a new start at the very end', firing(10), resolved(0, 10), false],
    ['the start of what has ended at an unknown time', firing(0), resolved(0, null), true],
    ['an earlier end', resolved(0, 10), resolved(0, 20), true],
    ['a later end', resolved(0, 20), resolved(0, 10), false],
    ['an end without a time', resolved(0, null), firing(0), false],
  ])('%s', (_what, incoming, known, expected) => {
    expect(isOutOfOrder(incoming, known)).toBe(expected)
  })
})
