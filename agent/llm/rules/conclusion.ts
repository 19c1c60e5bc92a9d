import { type Argument, sumFor } from './argument.ts'
import { isBlocked } from './blocked.ts'
import { categoryOf, causeOf, type Weighing, weigh } from './cause.ts'
import { type Impact, judgeImpact } from './impact.ts'
import { judgeMove } from './move.ts'
import type { Readings } from './readings.ts'
import { crowdRemedy, resourceRemedy, restartRemedy, stockRemedy, zoneRemedy } from './remedies.ts'
import { judgeServed } from './served.ts'
import { fallbackRemedy, siblingRemedy } from './siblings.ts'
import { type Draft, judgeBlind, judgeData, judgeRecovering, judgeSecurity } from './special.ts'
import { readTarget, type TargetReading } from './targets.ts'
import { judgeOwnChange } from './undo.ts'

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
    judgeData(readings, weighing.suspects) ??
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
