import { type Instant, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

/** The moment that `30d`, `12h` or an ISO time stands for. */
export function sinceFrom(text: string, nowMs: number, option = '--since'): Instant {
  const span = /^(\d{1,6})([mhdw])$/.exec(text)
  if (span) return instantOf(nowMs - Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? 0))
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return instantOf(at)
  throw new Fault('usage', `${option} must be such as 30d, 12h or 2026-03-01; is "${text}"`)
}
