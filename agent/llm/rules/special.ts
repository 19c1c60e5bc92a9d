import type { Action } from '../../domain/action.ts'
import type { Category } from '../../domain/verdict.ts'
import type { Argument } from './argument.ts'
import { causeOf, type Weighing } from './cause.ts'
import type { Impact } from './impact.ts'
import type { Topic } from './log-reading.ts'
import type { Readings } from './readings.ts'

/** A conclusion before confidence and words. */
export interface Draft {
  readonly category: Category
  readonly provider?: string | null
  readonly action: Action
  readonly confidence: number
  readonly summary: string
  readonly because: readonly Argument[]
}

/** Nothing fresh can be read from most sources at once: it may be we who are cut off. */
export function judgeBlind(readings: Readings, impact: Impact): Draft | null {
  const { evidence } = readings.snapshot
  const failed = evidence.filter((item) => item.status === 'failed')
  if (impact.state !== 'unknown' || failed.length < evidence.length * 0.35) return null
  return {
    category: 'monitoring_fault',
    action: 'page_human',
    confidence: 0.7,
    summary: 'Most sources cannot be reached at once, whoever runs them: it may be we who are cut off',
    because: failed.slice(0, 4).map((item) => ({
      hypothesis: 'blind',
      weight: 1,
      note: `${item.source} could not be reached`,
      evidence: item.id,
    })),
  }
}

/** The data itself is damaged, blocked or diverging: copies follow it. */
export function judgeData(readings: Readings): Draft | null {
  const lines = readings.logs.filter((log) => log.topics.has('data') && log.isError)
  const emptied = readings.ownSeries.filter(
    (reading) =>
      /rows|records|documents|objects|tuples|balances?\b/i.test(reading.signal.name) &&
      fellToNothing(reading.signal.points.map((point) => point[1])),
  )
  if (lines.length === 0 && emptied.length === 0) return null
  const say = (note: string, evidence: string): Argument => ({ hypothesis: 'data', weight: 2, note, evidence })
  return {
    category: 'internal_data',
    action: 'page_human',
    confidence: 0.75,
    summary: 'The data itself is damaged or at stake; copies follow it, so no move and no restart helps',
    because: [
      ...lines.slice(0, 2).map((log) => say('log lines speak of lost, blocked or diverging data', log.signal.id)),
      ...emptied.slice(0, 2).map((reading) => say(`${reading.signal.name} fell to next to nothing`, reading.signal.id)),
    ],
  }
}

function fellToNothing(values: readonly (number | null)[]): boolean {
  const known = values.filter((value) => value !== null)
  const [first, last] = [known[0], known.at(-1)]
  return last !== undefined && first !== undefined && first > 20 && last < first * 0.1
}

/** Hostile acts in the logs: a move only moves the target. */
export function judgeSecurity(readings: Readings): Draft | null {
  const lines = readings.logs.filter(
    (log) => log.topics.has('security') && log.isError && !/block(?:ed)?\b|action=block/i.test(log.text),
  )
  if (lines.length === 0) return null
  const lever = readings.logs.find((log) => log.topics.has('readyLever'))
  const because: Argument[] = lines
    .slice(0, 3)
    .map((log) => ({ hypothesis: 'security', weight: 2, note: 'log lines show hostile acts', evidence: log.signal.id }))
  if (lever)
    because.push({ hypothesis: 'security', weight: 1, note: 'a defence stands ready', evidence: lever.signal.id })
  return {
    category: 'security',
    action: lever ? 'self_heal' : 'page_human',
    confidence: 0.65,
    summary: 'This is an attack, not an outage; another site only moves the target',
    because,
  }
}

