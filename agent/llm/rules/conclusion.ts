import type { Action } from '../../domain/action.ts'
import { isFailover } from '../../domain/action.ts'
import type { Category } from '../../domain/verdict.ts'
import { type Argument, sumFor } from './argument.ts'
import { argueEdge } from './edge.ts'
import { type Impact, judgeImpact } from './impact.ts'
import { arguePrimaryProvider, type FailingDependency, failingDependencies } from './outside.ts'
import { type Suspect, suspectChanges } from './own-change.ts'
import { mentionsSite, zonesIn } from './place.ts'
import type { Readings } from './readings.ts'
import { readTarget, type TargetReading } from './targets.ts'

/** What the reading comes to, before it is put into words. */
export interface Conclusion {
  readonly category: Category
  readonly provider: string | null
  readonly action: Action
  readonly confidence: number
  readonly summary: string
  readonly because: readonly Argument[]
  readonly impact: Impact
  readonly targets: readonly TargetReading[]
  readonly scores: Readonly<Record<string, number>>
}

interface Draft {
  readonly category: Category
  readonly provider?: string | null
  readonly action: Action
  readonly confidence: number
  readonly summary: string
  readonly because: readonly Argument[]
}

/** Weighs the hypotheses and chooses the action with the least expected harm. */
export function conclude(readings: Readings): Conclusion {
  const impact = judgeImpact(readings)
  const suspects = suspectChanges(readings, impact)
  const provider = arguePrimaryProvider(readings, impact)
  const dependencies = failingDependencies(readings, impact)
  const edge = argueEdge(readings)
  const targets = [readTarget(readings, 'secondary'), readTarget(readings, 'dr')]
  const scores = {
    own_change: suspects[0]?.score ?? 0,
    provider: sumFor(provider, 'provider'),
    edge: sumFor(edge, 'edge'),
    dependency: dependencies[0]?.weight ?? 0,
  }
  const draft =
    judgeBlind(readings, impact) ??
    judgeData(readings, impact) ??
    judgeServed(readings, impact, provider, dependencies, suspects) ??
    judgeSecurity(readings, impact) ??
    judgeRecovering(readings, impact, provider, dependencies, suspects) ??
    judgeFault(readings, impact, suspects, provider, dependencies, edge, targets)
  return { provider: null, ...draft, impact, targets, scores }
}

