import type { DecisionContext, SeriesSignal, Signal, Snapshot } from '../api/types.ts'

export type Colour = 'people' | 'run' | 'alert' | 'change' | 'event' | 'post' | 'log' | 'warn'

/** Something that lasted, on the shared time axis. */
export interface Span {
  readonly id: string
  readonly fromMs: number
  readonly toMs: number
  readonly words: string
  readonly colour: Colour
  readonly isOver: boolean
  /** A moment rather than a span of time. */
  readonly isMoment: boolean
}

/** Rows of one kind of thing. */
export interface Lane {
  readonly label: string
  readonly spans: readonly Span[]
  readonly hidden: number
}

const ROWS_SHOWN = 8
const LOGS_SHOWN = 7
const SERIES_SHOWN = 8
const CHANGES_BACK_MS = 24 * 3_600_000
const LOG_LEVELS = ['error', 'warn', 'info', 'unknown', 'debug']

/** What happened beside the series: alerts, own changes, what providers declared, log bursts. */
export function lanesOf({ alerts, evidence }: Snapshot, nowMs: number, windowMs: number): Lane[] {
  const signals = evidence.flatMap((one) => one.signals)
  const startMs = nowMs - windowMs
  const ms = (instant: string | null, otherwise: number) => (instant === null ? otherwise : Date.parse(instant))
  const alertSpans = alerts.map((alert) => ({
    id: alert.fingerprint,
    fromMs: Date.parse(alert.startsAt),
    toMs: ms(alert.endsAt, nowMs),
    words: `${alert.name}${alert.status === 'resolved' ? ' (resolved)' : ''}`,
    colour: 'alert' as const,
    isOver: alert.status === 'resolved',
    isMoment: false,
  }))
  const changes = ofKind(signals, 'change')
    .filter((change) => Date.parse(change.at) > nowMs - CHANGES_BACK_MS)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .map((change) => ({
      id: change.id,
      fromMs: Date.parse(change.at),
      toMs: Date.parse(change.at),
      words: [change.changeKind, change.service, change.ref, change.summary].filter(Boolean).join(' '),
      colour: 'change' as const,
      isOver: false,
      isMoment: true,
    }))
  const eventSpans = (channel: 'health_api' | 'status_page') =>
    ofKind(signals, 'provider_event')
      .filter((event) => event.channel === channel)
      .sort((a, b) => ms(b.startedAt, 0) - ms(a.startedAt, 0))
      .map((event) => ({
        id: event.id,
        fromMs: ms(event.startedAt, startMs),
        toMs: ms(event.endedAt, nowMs),
        words: `${event.provider}${event.regions.length > 0 ? ` ${event.regions.join(', ')}` : ''}, ${event.state}: ${event.title}`,
        colour: channel === 'health_api' ? ('event' as const) : ('post' as const),
        isOver: event.state === 'closed',
        isMoment: false,
      }))
  const logs = ofKind(signals, 'log_pattern')
    .sort((a, b) => LOG_LEVELS.indexOf(a.level) - LOG_LEVELS.indexOf(b.level) || b.count - a.count)
    .map((pattern) => ({
      id: pattern.id,
      fromMs: Date.parse(pattern.firstAt),
      toMs: Date.parse(pattern.lastAt),
      words: `${pattern.count}× ${pattern.level}: ${pattern.sample}`,
      colour:
        pattern.level === 'error'
          ? ('alert' as const)
          : pattern.level === 'warn'
            ? ('warn' as const)
            : ('log' as const),
      isOver: false,
      isMoment: false,
    }))
  return [
    lane('Alerts', alertSpans, ROWS_SHOWN),
    lane('Own changes', changes, ROWS_SHOWN),
    lane('Providers’ health feeds', eventSpans('health_api'), ROWS_SHOWN),
    lane('Status pages', eventSpans('status_page'), ROWS_SHOWN),
    lane('Log bursts', logs, LOGS_SHOWN),
  ].filter(({ spans }) => spans.length > 0)
}

/** What followed the decision: questions to people and their answers, runs. */
export function lanesAfter(context: DecisionContext | undefined, decidedMs: number): Lane[] {
  if (!context) return []
  const questions = context.approvals.map((approval) => {
    const said = approval.votes.map(
      ({ person, answer }) => `${person} ${answer === 'approve' ? 'approved' : 'refused'}`,
    )
    return {
      id: approval.id,
      fromMs: Date.parse(approval.createdAt),
      toMs: Date.parse(approval.closedAt ?? approval.expiresAt),
      words: `asked ${approval.approvers.join(', ') || 'nobody'}: ${[approval.status, ...said].join(', ')}`,
      colour: 'people' as const,
      isOver: approval.closedAt !== null,
      isMoment: false,
    }
  })
  const runs = context.runs.map((run) => ({
    id: run.id,
    fromMs: Date.parse(run.startedAt ?? run.requestedAt),
    toMs: run.finishedAt === null ? Date.now() : Date.parse(run.finishedAt),
    words: `${run.isDryRun ? 'drill' : 'run'}: ${run.state.replaceAll('_', ' ')}`,
    colour: 'run' as const,
    isOver: false,
    isMoment: false,
  }))
  return [lane('People', questions, ROWS_SHOWN), lane('Run', runs, ROWS_SHOWN)].filter(({ spans }) =>
    spans.some(({ toMs }) => toMs >= decidedMs),
  )
}

/** The series to show: first those that say what users feel, then those that the verdict cites. */
export function seriesOf(
  { evidence }: Snapshot,
  cited: (id: string) => boolean,
): { shown: SeriesSignal[]; hidden: number } {
  const series = ofKind(
    evidence.flatMap((one) => one.signals),
    'series',
  )
  const rank = (one: SeriesSignal) => (one.sli ? 0 : 2) - (cited(one.id) ? 1 : 0)
  const sorted = series.toSorted((a, b) => rank(a) - rank(b))
  return { shown: sorted.slice(0, SERIES_SHOWN), hidden: Math.max(0, sorted.length - SERIES_SHOWN) }
}

function lane(label: string, spans: readonly Span[], most: number): Lane {
  return { label, spans: spans.slice(0, most), hidden: Math.max(0, spans.length - most) }
}

function ofKind<K extends Signal['kind']>(signals: readonly Signal[], kind: K): Extract<Signal, { kind: K }>[] {
  return signals.filter((signal): signal is Extract<Signal, { kind: K }> => signal.kind === kind)
}
