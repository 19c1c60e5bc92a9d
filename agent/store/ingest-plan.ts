import type { Alert } from '../domain/alert.ts'
import { epochMs, type Instant, instantOf } from '../domain/time.ts'
import type { IngestedIncident, IngestResult, ScopedAlert } from './records.ts'

/** How alerts become incidents. */
export interface IngestOptions {
  /** How long a judgement of "nothing to do" stands for the same alerts. */
  readonly recurrenceCooldownMs: number
  /** News of an incident that was decided a moment ago waits for this long after the decision, so that a storm is looked at as a whole. */
  readonly gatherMs: number
  /** A firing message of an episode that is known to be over counts as late for this long, and as a new outbreak afterwards. */
  readonly lateMessageMs: number
  /** That many groups of one provider opening within the window hang under one event. */
  readonly eventGroups: number
  readonly eventWindowMs: number
}

/** What the database knows of an alert, across incidents. */
export interface AlertState {
  group: string
  fingerprint: string
  status: 'firing' | 'resolved'
  severity: string
  startsAt: Instant
  changedAt: Instant
  lastReceivedAt: Instant
  incidentId: string | null
}

/** What ingest needs to know of an incident. */
export interface KnownIncident {
  id: string
  service: string
  group: string
  provider: string
  eventId: string | null
  severity: string
  openedAt: Instant
  nextAssessmentAt: Instant | null
  lastDecidedAt: Instant | null
  lastAction: string | null
  recurrenceOf: string | null
  isNew: boolean
  isTouched: boolean
}

export interface AlertWrite {
  incidentId: string
  fingerprint: string
  service: string
  status: 'firing' | 'resolved'
  count: number
  firstReceivedAt: Instant
  lastReceivedAt: Instant
  alert: Alert
  /** Nothing but late messages: they are counted, and what is known stands. */
  isLate: boolean
}

/** Everything that a batch is judged against, changed in place while it is judged. */
export interface IngestState {
  /** By group. */
  readonly open: Map<string, KnownIncident>
  /** The newest closed incident by group, with the fingerprints it was about. */
  readonly closed: Map<string, { incident: KnownIncident; fingerprints: ReadonlySet<string> }>
  /** By group and fingerprint. */
  readonly alerts: Map<string, AlertState>
  readonly newId: (kind: string) => string
}

export interface IngestWrites {
  readonly alerts: Map<string, AlertWrite>
  readonly states: Map<string, AlertState>
}

const BENIGN: ReadonlySet<string> = new Set(['no_action', 'observe'])
const SEVERITY_RANK: Readonly<Record<string, number>> = { info: 1, warning: 2, error: 3, critical: 4, page: 4 }
const EARLIEST = '1970-01-01T00:00:00.000Z'

type News = 'new' | 'fired' | 'resolved' | 'worse' | 'duplicate' | 'out_of_order'

export function stateKey(group: string, fingerprint: string): string {
  return `${group}\u001f${fingerprint}`
}

function rankOf(severity: string): number {
  return SEVERITY_RANK[severity.toLowerCase()] ?? 0
}

/** What a message says beyond what is known. Its own clock may be wrong: a start in the future counts as now. */
export function newsOf(known: AlertState | undefined, alert: Alert, receivedAt: Instant, lateMessageMs: number): News {
  if (!known) return 'new'
  const startsAt = startOf(alert, receivedAt)
  if (startsAt < known.startsAt) return endsKnown(alert, known) ? 'resolved' : 'out_of_order'
  if (alert.status === 'resolved') return known.status === 'firing' ? 'resolved' : 'duplicate'
  if (known.status === 'firing') return rankOf(alert.severity) > rankOf(known.severity) ? 'worse' : 'duplicate'
  if (startsAt > known.startsAt) return 'fired'
  // Over, and yet firing from the same start: a late message, unless the end was told long ago. Missing an outage is the worse mistake.
  return epochMs(receivedAt) - epochMs(known.changedAt) > lateMessageMs ? 'fired' : 'out_of_order'
}

/** Two senders of one alert start it seconds apart, and its end is then told with the earlier start: what counts is when it ended. */
function endsKnown({ status, endsAt }: Alert, known: AlertState): boolean {
  return status === 'resolved' && known.status === 'firing' && endsAt !== null && endsAt > known.startsAt
}

function startOf(alert: Alert, receivedAt: Instant): Instant {
  if (alert.startsAt > receivedAt) return receivedAt
  return alert.startsAt < EARLIEST ? EARLIEST : alert.startsAt
}