function judgeBlind(readings: Readings, impact: Impact): Draft | null {
  const { evidence } = readings.snapshot
  const failed = evidence.filter((item) => item.status === 'failed')
  if (impact.state !== 'unknown' || failed.length < evidence.length * 0.5) return null
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

function judgeData(readings: Readings, impact: Impact): Draft | null {
  const lines = readings.logs.filter((log) => log.topics.has('data') && log.isError)
  const emptied = readings.series.filter(
    (reading) =>
      /rows|records|documents|objects|tuples|balance|checksum|mismatch|duplicates?/i.test(reading.signal.name) &&
      fellToNothing(reading.signal.points.map((point) => point[1])),
  )
  if (lines.length === 0 && emptied.length === 0) return null
  return {
    category: 'internal_data',
    action: 'page_human',
    confidence: 0.75,
    summary: 'The data itself is damaged or at stake; copies follow it, so no move and no restart helps',
    because: [
      ...lines.slice(0, 2).map(
        (log): Argument => ({
          hypothesis: 'data',
          weight: 2,
          note: 'log lines speak of lost, blocked or diverging data',
          evidence: log.signal.id,
        }),
      ),
      ...emptied.slice(0, 2).map(
        (reading): Argument => ({
          hypothesis: 'data',
          weight: 2,
          note: `${reading.signal.name} fell to next to nothing`,
          evidence: reading.signal.id,
        }),
      ),
    ],
  }
}

function fellToNothing(values: readonly (number | null)[]): boolean {
  const known = values.filter((value) => value !== null)
  const last = known.at(-1)
  const first = known[0]
  return last !== undefined && first !== undefined && first > 20 && last < first * 0.1
}

function judgeServed(
  readings: Readings,
  impact: Impact,
  provider: readonly Argument[],
  dependencies: readonly FailingDependency[],
  suspects: readonly Suspect[],
): Draft | null {
  if (impact.state !== 'served') return null
  const because: Argument[] = impact.good.slice(0, 3).map((reading) => ({
    hypothesis: 'monitoring',
    weight: 1,
    note: `${reading.signal.name} is within bounds`,
    evidence: reading.signal.id,
  }))
  const planned = readings.changes.find(
    (change) =>
      /^(?:maintenance|calendar)$/i.test(change.changeKind) ||
      /exercise|drill|game ?day|maintenance/i.test(change.summary),
  )
  const monitoring = readings.logs.filter((log) => log.isError && log.topics.has('monitoring'))
  const silent = impact.silent.length > 0
  if (planned && impact.trend !== 'recovering')
    return {
      category: 'none',
      action: 'no_action',
      confidence: 0.85,
      summary: 'An announced piece of work; users are served',
      because: [...because, { hypothesis: 'planned', weight: 2, note: 'a change announces it', evidence: planned.id }],
    }
  if (monitoring.length > 0 || silent)
    return {
      category: 'monitoring_fault',
      action:
        silent && monitoring.length === 0 ? 'observe' : silent && dependencies.length > 0 ? 'observe' : 'no_action',
      confidence: 0.8,
      summary: 'What is red is how we look, not what users get',
      because: [
        ...because,
        ...monitoring.slice(0, 2).map(
          (log): Argument => ({
            hypothesis: 'monitoring',
            weight: 2,
            note: 'the checking side reports its own fault',
            evidence: log.signal.id,
          }),
        ),
      ],
    }
  const cause = causeOf(readings, impact, provider, dependencies, suspects)
  return {
    category: cause.category,
    provider: cause.provider,
    action: 'observe',
    confidence: 0.7,
    summary: 'Users are served; whatever is wrong does not reach them now',
    because: [...because, ...cause.because],
  }
}

function judgeSecurity(readings: Readings, impact: Impact): Draft | null {
  const lines = readings.logs.filter((log) => log.topics.has('security') && log.isError)
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

function judgeRecovering(
  readings: Readings,
  impact: Impact,
  provider: readonly Argument[],
  dependencies: readonly FailingDependency[],
  suspects: readonly Suspect[],
): Draft | null {
  if (impact.trend !== 'recovering') return null
  const cause = causeOf(readings, impact, provider, dependencies, suspects)
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

interface Cause {
  readonly kind: 'own_change' | 'provider' | 'edge' | 'third_party' | 'unknown'
  readonly category: Category
  readonly provider: string | null
  readonly because: readonly Argument[]
  readonly dependency: FailingDependency | null
  readonly score: number
  readonly margin: number
}

/** The most likely cause and how far it leads. */
function causeOf(
  readings: Readings,
  impact: Impact,
  provider: readonly Argument[],
  dependencies: readonly FailingDependency[],
  suspects: readonly Suspect[],
  edge: readonly Argument[] = [],
): Cause {
  const { service } = readings.snapshot
  const suspect = suspects[0]
  const own = suspect?.score ?? 0
  const primary = sumFor(provider, 'provider')
  const edgeDependency = dependencies.find((item) => item.arguments[0]?.hypothesis === 'edge') ?? null
  const third = dependencies.find((item) => item.arguments[0]?.hypothesis === 'third_party') ?? null
  const edgeScore = sumFor(edge, 'edge') + (edgeDependency ? edgeDependency.weight : 0)
  const options: Cause[] = [
    {
      kind: 'own_change',
      category: suspect?.isCode ? 'internal_deploy' : 'internal_config',
      provider: null,
      because: suspect?.arguments ?? [],
      dependency: null,
      score: own,
      margin: 0,
    },
    {
      kind: 'provider',
      category: categoryOf(service.primary.provider),
      provider: service.primary.provider,
      because: provider,
      dependency: null,
      score: primary,
      margin: 0,
    },
    {
      kind: 'edge',
      category: categoryOf(edgeDependency?.vendor ?? 'cdn'),
      provider: edgeDependency?.vendor ?? null,
      because: [...edge, ...(edgeDependency?.arguments ?? [])],
      dependency: edgeDependency,
      score: edgeScore,
      margin: 0,
    },
    {
      kind: 'third_party',
      category: 'third_party_service',
      provider: third?.product ?? null,
      because: third?.arguments ?? [],
      dependency: third,
      score: third?.weight ?? 0,
      margin: 0,
    },
  ]
  options.sort((a, b) => b.score - a.score)
  const [first, second] = options
  if (!first || first.score < 1.5)
    return {
      kind: 'unknown',
      category: 'unknown',
      provider: null,
      because: [],
      dependency: null,
      score: first?.score ?? 0,
      margin: 0,
    }
  return { ...first, margin: first.score - Math.max(0, second?.score ?? 0) }
}

function judgeFault(
  readings: Readings,
  impact: Impact,
  suspects: readonly Suspect[],
  provider: readonly Argument[],
  dependencies: readonly FailingDependency[],
  edge: readonly Argument[],
  targets: readonly TargetReading[],
): Draft {
  const cause = causeOf(readings, impact, provider, dependencies, suspects, edge)
  const page = (summary: string, confidence = 0.4): Draft => ({
    category: cause.category,
    provider: cause.provider,
    action: 'page_human',
    confidence,
    summary,
    because: cause.because,
  })
  if (impact.state === 'unknown') return page('Nothing fresh tells what users feel')
  if (cause.kind === 'own_change') {
    if (cause.score < 3) return page('A change of ours may be the cause, the evidence does not settle it')
    return {
      category: cause.category,
      action: 'rollback_change',
      confidence: cause.score >= 5 ? 0.9 : cause.margin >= 2 ? 0.8 : 0.65,
      summary: 'A change of ours began it; undoing it ends it',
      because: cause.because,
    }
  }
  const client = readings.splits.find(
    (split) => split.dimension === 'client' && split.failing.length > 0 && split.healthy.length > 0,
  )
  if (client)
    return {
      category: cause.kind === 'edge' ? cause.category : 'network_transit',
      action: 'observe',
      confidence: 0.7,
      summary: 'Only users behind some networks are missing; nothing of ours fails',
      because: client.failing.map(
        (part): Argument => ({
          hypothesis: 'transit',
          weight: 2,
          note: `only ${part.value} fails`,
          evidence: part.reading.signal.id,
        }),
      ),
    }
  if (cause.score < 3) return page('The evidence does not settle where the fault lies')
  const lever = inPlaceLever(readings)
  const zone = zoneLocal(readings, impact)
  if (cause.kind === 'provider' && zone)
    return {
      category: cause.category,
      provider: cause.provider,
      action: 'self_heal',
      confidence: 0.75,
      summary: `Only zone ${zone.zone} fails; the others have room: take it out of rotation`,
      because: [...zone.because, ...cause.because],
    }
  if (lever && cause.kind !== 'third_party')
    return {
      category: cause.category,
      provider: cause.provider,
      action: 'self_heal',
      confidence: 0.65,
      summary: 'A part in the same place works and a lever to it stands ready',
      because: [...lever, ...cause.because],
    }
  const looked = readings.snapshot.evidence.some((item) => item.observer === 'change' && item.status !== 'failed')
  const ownScore = suspects[0]?.score ?? 0
  if (ownScore >= 3 && cause.margin < 1.5) return page('A change of ours and an outside fault are both likely')
  const usable = targets.filter((target) => target.usable && !isBlocked(target, readings, dependencies, cause))
  const choice = usable[0]
  if (!choice) return page('The fault lies outside, but no place to go to is ready and free of it', 0.6)
  if (!looked && cause.score < 5) return page('Whether we changed something could not be seen')
  const action: Action = choice.target === 'secondary' ? 'region_failover' : 'dr_failover'
  return {
    category: cause.category,
    provider: cause.provider,
    action,
    confidence: cause.score >= 6 ? 0.9 : cause.score >= 4.5 ? 0.8 : 0.65,
    summary: 'The fault lies outside, lasts, and the place to go to is ready and free of it',
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

/** Whether a target stands behind the same fault. */
function isBlocked(
  target: TargetReading,
  readings: Readings,
  dependencies: readonly FailingDependency[],
  cause: Cause,
): boolean {
  const { service } = readings.snapshot
  const site = target.target === 'secondary' ? service.secondary : service.dr
  if (dependencies.some((item) => target.shared.includes(item.name))) return true
  if (
    cause.kind === 'edge' &&
    cause.dependency === null &&
    target.shared.some((name) => /cdn|edge|dns|frontdoor|load-?balanc/.test(name))
  )
    return true
  if (cause.kind === 'provider' && site?.provider === service.primary.provider) {
    const failingThere = readings.series.some(
      (reading) =>
        reading.state === 'bad' &&
        reading.meaning.kind !== 'lag' &&
        mentionsSite(
          `${reading.signal.name.replace(/_/g, '-')} ${reading.signal.query} ${Object.values(reading.signal.labels).join(' ')}`,
          site,
        ),
    )
    const errorsThere = readings.logs.some(
      (log) => log.isError && log.minutesSinceLast < 15 && mentionsSite(log.text, site),
    )
    if (failingThere || errorsThere) return true
  }
  return false
}

function inPlaceLever(readings: Readings): Argument[] | null {
  const split = readings.splits.find(
    (item) =>
      (item.dimension === 'path' || item.dimension === 'part') && item.failing.length > 0 && item.healthy.length > 0,
  )
  const lever = readings.logs.find((log) => log.topics.has('readyLever'))
  const alert = readings.snapshot.alerts.some((item) =>
    /switchable|can be (?:switched|disabled|turned off)/i.test(Object.values(item.annotations).join(' ')),
  )
  if (!split || !(lever || alert)) return null
  const healthy = split.healthy[0]
  return [
    {
      hypothesis: 'edge',
      weight: 1.5,
      note: `${split.key} ${healthy?.value} works while ${split.failing[0]?.value} fails`,
      evidence: healthy?.reading.signal.id ?? null,
    },
    ...(lever
      ? [{ hypothesis: 'edge' as const, weight: 1, note: 'a lever stands ready', evidence: lever.signal.id }]
      : []),
  ]
}

function zoneLocal(readings: Readings, impact: Impact): { zone: string; because: Argument[] } | null {
  const { primary } = readings.snapshot.service
  const drained = readings.changes.some(
    (change) =>
      /traffic|infrastructure|maintenance/.test(change.changeKind) &&
      /zon(?:e|al)/i.test(change.summary) &&
      /drain|shift|remov|taken out|out of|weight/i.test(change.summary),
  )
  const saturated = readings.series.some((reading) => reading.state === 'bad' && reading.meaning.kind === 'saturation')
  if (drained || saturated || impact.severity > 0.65 || readings.checks.get('provider_api')?.status === 'error')
    return null
  const split = readings.splits.find(
    (item) => item.dimension === 'zone' && item.failing.length === 1 && item.healthy.length > 0,
  )
  const first = split?.failing[0]
  if (first)
    return {
      zone: first.value,
      because: [
        {
          hypothesis: 'provider',
          weight: 1.5,
          note: `failures stay in zone ${first.value}`,
          evidence: first.reading.signal.id,
        },
      ],
    }
  const nodes = readings.checks.get('node_states')
  const zones = zonesIn(nodes?.detail ?? '', primary)
  if (nodes && nodes.status !== 'ok' && /\ball in\b/i.test(nodes.detail ?? '') && zones.length === 1)
    return {
      zone: zones[0] ?? '',
      because: [
        {
          hypothesis: 'provider',
          weight: 1.5,
          note: `the lost machines all stand in zone ${zones[0]}`,
          evidence: nodes.id,
        },
      ],
    }
  return null
}

/** The category of a fault at a vendor. */
export function categoryOf(vendor: string): Category {
  if (vendor === 'aws' || vendor === 'azure' || vendor === 'gcp' || vendor === 'cloudflare')
    return `${vendor}_infrastructure`
  return 'cdn_infrastructure'
}

/** Whether a conclusion would move users. */
export function movesUsers(conclusion: Conclusion): boolean {
  return isFailover(conclusion.action)
}