/** Users are served: planned work, a fault of how we look, or something that does not reach them. */
export function judgeServed(readings: Readings, impact: Impact, weighing: Weighing): Draft | null {
  if (impact.state !== 'served') return null
  const because: Argument[] = impact.good.slice(0, 3).map((reading) => ({
    hypothesis: 'monitoring',
    weight: 1,
    note: `${reading.signal.name} is within bounds`,
    evidence: reading.signal.id,
  }))
  const cause = causeOf(readings, weighing)
  const planned = readings.changes.find(
    (change) =>
      /^(?:maintenance|calendar|exercise|drill)$/i.test(change.changeKind) ||
      /\bexercise|\bdrill|game ?day|\bmaintenance/i.test(change.summary),
  )
  if (impact.trend === 'recovering')
    return {
      category: planned && cause.kind !== 'edge' ? 'none' : cause.category,
      provider: cause.provider,
      action: 'observe',
      confidence: 0.75,
      summary: 'Users were hurt and are served again; red checks and averaged alerts lag behind',
      because: [...because, ...cause.because],
    }
  if (planned)
    return {
      category: 'none',
      action: 'no_action',
      confidence: 0.85,
      summary: 'An announced piece of work; users are served',
      because: [...because, { hypothesis: 'planned', weight: 2, note: 'a change announces it', evidence: planned.id }],
    }
  const unexplained = judgeUnexplained(readings, impact, weighing) ?? judgeBeneath(readings, impact)
  if (unexplained) return unexplained
  const monitoring = readings.logs.filter(
    (log) => log.isBad && (log.topics.has('monitoring') || isWatcher(Object.values(log.signal.stream))),
  )
  const unread = readings.failedSources.length >= 3
  const blind = unread || impact.silent.length > 0 || readings.unseenSeries > 0
  const red = ['external_uptime', 'internal_services']
    .map((name) => readings.checks.get(name))
    .find((check) => check?.status === 'error')
  if (monitoring.length > 0 || blind)
    return {
      category: 'monitoring_fault',
      action:
        monitoring.length > 0 && readings.failedSources.length === 0 && weighing.dependencies.length === 0
          ? 'no_action'
          : 'observe',
      confidence: 0.8,
      summary: 'What is red is how we look, not what users get',
      because: [
        ...because,
        ...monitoring.slice(0, 2).map(
          (log): Argument => ({
            hypothesis: 'monitoring',
            weight: 2,
            note: 'the looking side reports a fault of its own',
            evidence: log.signal.id,
          }),
        ),
      ],
    }
  // Indicators may not cover what fails: a red check needs a reason before it is called wrong.
  if (red)
    return {
      category: cause.category,
      provider: cause.provider,
      action: 'page_human',
      confidence: 0.4,
      summary: 'Indicators are within bounds while checks fail, and nothing says that the checks are wrong',
      because: [...because, { hypothesis: 'monitoring', weight: -1, note: `${red.check} fails`, evidence: red.id }],
    }
  return {
    category: cause.category,
    provider: cause.provider,
    action: 'observe',
    confidence: 0.7,
    summary: 'Users are served; whatever is wrong does not reach them now',
    because: [...because, ...cause.because],
  }
}

function isWatcher(stream: readonly string[]): boolean {
  return /monitor|prober?\b|blackbox|prometheus|checks?\b/i.test(stream.join(' '))
}

/** Every check is in order and yet an alert fires: it is about something that health does not measure, such as data, money or trust. */
function judgeUnexplained(readings: Readings, impact: Impact, weighing: Weighing): Draft | null {
  const firing = readings.snapshot.alerts.some((alert) => alert.status === 'firing')
  if (!firing || impact.redChecks.length > 0 || impact.silent.length > 0 || readings.checks.size === 0) return null
  const suspect = weighing.suspects[0]
  const alertText = readings.snapshot.alerts.map((alert) => alert.name).join(' ')
  if (suspect && suspect.score >= 3 && suspect.isReversible)
    return {
      category: suspect.isCode ? 'internal_deploy' : 'internal_config',
      action: 'rollback_change',
      confidence: 0.6,
      summary: 'Availability is well, yet something moved with a change of ours: undo it',
      because: suspect.arguments,
    }
  return {
    category: /secret|login|credential|access|auth|token|anomal|fraud|abuse/i.test(alertText)
      ? 'security'
      : /checksum|corrupt|diverg|mismatch|rows?|records?|balance/i.test(alertText)
        ? 'internal_data'
        : 'unknown',
    action: 'page_human',
    confidence: 0.5,
    summary:
      'Every health signal is well, so the alert is about something that they do not measure: a person must look',
    because: [],
  }
}

/** Users are served, but below them something breaks that indicators do not show: copies that stop, or a part that throws errors. */
function judgeBeneath(readings: Readings, impact: Impact): Draft | null {
  const page = (summary: string, evidence: string | null): Draft => ({
    category: 'unknown',
    action: 'page_human',
    confidence: 0.4,
    summary,
    because: [{ hypothesis: 'data', weight: 1, note: 'it is not in order', evidence }],
  })
  const lag = readings.checks.get('db_replication_lag')
  if (lag?.status === 'error' && impact.redChecks.length === 1)
    return page('Only the copies are ill: someone must look before anything is promoted or restarted', lag.id)
  const inside = readings.checks.get('internal_services')
  const outside = readings.checks.get('external_uptime')?.status
  const own: readonly Topic[] = ['exception', 'denied', 'certificate', 'capacity']
  const broken = readings.logs.find(
    (log) =>
      log.isError &&
      log.nearness === 'own' &&
      !log.topics.has('monitoring') &&
      own.some((topic) => log.topics.has(topic)),
  )
  if (inside?.status === 'error' && outside !== 'ok' && broken)
    return page('Indicators are well, yet a part of the service fails with errors of its own', broken.signal.id)
  return null
}

/** What users feel is getting better on its own. */
export function judgeRecovering(readings: Readings, impact: Impact, weighing: Weighing): Draft | null {
  if (impact.state !== 'hurt' || impact.trend !== 'recovering') return null
  const cause = causeOf(readings, weighing)
  return {
    category: cause.category,
    provider: cause.provider,
    action: 'observe',
    confidence: 0.75,
    summary: 'What users feel is getting better on its own; any lever now would disturb that',
    because: [
      ...impact.bad.slice(0, 3).map(
        (reading): Argument => ({
          hypothesis: 'provider',
          weight: 1,
          note: `${reading.signal.name} has given back ${Math.round(reading.recovered * 100)} % of its worst`,
          evidence: reading.signal.id,
        }),
      ),
      ...cause.because,
    ],
  }
}
