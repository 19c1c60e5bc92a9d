/** Characters that hide, reorder or break a line: a log line may hold any of them. */
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/gu

/** At most `limit` characters, whole ones; what was cut is said by an ellipsis. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, Math.max(0, limit - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}

/**
 * Anybody's prose as one harmless line, for text that Slack shows as it is. An address in it stays readable and is no link: the only links in a message
 * are ours.
 */
export function plain(text: string, limit: number): string {
  const line = text.replace(CONTROL, ' ').replace(INVISIBLE, '').replace(/ {2,}/g, ' ').trim().toWellFormed()
  return cut(line, limit).replace(/([a-z][a-z0-9+.-]*):\/\//gi, '$1\u2060://')
}

/** The same for places where Slack reads markup: no mention, no link, no date comes out of it. */
export function escaped(text: string, limit: number): string {
  return plain(text, limit).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

/** Seconds in words for somebody who was just woken up. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 90) return `${whole} s`
  if (whole < 90 * 60) return `${Math.round(whole / 60)} min`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}

/** Many lines within a limit; what does not fit is counted. */
export function fitting<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  limit: number,
): { shown: T[]; hidden: number } {
  const shown: T[] = []
  let room = limit
  for (const item of items) {
    room -= sizeOf(item)
    if (room < 0) break
    shown.push(item)
  }
  return { shown, hidden: items.length - shown.length }
}
