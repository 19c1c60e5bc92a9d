import { describe, expect, it } from 'vitest'
import { cronTimes } from '../../agent/lib/cron.ts'

const at = (text: string) => Date.parse(text)
const told = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

describe('times that come again', () => {
  it('are those of the time zone, also over the change of the clocks', () => {
    const monday = cronTimes('0 10 * * 1', 'Europe/Berlin')
    expect(told(monday.nextAfter(at('2026-03-20T00:00:00Z')))).toBe('2026-03-23T09:00:00.000Z')
    expect(told(monday.nextAfter(at('2026-03-24T00:00:00Z')))).toBe('2026-03-30T08:00:00.000Z')
  })

  it('are found when they have just passed, once, and only the last of several', () => {
    const times = cronTimes('*/5 * * * *', 'UTC')
    expect(told(times.lastBetween(at('2026-03-01T12:04:00Z'), at('2026-03-01T12:05:00Z')))).toBe(
      '2026-03-01T12:05:00.000Z',
    )
    expect(times.lastBetween(at('2026-03-01T12:05:00Z'), at('2026-03-01T12:09:59Z'))).toBeNull()
    expect(told(times.lastBetween(at('2026-03-01T12:00:00Z'), at('2026-03-01T12:16:00Z')))).toBe(
      '2026-03-01T12:15:00.000Z',
    )
  })

  it('refuse what is no crontab line of five fields', () => {
    for (const wrong of ['', 'monday', '61 * * * *', '* * * *', '0 0 0 * * * *'])
      expect(() => cronTimes(wrong, 'UTC')).toThrow()
  })

  it('may never come', () => {
    expect(cronTimes('0 0 31 2 *', 'UTC').nextAfter(at('2026-03-01T00:00:00Z'))).toBeNull()
  })
})
