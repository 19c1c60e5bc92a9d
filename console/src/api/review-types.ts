import type { Action } from '../../../agent/domain/action.ts'
import type { JournalEntry, Run } from '../../../agent/domain/run.ts'
import type { RunReport } from '../../../agent/domain/run-report.ts'
import type { Site } from '../../../agent/domain/service.ts'
import type { Instant } from '../../../agent/domain/time.ts'

interface ShadowSide {
  readonly failovers: number
  readonly needless: number
  readonly missed: number
  readonly agreedWithPeople: number
}

export interface ShadowRow {
  readonly incident: string
  readonly decision: string
  readonly service: string
  readonly decidedAt: Instant
  readonly agent: Action
  readonly thresholds: Action
  readonly people: Action | null
  readonly right: Action | null
  readonly minutesSaved: number | null
}

/** The agent beside thresholds and people. */
export interface ShadowReport {
  readonly incidents: number
  readonly judged: number
  readonly agent: ShadowSide
  readonly thresholds: ShadowSide
  readonly needlessAvoided: number
  readonly minutesSaved: number
  readonly minutesLost: number
  readonly rows: readonly ShadowRow[]
}

export interface PlanRun {
  readonly run: Run
  readonly report: RunReport | null
  readonly isThisVersion: boolean
}

export interface PlanView {
  readonly name: string
  readonly hash: string
  readonly service: string
  readonly action: Action
  readonly direction: 'away' | 'back'
  readonly description: string
  readonly source: Site | null
  readonly target: Site | null
  readonly objectives: { readonly rtoSeconds: number; readonly rpoSeconds: number }
  readonly failback: string | null
  readonly sandbox: boolean
  readonly isLossMeasured: boolean
  readonly plannedSeconds: number
  readonly warnings: readonly string[]
  readonly stages: readonly {
    readonly id: string
    readonly stage: string
    readonly timeoutSeconds: number
    readonly fencing: string
    readonly rollback: string
    readonly does: string
  }[]
  readonly history: readonly PlanRun[]
}

export interface RunView {
  readonly run: Run
  readonly plan: { readonly name: string; readonly rtoSeconds: number; readonly rpoSeconds: number } | null
  readonly stages: readonly {
    readonly id: string
    readonly does: string
    readonly timeoutSeconds: number
    readonly phase: string
    readonly spentMs: number
    readonly detail: string
  }[]
  readonly journal: readonly JournalEntry[]
  readonly report: RunReport | null
}

interface Share {
  readonly low: number
  readonly high: number
}

interface EvalFigures {
  readonly cases: number
  readonly best: number
  readonly acceptable: number
  readonly tolerable: number
  readonly forbidden: number
  readonly needless: number
  readonly missed: number
  readonly exactOrAcceptable: number
  readonly categoryAccuracy: number
  readonly delayMinutes: number
  readonly intervals: { readonly exactOrAcceptable: Share; readonly categoryAccuracy: Share }
}

export interface EvalBrief {
  readonly id: string
  readonly at: Instant
  readonly subject: {
    readonly analyst: string
    readonly policyHash: string | null
    readonly promptHash: string | null
    readonly filter: string
    readonly without: readonly string[]
    readonly casesHash: string
  }
  readonly summary: EvalFigures & { readonly brier: number | null; readonly ece: number | null }
}

/** Stated confidence against what came true. */
export interface Curve {
  readonly brier: number
  readonly ece: number
  readonly eceNoise: number
  readonly bins: readonly {
    readonly from: number
    readonly to: number
    readonly count: number
    readonly meanConfidence: number
    readonly accuracy: number
    readonly accuracyInterval: Share
  }[]
}

export interface EvalCase {
  readonly id: string
  readonly repetition: number
  readonly title: string
  readonly difficulty: string
  readonly best: Action
  readonly action: Action
  readonly disposition: string
  readonly tier: 'best' | 'acceptable' | 'tolerable' | 'forbidden'
  readonly expectedCategory: string
  readonly category: string | null
  readonly categoryCorrect: boolean
  readonly confidence: number | null
  readonly delayMinutes: number
}

export interface EvalView extends EvalBrief {
  readonly baselines: readonly { readonly name: string; readonly summary: EvalFigures }[]
  readonly calibration: { readonly stated: Curve; readonly calibrated: Curve | null } | null
  readonly cases: readonly EvalCase[]
}

/** What a model was asked, and what it answered. */
export interface Exchange {
  readonly prompt: { readonly system: string; readonly user: string; readonly cut: readonly string[] } | null
  readonly replies:
    | readonly {
        readonly model: string
        readonly outcome: string
        readonly text: string
        readonly latencyMs: number
        readonly costUsd: number | null
      }[]
    | null
  readonly note: string
}
