/** How many addresses are remembered; the oldest is forgotten first. */
const ADDRESS_LIMIT = 4096
const WINDOW_MS = 60_000

/** Counts wrong credentials by address. */
export interface AuthFailures {
  /** Records one failure; returns how long the address should wait, or null while it is below the limit. */
  record(address: string, nowMs: number): number | null
}

/**
 * Slows down guessing. It is asked only after credentials were found wrong: a valid sender behind the same address is never shut out,
 * since an alert that is refused because of somebody else's mistakes would be the worse fault.
 */
export function authFailures(perMinute: number): AuthFailures {
  const counts = new Map<string, { since: number; count: number }>()
  return {
    record(address, nowMs) {
      const known = counts.get(address)
      const current = known && nowMs - known.since < WINDOW_MS ? known : { since: nowMs, count: 0 }
      current.count++
      counts.delete(address)
      counts.set(address, current)
      if (counts.size > ADDRESS_LIMIT) counts.delete(counts.keys().next().value ?? '')
      return current.count > perMinute ? current.since + WINDOW_MS - nowMs : null
    },
  }
}
