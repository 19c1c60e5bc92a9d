import type { ChangeSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { Readings } from './readings.ts'

/** What measures and ships measurements. */
const METER =
  /prometheus|exporter|otel|opentelemetry|collector|scrape|metrics?\b|telemetry|recording rules?|statsd|monitoring|agent\b/i

/** What raises alarms, or looks at things to raise them. */
const ALARM =
  /\balert(?:s|ing|manager|[-_ ]rules?)?\b|\balarms?\b|recording[-_ ]rules?|\bthresholds?\b|\bmonitors?\b|\bslo[-_ ]?(?:rules?|alerts?)|\bruler\b|detector|burn[-_ ]rate|watch(?:er|dog)?\b|prober?\b|checker|exporter|\botel\b|opentelemetry|telemetry|scrape|metrics/i

/** How rulers say that they took new rules. */
const RULES_LOADED = /(?:loaded|reloaded|updated) .{0,20}(?:rules?|groups?)\b|rules? (?:re)?loaded|\bexpr\b/i

/** A change to what measures, in the minutes of the onset. */
export function meterChange(readings: Readings): ChangeSignal | undefined {
  return readings.changes.find((change) => {
    const lead = minutesBetween(change.at, readings.snapshot.takenAt) - readings.onsetMinutes
    return lead >= -2 && lead <= 10 && METER.test(`${change.service} ${change.summary}`)
  })
}

/** Shows that what looks, or a rule of alarms, was changed in the minutes before the alarm: by the list of changes or by the ruler itself. */
export function alarmChange(readings: Readings): string | null {
  const { alertMinutes, snapshot } = readings
  const isJustBefore = (minutesAgo: number) => minutesAgo - alertMinutes >= -1 && minutesAgo - alertMinutes <= 20
  const change = readings.changes.find(
    (one) => isJustBefore(minutesBetween(one.at, snapshot.takenAt)) && ALARM.test(`${one.service} ${one.summary}`),
  )
  const loaded = readings.logs.find(
    (log) => !log.isInstruction && Math.abs(log.minutesSinceFirst - alertMinutes) <= 5 && RULES_LOADED.test(log.text),
  )
  return change?.id ?? loaded?.signal.id ?? null
}

/** Whether a stream was written by something that looks at others. */
export function isWatcher(stream: readonly string[]): boolean {
  return /monitor|prober?\b|blackbox|prometheus|check-?(?:runner|er|gateway)/i.test(stream.join(' '))
}
