import { type Action, targetOf } from '../agent/domain/action.ts'
import type { Decision } from '../agent/domain/decision.ts'
import { type HealthScoreOptions, scoreHealth } from '../agent/domain/health-score.ts'
import { instantOf } from '../agent/domain/time.ts'
import type { Decider } from './decider.ts'

/** The names under which baselines are asked for, in the order in which reports show them. */
export const BASELINES = ['thresholds', 'always page_human', 'always observe'] as const
export type BaselineName = (typeof BASELINES)[number]

/** Whether a name is a baseline's; `always-page-human` is accepted for a shell's sake. */
export function baselineNamed(name: string): BaselineName | undefined {
  const plain = name.replaceAll(/[-_ ]/g, '')
  return BASELINES.find((baseline) => baseline.replaceAll(/[-_ ]/g, '') === plain)
}

/** What is decided without an analyst and without a gate, from the same snapshot: the habits that an agent has to beat. */
export function baselineDecider(name: BaselineName, options: HealthScoreOptions): Decider {
  return {
    name,
    isFree: true,
    policyHash: null,
    promptHash: null,
    decide: async (snapshot) => {
      const healthScore = scoreHealth(snapshot.evidence, options)
      const action = actionOf(name, healthScore.level)
      const detail = name === 'thresholds' ? `health score ${healthScore.score} of ${healthScore.maximum}` : name
      return { decision: decisionOf(action, detail, snapshot.takenAt), opinion: null, healthScore }
    },
  }
}

function actionOf(name: BaselineName, level: 'none' | 'self_heal' | 'region_failover' | 'dr_failover'): Action {
  if (name === 'always page_human') return 'page_human'
  if (name === 'always observe') return 'observe'
  return level === 'none' ? 'no_action' : level
}

function decisionOf(action: Action, detail: string, takenAt: string): Decision {
  return {
    action,
    disposition: action === 'page_human' ? 'notify' : action === 'observe' || action === 'no_action' ? 'record' : 'act',
    target: targetOf(action),
    planHash: null,
    blocked: [],
    reasons: [{ rule: 'baseline', action, ceiling: 'act', outcome: 'pass', detail }],
    decidedAt: instantOf(Date.parse(takenAt)),
    snapshotHash: '',
    factsHash: '',
    policyHash: '',
    expiresAt: null,
  }
}
