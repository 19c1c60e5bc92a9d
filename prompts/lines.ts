import type { Evidence } from '../agent/domain/evidence.ts'
import type { Facts } from '../agent/domain/facts.ts'
import type { Signal } from '../agent/domain/signal.ts'
import type { Instant } from '../agent/domain/time.ts'
import { relative, short } from './numbers.ts'
import { quoted, value } from './text.ts'

/** One line of the evidence and how much it matters: what matters least is cut first. */
export interface Line {
  readonly text: string
  /** 0 to 100. */
  readonly relevance: number
  readonly kind: Signal['kind']
}

type SignalOf<K extends Signal['kind']> = Extract<Signal, { kind: K }>

/** The lines of one piece of evidence, one per signal; components in order are counted instead. */
export function linesOf(evidence: Evidence, facts: Facts): Line[] {
  const now = facts.takenAt
  const lines: Line[] = []
  for (const signal of evidence.signals) {
    const line = lineOf(signal, facts, now)
    if (line) lines.push({ ...line, kind: signal.kind })
  }
  return lines
}

function lineOf(signal: Signal, facts: Facts, now: Instant): Omit<Line, 'kind'> | null {
  switch (signal.kind) {
    case 'health_check':
      return checkLine(signal, now)
    case 'provider_event':
      return eventLine(signal, facts, now)
    case 'component':
      return signal.status === 'operational'
        ? null
        : {
            text: `${value(signal.id)} component ${value(signal.name)} ${signal.status} since ${relative(signal.updatedAt, now)}`,
            relevance: 78,
          }
    case 'series':
      return seriesLine(signal, facts, now)
    case 'log_pattern':
      return logLine(signal, facts, now)
    case 'change':
      return changeLine(signal, facts, now)
    case 'readiness':
      return readinessLine(signal, now)
  }
}

function checkLine(check: SignalOf<'health_check'>, now: Instant): Omit<Line, 'kind'> {
  const latency = check.latencyMs === null ? '' : ` ${Math.round(check.latencyMs)}ms`
  const detail = check.detail ? ` ${quoted(check.detail, { maxChars: 160 })}` : ''
  const text = `${value(check.id)} ${value(check.check)} ${check.status}${latency} at ${relative(check.checkedAt, now)}${detail}`
  return { text, relevance: 96 }
}

function eventLine(event: SignalOf<'provider_event'>, facts: Facts, now: Instant): Omit<Line, 'kind'> {
  const fact = facts.providerEvents.find(({ id }) => id === event.id)
  const reaches = fact ? [fact.primary, fact.secondary, fact.dr] : []
  const isOurs = reaches.some((reach) => reach !== 'no') || (fact?.dependencies.length ?? 0) > 0
  const relevance = fact?.isOpen ? (isOurs ? 94 : 58) : isOurs ? 50 : 30
  const list = (name: string, values: readonly string[]) =>
    values.length === 0
      ? ''
      : ` ${name}=${values
          .slice(0, 6)
          .map((one) => value(one, 40))
          .join(',')}`
  const where =
    fact && isOurs
      ? ` reaches primary=${fact.primary} secondary=${fact.secondary} dr=${fact.dr}${list('needs', fact.dependencies)}`
      : ' elsewhere'
  const span = `${relative(event.startedAt, now)}..${event.endedAt ? relative(event.endedAt, now) : 'now'} updated ${relative(event.updatedAt, now)}`
  const marks = `${event.isAccountSpecific ? ' about-our-account' : ''}${list('ours', event.affectedEntities)}${event.zone ? ` zone=${value(event.zone)}` : ''}`
  const prose = `${quoted(event.title, { maxChars: isOurs ? 140 : 90 })} ${quoted(event.text, { maxChars: isOurs ? 320 : 100 })}`
  return {
    text: `${value(event.id, 120)} ${event.category} ${event.state} severity=${event.severity}${list('products', event.products)}${list('regions', event.regions)} ${span}${where}${marks} ${prose}`,
    relevance,
  }
}

/** Minutes before the decision at which a series is shown. */
const MARKS = [55, 30, 15, 10, 5, 2, 0]

