import type { Action } from '../../domain/action.ts'
import { type Argument, sumFor } from './argument.ts'
import { type Cause, categoryOf, causeOf, type Weighing, weigh } from './cause.ts'
import { type Impact, judgeImpact } from './impact.ts'
import type { Readings } from './readings.ts'
import {
  crowdRemedy,
  fallbackRemedy,
  isBlocked,
  resourceRemedy,
  restartRemedy,
  siblingRemedy,
  stockRemedy,
  zoneRemedy,
} from './remedies.ts'
import { judgeServed } from './served.ts'
import { type Draft, judgeBlind, judgeData, judgeRecovering, judgeSecurity } from './special.ts'
import { readTarget, type TargetReading } from './targets.ts'

/** What the reading comes to, before it is put into words. */
export interface Conclusion extends Draft {
  readonly provider: string | null
  readonly impact: Impact
  readonly targets: readonly TargetReading[]
  readonly scores: Readonly<Record<'own_change' | 'provider' | 'edge' | 'dependency', number>>
}

/** Weighs the hypotheses and chooses the action with the least expected harm. */
export function conclude(readings: Readings): Conclusion {
  const impact = judgeImpact(readings)
  const weighing = weigh(readings, impact)
  const targets = [readTarget(readings, 'secondary'), readTarget(readings, 'dr')]
  const draft =
    judgeBlind(readings, impact) ??
    judgeData(readings) ??
    judgeSecurity(readings) ??
    judgeServed(readings, impact, weighing) ??
    judgeRecovering(readings, impact, weighing) ??
    judgeFault(readings, impact, weighing, targets)
  return {
    provider: null,
    ...draft,
    impact,
    targets,
    scores: {
      own_change: weighing.suspects[0]?.score ?? 0,
      provider: sumFor(weighing.provider, 'provider'),
      edge: sumFor(weighing.edge, 'edge'),
      dependency: weighing.dependencies[0]?.weight ?? 0,
    },
  }
}

