import type { Argument } from './argument.ts'
import { causeOf, type Weighing } from './cause.ts'
import type { Impact } from './impact.ts'
import type { Topic } from './log-reading.ts'
import { alarmChange, isWatcher, meterChange } from './meters.ts'
import type { Readings } from './readings.ts'
import type { Draft } from './special.ts'
import { readTarget } from './targets.ts'

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
  const ruled = readings.alertMinutes > 0 && impact.redChecks.length === 0 ? alarmChange(readings) : null
  if (ruled)
    return {
      category: 'monitoring_fault',
      action: 'no_action',
      confidence: 0.7,
      summary: 'What raises alarms was changed just before this one, and everything that it may be about is well',
      because: [
        ...because,
        { hypothesis: 'monitoring', weight: 2, note: 'an alarm was changed before it fired', evidence: ruled },
      ],
    }
  const unexplained = judgeUnexplained(readings, impact, weighing) ?? judgeBeneath(readings)
  if (unexplained) return unexplained
  const monitoring = readings.logs.filter(
    (log) => log.isBad && (log.topics.has('monitoring') || isWatcher(Object.values(log.signal.stream))),
  )
  const meter = impact.isContradicted ? meterChange(readings) : null
  if (meter)
    return {
      category: 'monitoring_fault',
      action: 'no_action',
      confidence: 0.7,
      summary: 'Two meters of the same disagree since our way of measuring was changed',
      because: [
        ...because,
        { hypothesis: 'monitoring', weight: 2, note: 'what measures was changed at the onset', evidence: meter.id },
      ],
    }
  const unread = readings.failedSources.length >= 3
  const blind = unread || impact.silent.length > 0 || readings.unseenSeries > 0
  const red = ['external_uptime', 'internal_services']
    .map((name) => readings.checks.get(name))
    .find((check) => check?.status === 'error')
  const isRed = [...readings.checks.values()].some((check) => check.status === 'error')
  if (blind || (monitoring.length > 0 && isRed))
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
    category: cause.kind === 'unknown' && isSomeNetworks(readings) ? 'network_transit' : cause.category,
    provider: cause.provider,
    action: 'observe',
    confidence: 0.7,
    summary: 'Users are served; whatever is wrong does not reach them now',
    because: [...because, ...cause.because],
  }
}

/** Failures stop at the networks through which some users come. */
function isSomeNetworks(readings: Readings): boolean {
  return readings.splits.some(
    (split) => split.dimension === 'client' && split.failing.length > 0 && split.healthy.length > 0,
  )
}

/** Every check is in order and yet an alert fires: it is about something that health does not measure, such as data, money or trust. */
function judgeUnexplained(readings: Readings, impact: Impact, weighing: Weighing): Draft | null {
  const firing = readings.snapshot.alerts.some((alert) => alert.status === 'firing')
  if (!firing || impact.redChecks.length > 0 || impact.silent.length > 0 || readings.checks.size === 0) return null
  const suspect = weighing.suspects[0]
  const alertText = readings.snapshot.alerts.map((alert) => alert.name).join(' ')
  if (suspect && suspect.score >= 3 && suspect.isReversible && suspect.isCorroborated)
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
function judgeBeneath(readings: Readings): Draft | null {
  const page = (summary: string, evidence: string | null): Draft => ({
    category: 'unknown',
    action: 'page_human',
    confidence: 0.4,
    summary,
    because: [{ hypothesis: 'data', weight: 1, note: 'it is not in order', evidence }],
  })
  const lag = readings.checks.get('db_replication_lag')
  const copies = [readTarget(readings, 'secondary'), readTarget(readings, 'dr')].filter(
    (target) => target.evidence !== null,
  )
  if (lag?.status === 'error' && copies.length > 0 && copies.every((target) => !target.usable))
    return page('The copies are ill: someone must look before anything is promoted or restarted', lag.id)
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