function seriesLine(series: SignalOf<'series'>, facts: Facts, now: Instant): Omit<Line, 'kind'> {
  const fact = facts.series.find(({ id }) => id === series.id)
  const labels = Object.entries(series.labels)
    .filter(([name]) => name !== '__name__')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, 6)
    .map(([name, label]) => `${value(name, 30)}=${value(label, 40)}`)
  const head = [value(series.id), value(series.name), value(series.unit || 'unitless', 20), ...labels]
  if (series.sli) {
    const { role, badWhen, objective } = series.sli
    head.push(`sli=${role} bad_when=${badWhen}${objective === undefined ? '' : ` objective=${short(objective)}`}`)
  }
  if (!fact || fact.state === 'empty') return { text: `${head.join(' ')}: no values`, relevance: 70 }
  const isNews = fact.isAbnormal || fact.isBad === true || fact.isIntermittent || fact.state !== 'fresh'
  const parts: string[] = []
  if (fact.state !== 'fresh') parts.push(`${fact.state}: last value ${short((fact.ageSeconds ?? 0) / 60)}m ago`)
  if (fact.changedAt === null) parts.push(`steady ${short(fact.baseline)}, now ${short(fact.current)}`)
  else
    parts.push(
      `was ${short(fact.baseline)}, ${fact.direction} at ${relative(fact.changedAt, now)}, now ${short(fact.current)}`,
    )
  if (fact.trend !== 'flat') parts.push(`trend ${fact.trend}`)
  if (fact.isBad) parts.push(`bad for ${short(fact.badForSeconds / 60)}m, ${short(fact.badness)}x the bound`)
  if (fact.isIntermittent) parts.push('comes and goes')
  if (fact.isRecovering) parts.push('recovering')
  if (fact.missingShare > 0.1) parts.push(`${Math.round(fact.missingShare * 100)}% of points missing`)
  const points = isNews || series.sli ? `; ${pointsOf(series, now)}` : ''
  return { text: `${head.join(' ')}: ${parts.join(', ')}${points}`, relevance: series.sli ? 95 : isNews ? 86 : 45 }
}

function pointsOf(series: SignalOf<'series'>, now: Instant): string {
  const nowSeconds = Date.parse(now) / 1000
  const shown: string[] = []
  for (const mark of MARKS) {
    const at = nowSeconds - mark * 60
    const near = series.points.filter(
      ([time, v]) => v !== null && Math.abs(time - at) <= Math.max(series.stepSeconds, 45),
    )
    const closest = near.sort(([a], [b]) => Math.abs(a - at) - Math.abs(b - at))[0]
    shown.push(`-${mark}m ${closest ? short(closest[1]) : 'none'}`)
  }
  return shown.join(', ')
}

function logLine(log: SignalOf<'log_pattern'>, facts: Facts, now: Instant): Omit<Line, 'kind'> {
  const stream = Object.entries(log.stream)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([name]) => !['level', 'namespace', 'filename', 'job', 'stream'].includes(name))
    .slice(0, 4)
    .map(([name, label]) => `${value(name, 30)}=${value(label, 40)}`)
    .join(' ')
  const isNew = facts.logs.top.find(({ id }) => id === log.id)?.isNew ?? false
  const isLoud = log.level === 'error' || log.level === 'warn'
  // The sample shows the variable parts of one line: real addresses, codes, versions.
  const said = quoted(log.sample || log.pattern, { maxChars: isLoud ? 200 : 120 })
  const weight = Math.min(12, Math.log2(log.count + 1) * 2)
  return {
    text: `${value(log.id)} ${log.level} x${log.count} ${stream} ${relative(log.firstAt, now)}..${relative(log.lastAt, now)}${isNew ? ' new' : ''} ${said}`,
    relevance: (log.level === 'error' ? 66 : log.level === 'warn' ? 60 : 36) + weight + (isNew ? 8 : 0),
  }
}

function changeLine(change: SignalOf<'change'>, facts: Facts, now: Instant): Omit<Line, 'kind'> {
  const fact = facts.changes.find(({ id }) => id === change.id)
  const before = fact?.minutesBeforeOnset
  const gap =
    before === null || before === undefined
      ? ''
      : before >= 0
        ? `, ${short(before)}m before onset`
        : `, ${short(-before)}m after onset`
  const isNear = before !== null && before !== undefined && before > -30 && before < 180
  const rollout = change.rolloutPercent === null ? '' : ` rollout ${short(change.rolloutPercent)}%`
  const relation = fact ? ` (${fact.relation})` : ''
  return {
    text: `${value(change.id)} ${relative(change.at, now)}${gap} ${value(change.changeKind)} of ${value(change.service)}${relation} ${value(change.ref)}${rollout} ${quoted(change.summary, { maxChars: 180 })}`,
    relevance: isNear ? 93 : (fact?.ageMinutes ?? 0) < 1440 ? 70 : 48,
  }
}

function readinessLine(target: SignalOf<'readiness'>, now: Instant): Omit<Line, 'kind'> {
  if (!target.exists) return { text: `${value(target.id)} ${target.target}: there is none`, relevance: 97 }
  const healthy = target.healthy === null ? 'health unknown' : target.healthy ? 'healthy' : 'NOT healthy'
  const lag = target.replicationLagSeconds === null ? 'lag unknown' : `lag ${short(target.replicationLagSeconds)}s`
  const shares = target.sharedDependencies.length
    ? ` shares with primary: ${target.sharedDependencies
        .slice(0, 12)
        .map((name) => value(name))
        .join(', ')};`
    : ' shares nothing with primary;'
  const detail = target.detail ? ` ${quoted(target.detail, { maxChars: 200 })}` : ''
  return {
    text: `${value(target.id)} ${target.target}: ${healthy}, capacity ${target.capacity}, ${lag},${shares} backup ${relative(target.lastBackupAt, now)}, restore test ${relative(target.lastRestoreTestAt, now)}, checked ${relative(target.checkedAt, now)}${detail}`,
    relevance: 97,
  }
}
