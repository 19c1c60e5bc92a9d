import type { Alert } from '../domain/alert.ts'
import { epochMs, type Instant, instantOf } from '../domain/time.ts'
import { UNKNOWN_START } from './alertmanager.ts'
import type { Delivery, Note } from './payload.ts'

export interface SettleOptions {
  readonly receivedAt: Instant
  /** How far a sender's clock may run ahead before it is called wrong. */
  readonly skewToleranceSeconds: number
}

/**
 * Makes the times of a delivery believable and drops exact repeats within it. No alert is dropped for its times: a start in the future
 * becomes the time of receipt, because believing it would either hide the alert or make it look long sustained.
 */
export function settle(delivery: Delivery, options: SettleOptions): Delivery {
  const notes: Note[] = [...delivery.notes]
  const byFingerprint = new Map<string, Alert>()
  for (const given of delivery.alerts) {
    const alert = withTimes(given, options, notes)
    const known = byFingerprint.get(alert.fingerprint)
    if (known)
      notes.push({ kind: 'duplicate', detail: 'sent more than once in one body', fingerprint: alert.fingerprint })
    if (!known || !isOutOfOrder(alert, known)) byFingerprint.set(alert.fingerprint, alert)
  }
  return { ...delivery, alerts: [...byFingerprint.values()], notes }
}

function withTimes(alert: Alert, { receivedAt, skewToleranceSeconds }: SettleOptions, notes: Note[]): Alert {
  const { fingerprint } = alert
  const now = epochMs(receivedAt)
  const flag = (kind: Note['kind'], detail: string) => notes.push({ kind, detail, fingerprint })
  const clamp = (instant: Instant, what: string): Instant => {
    const ahead = Math.round((epochMs(instant) - now) / 1000)
    if (ahead > skewToleranceSeconds)
      flag('clock_skew', `its ${what} is ${ahead} s in the future; the time of receipt is used`)
    return epochMs(instant) > now ? instantOf(now) : instant
  }
  let startsAt = alert.startsAt
  if (startsAt === UNKNOWN_START) {
    flag('start_unknown', 'the sender gave no start; the time of receipt is used')
    startsAt = receivedAt
  }
  startsAt = clamp(startsAt, 'start')
  let endsAt = alert.endsAt === null ? null : clamp(alert.endsAt, 'end')
  if (endsAt !== null && endsAt < startsAt) {
    flag('ended_before_start', `it ended ${endsAt}, before it started ${startsAt}; the start is used for both`)
    endsAt = startsAt
  }
  return { ...alert, startsAt, endsAt }
}

/**
 * Whether an alert tells of an earlier state than the one that is known, and must not overwrite it. Deliveries overtake each other when a
 * sender retries; a late "firing" would otherwise reopen what has ended, and a late "resolved" end what fires again.
 */
export function isOutOfOrder(incoming: Alert, known: Alert): boolean {
  if (incoming.status === 'firing') {
    if (known.status === 'firing') return false
    return known.endsAt === null ? incoming.startsAt <= known.startsAt : incoming.startsAt < known.endsAt
  }
  if (known.status === 'firing') return (incoming.endsAt ?? incoming.startsAt) < known.startsAt
  return (incoming.endsAt ?? incoming.startsAt) < (known.endsAt ?? known.startsAt)
}
