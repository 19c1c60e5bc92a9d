import { z } from 'zod'
import type { Evidence } from './evidence.ts'
import type { Service } from './service.ts'
import { plain } from './site-match.ts'
import { Instant, minutesBetween } from './time.ts'

export const ChangeFacts = z.object({
  id: z.string(),
  evidence: z.string(),
  kind: z.string(),
  service: z.string(),
  at: Instant,
  rolloutPercent: z.number().nullable(),
  /** Positive: it came that many minutes before onset, or before users felt it where an alert began earlier; null when neither is known. */
  minutesBeforeOnset: z.number().nullable(),
  ageMinutes: z.number(),
  /** `service`: the very service; `component`: a part that its telemetry names; `dependency`: something of ours that it needs; `other`. */
  relation: z.enum(['service', 'component', 'dependency', 'other']),
})
export type ChangeFacts = z.infer<typeof ChangeFacts>

/** Onset is read from series with a step: a change this much later may still have come first. */
export const ONSET_SLACK_MINUTES = 2

/** What changes are measured against. */
interface Times {
  readonly onsetAt: Instant | null
  /** When users began to feel it, as series say. */
  readonly feltAt: Instant | null
  readonly now: Instant
}

/** Own changes, newest first, with their distance to onset and to the service. */
export function changeFacts(
  evidence: readonly Evidence[],
  service: Service,
  dependencies: readonly string[],
  { onsetAt, feltAt, now }: Times,
): ChangeFacts[] {
  const components = componentNames(evidence)
  const own = new Set(dependencies.flatMap((name) => (name.startsWith('own:') ? [plain(name.slice(4))] : [])))
  const facts: ChangeFacts[] = []
  for (const piece of evidence)
    for (const signal of piece.signals) {
      if (signal.kind !== 'change') continue
      const name = plain(signal.service)
      facts.push({
        id: signal.id,
        evidence: piece.id,
        kind: signal.changeKind,
        service: signal.service,
        at: signal.at,
        rolloutPercent: signal.rolloutPercent,
        minutesBeforeOnset: minutesBefore(signal.at, onsetAt, feltAt),
        ageMinutes: minutesBetween(signal.at, now),
        relation:
          name === plain(service.name)
            ? 'service'
            : own.has(name)
              ? 'dependency'
              : components.has(name)
                ? 'component'
                : 'other',
      })
    }
  return facts.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? -1 : 1))
}

/** An alert that has fired for days, for whatever reason, must not put every change of today behind the onset of today's trouble. */
function minutesBefore(at: Instant, onsetAt: Instant | null, feltAt: Instant | null): number | null {
  if (onsetAt === null) return null
  const minutes = minutesBetween(at, onsetAt)
  return minutes < -ONSET_SLACK_MINUTES && feltAt !== null ? minutesBetween(at, feltAt) : minutes
}

/** Names under which parts of the service appear in labels of its logs and metrics. */
function componentNames(evidence: readonly Evidence[]): Set<string> {
  const names = new Set<string>()
  const labels = ['app', 'service', 'component', 'container', 'job', 'deployment']
  for (const piece of evidence)
    for (const signal of piece.signals) {
      const source = signal.kind === 'log_pattern' ? signal.stream : signal.kind === 'series' ? signal.labels : null
      if (source) for (const label of labels) if (source[label]) names.add(plain(source[label]))
    }
  return names
}
