import { z } from 'zod'

/** A moment as ISO 8601 in UTC with milliseconds, the only form in which times are stored, compared as text and hashed. A codec, so that answers can be checked with it too. */
export const Instant = z.codec(z.iso.datetime({ offset: true }), z.iso.datetime(), {
  decode: (text) => new Date(text).toISOString(),
  encode: (text) => text,
})
export type Instant = string

/** Milliseconds since 1970 of an instant. */
export function epochMs(instant: Instant): number {
  return Date.parse(instant)
}

/** The instant of a moment given in milliseconds since 1970. */
export function instantOf(ms: number): Instant {
  return new Date(ms).toISOString()
}

/** Minutes from one instant to another; negative when `to` is earlier. */
export function minutesBetween(from: Instant, to: Instant): number {
  return (epochMs(to) - epochMs(from)) / 60_000
}

/** A half-open span of time `[from, to)`. */
export interface TimeWindow {
  readonly from: Instant
  readonly to: Instant
}