/** Judges one request's alerts in order; collects what must be written, and says what became of them. */
export function planIngest(
  state: IngestState,
  writes: IngestWrites,
  alerts: readonly ScopedAlert[],
  receivedAt: Instant,
  options: IngestOptions,
): IngestResult {
  const touched = new Map<string, IngestedIncident>()
  const counts = { duplicates: 0, outOfOrder: 0, resolvedUnknown: 0 }
  for (const scoped of alerts) {
    const { alert, group } = scoped
    const key = stateKey(group, alert.fingerprint)
    const known = state.alerts.get(key)
    const news = newsOf(known, alert, receivedAt, options.lateMessageMs)
    if (news === 'duplicate') counts.duplicates += 1
    if (news === 'out_of_order') counts.outOfOrder += 1
    let incident = state.open.get(group)
    const opens = !incident && alert.status === 'firing' && news !== 'out_of_order'
    if (opens) incident = openIncident(state, scoped, news, receivedAt, options)
    if (!incident && alert.status === 'resolved' && news !== 'out_of_order') counts.resolvedUnknown += 1
    if (news !== 'out_of_order') {
      const next = nextState(known, scoped, news, receivedAt, incident?.id ?? null)
      state.alerts.set(key, next)
      writes.states.set(key, next)
    }
    if (!incident) continue
    noteAlert(writes, incident, scoped, known, news === 'out_of_order', receivedAt)
    const due = dueAt(incident, known, news, opens, receivedAt, options)
    if (due !== null && (incident.nextAssessmentAt === null || due < incident.nextAssessmentAt))
      incident.nextAssessmentAt = due
    if (rankOf(alert.severity) > rankOf(incident.severity)) incident.severity = alert.severity
    incident.isTouched = true
    const before = touched.get(incident.id)
    touched.set(incident.id, {
      incidentId: incident.id,
      group,
      eventId: incident.eventId,
      opened: opens || (before?.opened ?? false),
      needsAssessment: due === receivedAt || (before?.needsAssessment ?? false),
    })
  }
  return { incidents: [...touched.values()], received: alerts.length, ...counts }
}

/** When this message asks for an assessment: at once, when the benign judgement ends, or not at all. */
function dueAt(
  incident: KnownIncident,
  known: AlertState | undefined,
  news: News,
  opens: boolean,
  receivedAt: Instant,
  options: IngestOptions,
): Instant | null {
  if (opens) return incident.nextAssessmentAt
  if (news === 'duplicate' || news === 'out_of_order') return null
  if (news === 'worse') return receivedAt
  const quietUntil = benignUntil(incident, options)
  if (quietUntil === null || quietUntil <= receivedAt || news === 'new') return gathered(incident, receivedAt, options)
  // It came back, or went as it had come: nothing that was not judged a moment ago.
  const isEcho = news === 'fired' || (known !== undefined && known.changedAt > (incident.lastDecidedAt ?? receivedAt))
  return isEcho ? quietUntil : gathered(incident, receivedAt, options)
}

function gathered({ lastDecidedAt }: KnownIncident, receivedAt: Instant, { gatherMs }: IngestOptions): Instant {
  if (lastDecidedAt === null) return receivedAt
  const earliest = instantOf(epochMs(lastDecidedAt) + gatherMs)
  return earliest > receivedAt ? earliest : receivedAt
}

function benignUntil(incident: KnownIncident, options: IngestOptions): Instant | null {
  if (incident.lastDecidedAt === null || !BENIGN.has(incident.lastAction ?? '')) return null
  return instantOf(epochMs(incident.lastDecidedAt) + options.recurrenceCooldownMs)
}

function openIncident(
  state: IngestState,
  { alert, service, group, provider }: ScopedAlert,
  news: News,
  receivedAt: Instant,
  options: IngestOptions,
): KnownIncident {
  const closed = state.closed.get(group)
  const quietUntil = closed?.fingerprints.has(alert.fingerprint) ? benignUntil(closed.incident, options) : null
  const isWorse = closed !== undefined && rankOf(alert.severity) > rankOf(closed.incident.severity)
  const isRecurrence = quietUntil !== null && quietUntil > receivedAt && !isWorse && news !== 'worse'
  const incident: KnownIncident = {
    id: state.newId('inc'),
    service,
    group,
    provider,
    eventId: null,
    severity: alert.severity,
    openedAt: receivedAt,
    nextAssessmentAt: isRecurrence ? quietUntil : receivedAt,
    // The judgement that still stands is carried over, so that more of the same stays quiet as well.
    lastDecidedAt: isRecurrence ? closed!.incident.lastDecidedAt : null,
    lastAction: isRecurrence ? closed!.incident.lastAction : null,
    recurrenceOf: isRecurrence ? closed!.incident.id : null,
    isNew: true,
    isTouched: true,
  }
  state.open.set(group, incident)
  return incident
}

function nextState(
  known: AlertState | undefined,
  { alert, group }: ScopedAlert,
  news: News,
  receivedAt: Instant,
  incidentId: string | null,
): AlertState {
  const isChange = known === undefined || known.status !== alert.status
  const startsAt = startOf(alert, receivedAt)
  return {
    group,
    fingerprint: alert.fingerprint,
    status: alert.status,
    severity:
      known && news === 'duplicate' && rankOf(known.severity) > rankOf(alert.severity)
        ? known.severity
        : alert.severity,
    startsAt,
    changedAt: isChange ? receivedAt : known.changedAt,
    lastReceivedAt: receivedAt,
    incidentId: incidentId ?? known?.incidentId ?? null,
  }
}

function noteAlert(
  writes: IngestWrites,
  incident: KnownIncident,
  { alert, service }: ScopedAlert,
  known: AlertState | undefined,
  isLate: boolean,
  receivedAt: Instant,
): void {
  const key = stateKey(incident.id, alert.fingerprint)
  const before = writes.alerts.get(key)
  const firstReceivedAt = before?.firstReceivedAt ?? receivedAt
  const counted = { count: (before?.count ?? 0) + 1, firstReceivedAt, lastReceivedAt: receivedAt }
  if (before && isLate) {
    Object.assign(before, counted)
    return
  }
  const status = isLate && known ? known.status : alert.status
  const incidentId = incident.id
  writes.alerts.set(key, { incidentId, fingerprint: alert.fingerprint, service, status, alert, isLate, ...counted })
}
