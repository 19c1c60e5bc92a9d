const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** Date and time in the reader's zone. */
export function localText(instant: string): string {
  return DATE_TIME.format(new Date(instant))
}

/** Hour and minute in the reader's zone. */
export function clockText(ms: number): string {
  return CLOCK.format(ms)
}

/** The same moment for people elsewhere. */
export function utcText(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`
}

/** A span as people say it. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

/** A duration to the tenth of a second while it is short. */
export function durationText(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 1)} s` : spanText(ms)
}

/** How long ago something was. */
export function agoText(instant: string, nowMs: number): string {
  return `${spanText(nowMs - Date.parse(instant))} ago`
}