/** Users are hurt and it does not get better: who did it, and what helps. */
function judgeFault(readings: Readings, impact: Impact, weighing: Weighing, targets: readonly TargetReading[]): Draft {
  const cause = causeOf(readings, weighing)
  const base = { category: cause.category, provider: cause.provider }
  const page = (summary: string, confidence = 0.4): Draft => ({
    ...base,
    action: 'page_human',
    confidence,
    summary,
    because: cause.because,
  })
  if (impact.state === 'unknown') return page('Nothing fresh tells what users feel')
  if (cause.kind === 'own_change') return judgeOwnChange(readings, weighing, cause, page)
  const crowd = readings.splits.find(
    (split) => split.dimension === 'client' && split.failing.length > 0 && split.healthy.length > 0,
  )
  if (crowd && cause.kind !== 'provider')
    return {
      ...base,
      category: cause.kind === 'edge' ? cause.category : 'network_transit',
      action: 'observe',
      confidence: 0.7,
      summary: 'Only users behind some networks are missing; nothing of ours fails',
      because: crowd.failing.map(
        (part): Argument => ({
          hypothesis: 'transit',
          weight: 2,
          note: `only ${part.value} fails`,
          evidence: part.reading.signal.id,
        }),
      ),
    }
  const certificate = readings.logs.find(
    (log) => log.isError && log.topics.has('certificate') && !log.topics.has('monitoring'),
  )
  if (certificate && cause.score < 4) {
    const renewal = restartRemedy(readings)
    return {
      category: 'internal_certificate',
      action: renewal ? 'self_heal' : 'page_human',
      confidence: 0.5,
      summary: renewal?.summary ?? 'A certificate is refused; someone must renew it',
      because: [
        { hypothesis: 'certificate', weight: 2, note: 'a certificate is refused', evidence: certificate.signal.id },
        ...(renewal?.because ?? []),
      ],
    }
  }
  const suspect = weighing.suspects[0]
  const isOurs = suspect?.isCorroborated === true && suspect.score >= 2.5
  // Taking one zone out is a small lever: it needs the failures to stop at the zone, not the cause to be known.
  const isZonal = cause.kind === 'provider' ? cause.score >= 1.2 : cause.kind === 'unknown'
  const zone = isZonal && !isOurs ? zoneRemedy(readings, impact) : null
  if (zone)
    return {
      ...base,
      action: 'self_heal',
      confidence: 0.75,
      summary: zone.summary,
      because: [...zone.because, ...cause.because],
    }
  const resource = isOurs ? null : resourceRemedy(readings)
  if (resource)
    return {
      category: categoryOf(readings.snapshot.service.primary.provider),
      provider: readings.snapshot.service.primary.provider,
      action: 'self_heal',
      confidence: 0.7,
      summary: resource.summary,
      because: resource.because,
    }
  const sibling = cause.score >= 2.5 ? siblingRemedy(readings) : null
  if (sibling)
    return {
      ...base,
      action: 'self_heal',
      confidence: 0.65,
      summary: sibling.summary,
      because: [...sibling.because, ...cause.because],
    }
  // In front of us everybody may be behind the fault; only where no place is free of it a switch comes first.
  const hasWayOut = targets.some((target) => target.usable && !isBlocked(target, readings, weighing, cause))
  const isSupplied = cause.kind === 'third_party' || (cause.kind === 'edge' && !hasWayOut)
  const fallback = isSupplied && cause.score >= 2 ? fallbackRemedy(readings) : null
  if (fallback)
    return {
      ...base,
      action: 'self_heal',
      confidence: 0.6,
      summary: fallback.summary,
      because: [...fallback.because, ...cause.because],
    }
  const restart = cause.score < 4 ? restartRemedy(readings) : null
  if (restart)
    return {
      ...base,
      category: cause.kind === 'unknown' ? 'mixed' : cause.category,
      action: 'self_heal',
      confidence: 0.55,
      summary: restart.summary,
      because: [...restart.because, ...cause.because],
    }
  const stock = isOurs ? null : stockRemedy(readings, impact)
  if (stock) return { ...base, action: 'self_heal', confidence: 0.6, summary: stock.summary, because: stock.because }
  const crowded = cause.score < 2.5 ? crowdRemedy(readings, impact, weighing) : null
  if (crowded)
    return {
      category: 'internal_capacity',
      action: 'self_heal',
      confidence: 0.6,
      summary: crowded.summary,
      because: crowded.because,
    }
  if (cause.score < 3) return page('The evidence does not settle where the fault lies')
  return judgeMove(readings, impact, weighing, cause, targets, page)
}

function judgeOwnChange(
  readings: Readings,
  weighing: Weighing,
  cause: Cause,
  page: (summary: string, confidence?: number) => Draft,
): Draft {
  const suspect = weighing.suspects[0]
  const undone = readings.changes.some(
    (change) => /^(?:rollback|revert)$/i.test(change.changeKind) && suspect && change.at > suspect.change.at,
  )
  if (undone) return page('The change was taken back already and users are still hurt')
  if (suspect && !suspect.isReversible) return page('A change of ours began it, and it cannot simply be taken back')
  if (cause.score < 3 || cause.margin < 0.8 || !suspect?.isCorroborated)
    return page('A change of ours may be the cause, the evidence does not settle it')
  // Work that still runs is not undone but ended.
  if (suspect && /^(?:job|batch|backfill|import|export|reindex)$/i.test(suspect.change.changeKind))
    return {
      category: readings.logs.some((log) => log.isError && log.topics.has('capacity'))
        ? 'internal_capacity'
        : cause.category,
      action: 'self_heal',
      confidence: 0.65,
      summary: 'Work of our own takes what the service needs: stop it or slow it down',
      because: cause.because,
    }
  return {
    category: cause.category,
    action: 'rollback_change',
    confidence: cause.score >= 5 ? 0.9 : cause.margin >= 2 ? 0.8 : 0.65,
    summary: 'A change of ours began it; undoing it ends it',
    because: cause.because,
  }
}

/** A move is the heaviest lever: it needs an outside fault shown by more than one source, and a place that is ready and free of it. */
function judgeMove(
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
  if (!readings.changesWereSeen && cause.score < 4.5) return page('Whether we changed something could not be seen')
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
