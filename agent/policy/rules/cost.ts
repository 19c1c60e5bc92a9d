import type { Ceiling } from '../../domain/action.ts'
import { FAILOVERS, type Finding, minutesText, type Rule, same } from '../rule.ts'

const worth: Rule = {
  id: 'cost.worth',
  promise: null,
  about: 'Moving must cost less than staying: what the failover costs against what the outage will still cost.',
  reads: ['snapshot.service.costs', 'facts.onset.minutesAgo', 'policy.cost'],
  apply({ snapshot, facts }, { cost }) {
    const { costs } = snapshot.service
    if (!costs) return same(FAILOVERS, 'act', 'no costs are stated for this service')
    const soFar = costs.outagePerMinute * Math.max(0, facts.onset.minutesAgo ?? 0)
    const projected = costs.outagePerMinute * cost.horizonMinutes
    return FAILOVERS.map((action) => {
      const price = action === 'region_failover' ? costs.regionFailover : costs.drFailover
      const ratio = price === 0 ? 0 : projected === 0 ? Number.POSITIVE_INFINITY : price / projected
      const detail = `moving costs ${round(price)}; the outage cost ${round(soFar)} so far and about ${round(projected)} in the next ${cost.horizonMinutes} min`
      return { action, ceiling: within(ratio, cost.act, cost.ask), detail } satisfies Finding
    })
  },
}

function within(value: number, act: number, ask: number): Ceiling {
  return value <= act ? 'act' : value <= ask ? 'ask' : 'notify'
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

const burn: Rule = {
  id: 'slo.burn',
  promise: null,
  about: 'A slow burn of the error budget leaves time for people; a fast one does not.',
  reads: ['facts.hurt.own_telemetry.worstRatio', 'policy.slo'],
  apply({ facts }, { slo }) {
    const ratio = facts.hurt.own_telemetry.worstRatio
    if (ratio === null) return same(FAILOVERS, 'ask', 'how fast the budget burns is not measured')
    const detail = `users see ${round(ratio)} times what the objective allows`
    return same(FAILOVERS, ratio >= slo.burnAct ? 'act' : ratio >= slo.burnAsk ? 'ask' : 'notify', detail)
  },
}

const sla: Rule = {
  id: 'sla.impact',
  promise: null,
  about: 'How much of the recovery time objective is used up; told to whoever decides.',
  reads: ['snapshot.service.slo', 'facts.onset.minutesAgo'],
  apply({ snapshot, facts }) {
    const rto = snapshot.service.slo?.rtoMinutes
    const used = minutesText(facts.onset.minutesAgo)
    return [
      {
        action: null,
        ceiling: 'act',
        detail:
          rto === undefined
            ? `${used} since onset, no objective stated`
            : `${used} since onset of ${rto} min to recover`,
      },
    ]
  },
}

const risk: Rule = {
  id: 'risk.anomaly',
  promise: 18,
  about: 'A calibrated model that sees little risk ahead lowers acting to asking; it never permits anything.',
  reads: ['anomaly.risk', 'policy.risk'],
  apply({ anomaly }, policy) {
    const value = anomaly?.risk ?? null
    if (value === null) return same(FAILOVERS, 'act', 'no calibrated risk')
    return same(
      FAILOVERS,
      value >= policy.risk.act ? 'act' : 'ask',
      `risk of ${value.toFixed(2)} for the next half hour, acting needs ${policy.risk.act}`,
    )
  },
}

const score: Rule = {
  id: 'health.score',
  promise: null,
  about: 'The health score, told for reading; its level permits and forbids nothing.',
  reads: ['healthScore.score', 'healthScore.maximum', 'healthScore.level'],
  apply: ({ healthScore }) => [
    { action: null, ceiling: 'act', detail: `${healthScore.score} of ${healthScore.maximum} (${healthScore.level})` },
  ],
}

/** Rules that weigh what moving costs against what staying costs. */
export const costRules: readonly Rule[] = [worth, burn, sla, risk, score]
