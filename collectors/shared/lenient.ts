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

/** Reads a date text (ISO 8601 or RFC 2822); null when it is not one. */
export function instantFrom(text: string): Instant | null {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
