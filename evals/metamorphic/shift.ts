import { type Incident, incidentFrom } from '../case.ts'
import { below, type Random } from '../random.ts'

const WEEK_MS = 7 * 24 * 3_600_000

/**
 * Moves every time by the same number of whole weeks, so that a clock time or a weekday mentioned in prose stays true: ISO, RFC 822,
 * seconds since 1970 as numbers and nanoseconds since 1970 as text.
 */
export function shifted(incident: Incident, random: Random): Incident {
  const weeks = (below(random, 80) + 4) * (random() < 0.5 ? -1 : 1)
  return movedBy(incident, weeks * WEEK_MS)
}

/** Moves every time of an incident by the same span. */
export function movedBy(incident: Incident, byMs: number): Incident {
  return incidentFrom(walk(incident, byMs))
}

function walk(value: unknown, byMs: number): unknown {
  if (typeof value === 'number') return isEpochSeconds(value) ? value + byMs / 1000 : value
  if (typeof value === 'string') return shiftText(value, byMs)
  if (Array.isArray(value)) return value.map((item) => walk(item, byMs))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, byMs)]))
}

/** Years 2020 to 2033; no count or ratio of a recorded body comes as a number of this size. */
function isEpochSeconds(value: number): boolean {
  return value >= 1_577_836_800 && value < 2_000_000_000
}

function shiftText(text: string, byMs: number): string {
  if (/^1[5-9]\d{17}$/.test(text)) return String(BigInt(text) + BigInt(byMs) * 1_000_000n)
  if (!text.includes(':')) return text
  return text
    .replaceAll(
      /\b(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)/g,
      (_, time: string, part = '', zone: string) => {
        return `${new Date(Date.parse(`${time}Z`) + byMs).toISOString().slice(0, 19)}${part}${zone}`
      },
    )
    .replaceAll(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} 20\d\d \d\d:\d\d:\d\d GMT/g, (time) =>
      new Date(Date.parse(time) + byMs).toUTCString(),
    )
}
