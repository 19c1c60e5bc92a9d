import { z } from 'zod'
import type { Instant } from '../../agent/domain/time.ts'

/** A vendor's time in any form that it documents, as an instant; null when absent or unreadable, since one bad date must not cost the event. */
export const VendorTime = z
  .unknown()
  .optional()
  .transform((value): Instant | null => (typeof value === 'string' ? instantFrom(value) : null))

/** Text that may be missing. */
export const VendorText = z
  .string()
  .nullish()
  .transform((text) => text ?? '')

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)/
const RFC_2822 = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d/
/** As TLS certificates tell it: `May  4 10:00:00 2026 GMT`. */
const OPENSSL = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/

/** Reads a date text of a known form; null when it is not one. Left to itself, the runtime takes "0" for the year 2000. */
export function instantFrom(text: string): Instant | null {
  if (!ISO.test(text) && !RFC_2822.test(text) && !OPENSSL.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
