import { z } from 'zod'
import type { Alert } from '../domain/alert.ts'
import { hashOf } from '../domain/canonical.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'

/** Something about a delivery that a person should know and that does not stop it; a closed set because it is also a metric label. */
type NoteKind =
  | 'truncated'
  | 'duplicate'
  | 'clock_skew'
  | 'start_unknown'
  | 'ended_before_start'
  | 'text_cut'
  | 'ignored'

export interface Note {
  readonly kind: NoteKind
  readonly detail: string
  /** Fingerprint of the alert that it is about; absent when it is about the delivery. */
  readonly fingerprint?: string
}

/** What one webhook body turned into. */
export interface Delivery {
  readonly alerts: Alert[]
  readonly notes: Note[]
  /** The sender's own id of this delivery, where it has one; retries carry the same. */
  readonly deliveryId?: string
}

/** The Go zero time, which Alertmanager and Grafana send for "not yet". */
const ZERO_TIME_PREFIX = '0001-01-01'

/** Longer texts are cut: nobody reads them, and they would be stored once per repeat. */
const TEXT_LIMIT = 8192
const FINGERPRINT_LIMIT = 256
const SHOWN_PROBLEMS = 5

/** A text that PostgreSQL can hold: no NUL, no lone surrogates, at most `limit` characters. */
export function cleanText(text: string, limit = TEXT_LIMIT): string {
  const whole = text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text
  const formed = whole.isWellFormed() ? whole : whole.toWellFormed()
  return formed.length <= limit ? formed : `${formed.slice(0, limit - 1).toWellFormed()}…`
}

/** Labels or annotations with clean names and values. */
function cleanTexts(texts: Readonly<Record<string, string>>): Record<string, string> {
  const cleaned: Record<string, string> = {}
  for (const [name, value] of Object.entries(texts)) cleaned[cleanText(name, 1024)] = cleanText(value)
  return cleaned
}

/** Labels as monitoring systems write them: text, with numbers and booleans taken as their text. */
export const Texts = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .transform((values) => {
    const texts: Record<string, string> = {}
    for (const [name, value] of Object.entries(values)) if (value !== null) texts[name] = String(value)
    return cleanTexts(texts)
  })

/**
 * A moment as vendors write it: ISO 8601 with any common offset form. Null for anything else and for moments outside 1970 to 9999,
 * which no clock shows; the caller decides whether that is a mistake.
 */
export function readInstant(text: string): Instant | null {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|z|[+-]\d{2}:?\d{2})$/.exec(text)
  if (!match) return null
  const [, date = '', time = '', fraction = '', zone = ''] = match
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  const wall = Date.parse(`${date}T${time}Z`)
  // Date.parse rolls 30 February over into March; a sender that writes it is not to be trusted about time.
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== date) return null
  const ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset}`)
  return Number.isNaN(ms) || ms < 0 || ms > 253_402_300_799_999 ? null : instantOf(ms)
}

/** Whether a time is the sender's way of saying "none". */
export function isZeroTime(text: string): boolean {
  return text === '' || text.startsWith(ZERO_TIME_PREFIX)
}

/** A required moment. */
export const VendorInstant = z.string().transform((text, ctx): Instant => {
  const instant = readInstant(text)
  if (instant !== null) return instant
  ctx.addIssue({
    code: 'custom',
    message: `expected an ISO 8601 time with an offset, such as 2026-03-01T12:00:00Z, not ${quote(text)}`,
  })
  return z.NEVER
})

/** A moment that may be absent, empty or the zero time; those become null. */
export const OptionalInstant = z
  .string()
  .nullish()
  .transform((text, ctx): Instant | null => {
    if (text === null || text === undefined || isZeroTime(text)) return null
    const instant = readInstant(text)
    if (instant !== null) return instant
    ctx.addIssue({
      code: 'custom',
      message: `expected an ISO 8601 time with an offset, such as 2026-03-01T12:00:00Z, or nothing, not ${quote(text)}`,
    })
    return z.NEVER
  })

/** The identity of a set of labels, for senders that give none. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  return hashOf(labels).slice(0, 16)
}

/** A sender's own identity of an alert, shortened to a hash when it is absurdly long. */
export function usableFingerprint(given: string): string {
  const text = cleanText(given, Number.MAX_SAFE_INTEGER)
  return text.length <= FINGERPRINT_LIMIT ? text : hashOf(text).slice(0, 32)
}

/** Parses a body, or throws `payload_invalid` that says what is wrong, where, and what was expected. */
export function readPayload<T>(schema: z.ZodType<T>, body: unknown, kind: string): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const shown = issues
    .slice(0, SHOWN_PROBLEMS)
    .map((issue) => `${pathText(issue.path)}: ${cleanText(issue.message, 300)}`)
  const more = issues.length > shown.length ? `; and ${issues.length - shown.length} more` : ''
  throw payloadFault(`this is not a valid ${kind} body: ${shown.join('; ')}${more}`)
}

/** A `payload_invalid` fault. */
export function payloadFault(message: string): Fault {
  return new Fault('payload_invalid', message, { hint: 'docs/webhooks.md shows a body that each entrance accepts' })
}

/** A value as it may be shown in a message: quoted, short, on one line. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cleanText(value, 40))
  if (value === undefined) return 'nothing'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a value of type ${typeof value}`
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body'
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${cleanText(String(step), 60)}`))
  return steps.join('').replace(/^\./, '')
}
