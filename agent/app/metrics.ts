import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Assessment } from '../engine/assess.ts'

/** The agent's own metrics. */
export interface AgentMetrics {
  readonly registry: Registry
  readonly decisions: Counter<'action' | 'disposition'>
  readonly blocked: Counter<'rule'>
  readonly evidence: Counter<'source' | 'status'>
  readonly assessmentSeconds: Histogram
  readonly collectSeconds: Histogram
  readonly judgeSeconds: Histogram
  readonly failures: Counter<'loop'>
  readonly openIncidents: Gauge
}

/** Registers the agent's metrics in a registry of its own. */
export function agentMetrics(): AgentMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
  return {
    registry,
    decisions: new Counter({
      name: 'failwise_decisions_total',
      help: 'Decisions recorded, by action and disposition.',
      labelNames: ['action', 'disposition'],
      registers,
    }),
    blocked: new Counter({
      name: 'failwise_gate_blocks_total',
      help: 'Levers that were recommended or considered and blocked, by rule.',
      labelNames: ['rule'],
      registers,
    }),
    evidence: new Counter({
      name: 'failwise_evidence_total',
      help: 'Pieces of evidence, by source and status.',
      labelNames: ['source', 'status'],
      registers,
    }),
    assessmentSeconds: new Histogram({
      name: 'failwise_assessment_seconds',
      help: 'From looking to the record.',
      buckets,
      registers,
    }),
    collectSeconds: new Histogram({
      name: 'failwise_collect_seconds',
      help: 'Waiting for all upstreams.',
      buckets,
      registers,
    }),
    judgeSeconds: new Histogram({ name: 'failwise_judge_seconds', help: 'Opinions and gate.', buckets, registers }),
    failures: new Counter({
      name: 'failwise_loop_failures_total',
      help: 'Rounds of a background loop that failed.',
      labelNames: ['loop'],
      registers,
    }),
    openIncidents: new Gauge({ name: 'failwise_open_incidents', help: 'Incidents that are not closed.', registers }),
  }
}

/** Counts what one assessment came to. */
export function countAssessment(metrics: AgentMetrics, { snapshot, judgement, timings }: Assessment): void {
  const { action, disposition, blocked } = judgement.decision
  metrics.decisions.inc({ action, disposition })
  for (const rule of new Set(blocked.flatMap(({ rules }) => rules))) metrics.blocked.inc({ rule })
  for (const { source, status } of snapshot.evidence) metrics.evidence.inc({ source, status })
  metrics.collectSeconds.observe(timings.collectMs / 1000)
  metrics.judgeSeconds.observe(timings.judgeMs / 1000)
  metrics.assessmentSeconds.observe(timings.totalMs / 1000)
}
