import type { Action } from '../../domain/action.ts'
import { isBlocked } from './blocked.ts'
import type { Cause, Weighing } from './cause.ts'
import type { Impact } from './impact.ts'
import type { Readings } from './readings.ts'
import type { Draft } from './special.ts'
import type { TargetReading } from './targets.ts'

/** A move is the heaviest lever: it needs an outside fault shown by more than one source, and a place that is ready and free of it. */
export function judgeMove(
  readings: Readings,
  impact: Impact,
  weighing: Weighing,
  cause: Cause,
  targets: readonly TargetReading[],
  page: (summary: string, confidence?: number) => Draft,
): Draft {
  const outside = readings.checks.get('external_uptime')?.status
  if (outside === 'ok' && readings.checks.get('cross_cloud_probe')?.status === 'ok')
    return page('From outside everybody gets through: what fails may not be reached any better from another place')
  if (outside !== 'error' && impact.severity < 0.4 && impact.bad.every((reading) => reading.meaning.kind === 'traffic'))
    return page('Requests are fewer, but nothing shows that those that come fail')
  const sources = new Set(
    cause.because
      .filter((item) => item.weight >= 0.5 && item.evidence !== null)
      .map((item) => sourceOf(item.evidence ?? '')),
  )
  if (sources.size < 2) return page('Only one source speaks for an outside fault')
  if (cause.kind === 'provider' && !cause.because.some((item) => item.isDirect && item.weight > 0))
    return page('Machines or calls are gone, but nothing shows the hand of the provider')
  const suspect = weighing.suspects[0]
  if (suspect && suspect.score >= (suspect.isCorroborated ? 2.5 : 3) && cause.margin < 1.5)
    return page('A change of ours and an outside fault are both likely')
  const near = weighing.suspects.some(
    (item) =>
      item.isConnected &&
      !item.isCode &&
      item.leadMinutes >= -3 &&
      item.leadMinutes <= 15 &&
      (item.change.rolloutPercent ?? 100) > 40,
  )
  if (near && cause.score < 4.5) return page('Something that the service may stand on was changed minutes before')
  const isDeclared = cause.because.some((item) => item.isDirect && item.weight > 0)
  if (!readings.changesWereSeen && (cause.score < 4.5 || !isDeclared))
    return page('Whether we changed something could not be seen')
  const choice = targets.find((target) => target.usable && !isBlocked(target, readings, weighing, cause))
  if (!choice) return page('The fault lies outside, but no place to go to is ready and free of it', 0.6)
  const action: Action = choice.target === 'secondary' ? 'region_failover' : 'dr_failover'
  return {
    category: cause.category,
    provider: cause.provider,
    action,
    confidence: cause.score >= 6 ? 0.9 : cause.score >= 4.5 ? 0.8 : 0.65,
    summary: 'The fault lies outside and lasts, and the place to go to is ready and free of it',
    because: [
      ...cause.because,
      {
        hypothesis: 'provider',
        weight: 1,
        note: `${choice.target} is healthy, has room and current data`,
        evidence: choice.evidence,
      },
    ],
  }
}

/** The evidence that a signal belongs to, so that two lines of one log count once. */
function sourceOf(id: string): string {
  return id.split(':').slice(0, 2).join(':')
}
