import type { Action } from '../domain/action.ts'
import type { Approval } from '../domain/approval.ts'
import type { Reason } from '../domain/decision.ts'
import type { RunState } from '../domain/run.ts'
import type { Verdict } from '../domain/verdict.ts'

/** One piece of evidence for people. */
export interface ShownEvidence {
  readonly id: string
  readonly text: string
  readonly url: string | null
}

/** How a run stands. */
export interface ShownRun {
  readonly id: string
  readonly state: RunState
  readonly requestedBy: string
  readonly stage: string | null
  /** Stages begun, and of how many; null when the plan does not say. */
  readonly stageNumber: number
  readonly stageCount: number | null
  readonly elapsedSeconds: number | null
  readonly budgetSeconds: number | null
  /** What the last stage said. */
  readonly detail: string | null
}

/** An alert that came after people were asked. */
export interface LaterAlert {
  readonly fingerprint: string
  readonly text: string
  readonly atMs: number
}

/** Everything that people are shown about one incident they were asked about; read from the store each time. */
export interface Card {
  readonly incidentId: string
  readonly isIncidentClosed: boolean
  readonly service: string
  readonly action: Action
  readonly from: string
  readonly to: string | null
  readonly approval: Approval
  /** Questions about this incident before this one. */
  readonly earlierQuestions: number
  /** Words to type for the consent to the stated data loss; null when none can be lost. */
  readonly consent: string | null
  readonly decisionId: string
  readonly verdict: Verdict | null
  readonly analyst: string | null
  readonly calibratedConfidence: number | null
  readonly healthScore: { readonly score: number; readonly maximum: number; readonly level: string } | null
  readonly supporting: readonly ShownEvidence[]
  readonly contradicting: readonly ShownEvidence[]
  readonly allEvidence: readonly (ShownEvidence & { readonly status: string; readonly observer: string })[]
  readonly reasons: readonly Reason[]
  readonly cost: string | null
  readonly rto: string | null
  readonly readiness: string | null
  readonly prompt: string | null
  readonly run: ShownRun | null
  readonly laterAlerts: readonly LaterAlert[]
  readonly feedback: { readonly right: number; readonly wrong: number }
  readonly escalations: readonly {
    readonly number: number
    readonly approvers: readonly string[]
    readonly atMs: number
    readonly mentions: Card['mentions']
  }[]
  readonly mentions: { readonly users: readonly string[]; readonly userGroups: readonly string[] }
  readonly recordUrl: string | null
  readonly runbookUrl: string | null
  readonly nowMs: number
}

/** Where the incident stands, in the order of its life. */
export type Phase =
  | 'asked'
  | 'approved'
  | 'running'
  | 'paused'
  | 'undoing'
  | 'done'
  | 'undone'
  | 'failed'
  | 'cancelled'
  | 'refused'
  | 'expired'
  | 'withdrawn'

const RUN_PHASES: Readonly<Record<RunState, Phase>> = {
  pending: 'approved',
  running: 'running',
  paused: 'paused',
  rolling_back: 'undoing',
  succeeded: 'done',
  rolled_back: 'undone',
  rollback_failed: 'failed',
  failed: 'failed',
  cancelled: 'cancelled',
}

export function phaseOf({ approval, run }: Pick<Card, 'approval' | 'run'>): Phase {
  if (run !== null) {
    const isRefused = run.state === 'cancelled' && approval.votes.some((vote) => vote.answer === 'refuse')
    return isRefused ? 'refused' : RUN_PHASES[run.state]
  }
  if (approval.status === 'pending') return 'asked'
  return approval.status === 'superseded' ? 'withdrawn' : approval.status
}

/** Whether a "no" still counts: while it is asked, and after the last "yes" until the run begins. */
export function isRefusable({ approval, run }: Pick<Card, 'approval' | 'run'>): boolean {
  return approval.status === 'pending' || (approval.status === 'approved' && run?.state === 'pending')
}

/** The words that consent to a stated loss of data; they name the amount, so that consent to less is none to more. */
export function consentPhrase(approval: Pick<Approval, 'target' | 'dataLossSeconds'>): string | null {
  if (approval.target === null || approval.dataLossSeconds === 0) return null
  return approval.dataLossSeconds === null ? 'lose unknown' : `lose ${Math.ceil(approval.dataLossSeconds)} s`
}

/** Whether what was typed is the consent: case and spaces do not matter at three in the morning, the amount does. */
export function isConsent(typed: string, phrase: string): boolean {
  const bare = (text: string) => text.toLowerCase().replace(/\s+/g, '')
  return bare(typed) === bare(phrase)
}
