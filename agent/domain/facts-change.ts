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
  /** Positive: it came that many minutes before onset; null when onset is unknown. */
  minutesBeforeOnset: z.number().nullable(),
  ageMinutes: z.number(),
  /** `service`: the very service; `component`: a part that its telemetry names; `dependency`: something of ours that it needs; `other`. */
  relation: z.enum(['service', 'component', 'dependency', 'other']),
})
export type ChangeFacts = z.infer<typeof ChangeFacts>

/** Own changes, newest first, with their distance to onset and to the service. */
export function changeFacts(
  evidence: readonly Evidence[],
  service: Service,
  dependencies: readonly string[],
  onsetAt: Instant | null,
  now: Instant,
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
        minutesBeforeOnset: onsetAt ? minutesBetween(signal.at, onsetAt) : null,
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
