import { epochMs } from '../domain/time.ts'
import type { Assessment } from '../engine/assess.ts'
import type { Queues } from '../store/queues.ts'
import type { AgentMetrics } from './metrics.ts'

/** Counts what one assessment came to. */
export function countAssessment(metrics: AgentMetrics, assessment: Assessment): void {
  const { incident, snapshot, judgement, timings } = assessment
  const { decision, opinion, anomaly } = judgement
  metrics.decisions.inc({ action: decision.action, disposition: decision.disposition })
  for (const rule of new Set(decision.blocked.flatMap(({ rules }) => rules))) metrics.blocked.inc({ rule })
  for (const { source, status } of snapshot.evidence) metrics.evidence.inc({ source, status })
  const { analyst, abstained, verdict, calibratedConfidence } = opinion
  metrics.opinions.inc({ analyst, outcome: abstained?.reason ?? 'verdict' })
  if (verdict) metrics.confidence.observe({ analyst }, calibratedConfidence ?? verdict.confidence)
  if (anomaly?.status === 'ok' && anomaly.risk30 !== null) metrics.risk.observe(anomaly.risk30.probability)
  if (incident.assessments <= 1)
    metrics.firstDecisionSeconds.observe(
      Math.max(0, (epochMs(snapshot.takenAt) - epochMs(incident.openedAt) + timings.totalMs) / 1000),
    )
  metrics.collectSeconds.observe(timings.collectMs / 1000)
  metrics.judgeSeconds.observe(timings.judgeMs / 1000)
  metrics.assessmentSeconds.observe(timings.totalMs / 1000)
}

/** Shows what waits in the store. */
export function showQueues(metrics: AgentMetrics, queues: Queues, nowMs: number): void {
  metrics.openIncidents.set(queues.openIncidents)
  metrics.dueAssessments.set(queues.dueAssessments)
  metrics.oldestDueSeconds.set(queues.oldestDueSeconds)
  metrics.undecidedIncidents.set(queues.undecidedIncidents)
  metrics.oldestUndecidedSeconds.set(queues.oldestUndecidedSeconds)
  metrics.outboxWaiting.set(queues.waitingNotifications)
  metrics.oldestMessageSeconds.set(queues.oldestNotificationSeconds)
  metrics.undelivered.set(queues.undeliveredNotifications)
  metrics.approvalsWaiting.set(queues.pendingApprovals)
  metrics.oldestApprovalSeconds.set(queues.oldestApprovalSeconds)
  metrics.activeRuns.set(queues.activeRuns)
  metrics.liveAgents.set(queues.liveAgents)
  metrics.auditHead.set(queues.auditHead)
  metrics.services.reset()
  for (const [level, count] of Object.entries(queues.servicesByLevel)) metrics.services.set({ level }, count)
  metrics.storeReadAt.set(nowMs / 1000)
}
