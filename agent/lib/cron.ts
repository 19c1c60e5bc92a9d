import { Cron } from 'croner'

/** Times that come again, as five cron fields in a time zone. */
export interface CronTimes {
  /** The last time after `sinceMs` and up to `nowMs`; null when there was none. */
  lastBetween(sinceMs: number, nowMs: number): number | null
  /** The next time after this one; null when it never comes. */
  nextAfter(ms: number): number | null
}

/** Reads a pattern; throws an Error that says what is wrong with it. */
export function cronTimes(pattern: string, timeZone: string): CronTimes {
  // Nothing is started by it: it is only asked about times. Seconds and years stay out, so that five fields mean what crontab means.
  const cron = new Cron(pattern, { paused: true, timezone: timeZone, mode: '5-part' })
  const nextAfter = (ms: number) => cron.nextRun(new Date(ms))?.getTime() ?? null
  return {
    nextAfter,
    lastBetween: (sinceMs, nowMs) => {
      let last: number | null = null
      for (let at = nextAfter(sinceMs); at !== null && at <= nowMs; at = nextAfter(at)) last = at
      return last
    },
  }
}
