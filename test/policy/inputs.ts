import { deriveFacts, type Facts } from '../../agent/domain/facts.ts'
import type { HurtView } from '../../agent/domain/facts-hurt.ts'
import { HealthScoreOptions, scoreHealth } from '../../agent/domain/health-score.ts'
import { Snapshot } from '../../agent/domain/snapshot.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import { type GateInput, quietState } from '../../agent/policy/input.ts'

export const NOW = '2026-03-01T12:00:00.000Z'

/** An instant that many minutes before `NOW`. */
export function ago(minutes: number): string {
  return new Date(Date.parse(NOW) - minutes * 60_000).toISOString()
}

const check = (name: string, observer: string, status: string) => ({
  id: `health:${name}`,
  source: 'health-feed',
  observer,
  status: 'ok',
  observedAt: NOW,
  signals: [{ kind: 'health_check', id: `health:${name}:1`, check: name, status, checkedAt: ago(0.5) }],
})

const readiness = (target: string) => ({
  id: `readiness:${target}`,
  source: 'readiness-feed',
  observer: 'target',
  status: 'ok',
  observedAt: NOW,
  signals: [
    {
      kind: 'readiness',
      id: `readiness:${target}:1`,
      target,
      exists: true,
      healthy: true,
      capacity: 'ok',
      replicationLagSeconds: 2,
      sharedDependencies: ['cloudflare:cdn'],
      lastBackupAt: ago(20),
      lastRestoreTestAt: ago(60 * 24 * 5),
      checkedAt: ago(0.5),
    },
  ],
})

/** A regional outage without a doubt: every observer agrees, both targets are ready. */
export function clearOutage(): Snapshot {
  return Snapshot.parse({
    version: 1,
    takenAt: NOW,
    service: {
      name: 'shop',
      primary: { provider: 'aws', region: 'eu-west-1' },
      secondary: { provider: 'aws', region: 'eu-central-1' },
      dr: { provider: 'gcp', region: 'europe-west4' },
      dependsOn: ['aws:rds', 'cloudflare:cdn'],
      slo: { availability: 0.999, rtoMinutes: 30, rpoMinutes: 1 },
      costs: { outagePerMinute: 100, regionFailover: 500, drFailover: 1500 },
    },
    alerts: [
      {
        fingerprint: 'f1',
        name: 'Errors',
        status: 'firing',
        severity: 'critical',
        labels: {},
        startsAt: ago(9),
        source: 'alertmanager',
      },
    ],
    evidence: [
      {
        id: 'aws-health',
        source: 'aws-health',
        observer: 'provider',
        status: 'ok',
        observedAt: NOW,
        signals: [
          {
            kind: 'provider_event',
            id: 'aws-health:event-1',
            channel: 'health_api',
            provider: 'aws',
            products: ['EC2'],
            regions: ['eu-west-1'],
            category: 'issue',
            state: 'open',
            startedAt: ago(10),
            updatedAt: ago(1),
            title: 'a title',
            text: 'a text',
          },
        ],
      },
      { id: 'changes', source: 'changes-feed', observer: 'change', status: 'empty', observedAt: NOW, signals: [] },
      check('cross_cloud_probe', 'outside_probe', 'error'),
      check('external_uptime', 'outside_probe', 'error'),
      check('internal_services', 'own_telemetry', 'error'),
      check('provider_api', 'provider', 'error'),
      {
        id: 'prometheus:error_rate',
        source: 'prometheus',
        observer: 'own_telemetry',
        status: 'ok',
        observedAt: NOW,
        signals: [
          {
            kind: 'series',
            id: 'prometheus:error_rate:1',
            name: 'error_rate',
            unit: 'ratio',
            query: 'q',
            labels: {},
            sli: { role: 'errors', badWhen: 'high', objective: 0.01 },
            stepSeconds: 30,
            points: Array.from({ length: 121 }, (_, index) => {
              const minutes = (120 - index) / 2
              return [Date.parse(NOW) / 1000 - minutes * 60, minutes <= 10 ? 0.6 : 0.002]
            }),
          },
        ],
      },
      readiness('dr'),
      readiness('secondary'),
      {
        id: 'status:cloudflare',
        source: 'status-page',
        observer: 'provider',
        status: 'empty',
        observedAt: NOW,
        signals: [],
      },
    ],
  })
}

/** A sure, calibrated verdict that blames the primary's provider. */
export function sureOpinion(
  recommendedAction: NonNullable<Opinion['verdict']>['recommendedAction'] = 'region_failover',
): Opinion {
  return {
    analyst: 'openai:test',
    verdict: {
      rootCause: { category: 'aws_infrastructure', provider: 'aws', summary: 'a summary' },
      recommendedAction,
      confidence: 0.97,
      reasoning: 'a reasoning',
      citations: [
        { evidence: 'aws-health:event-1', stance: 'supports', note: 'a note' },
        { evidence: 'prometheus:error_rate', stance: 'supports', note: 'a note' },
        { evidence: 'health:external_uptime', stance: 'supports', note: 'a note' },
      ],
      alternatives: [],
      unknowns: [],
    },
    abstained: null,
    calibratedConfidence: 0.97,
    promptHash: null,
    notes: [],
    usage: null,
  }
}

const CLEAR = clearOutage()
const FACTS = deriveFacts(CLEAR)

/** The gate's input for the clear outage, changed as asked. */
export function inputWith(change: Partial<GateInput> = {}): GateInput {
  return {
    snapshot: CLEAR,
    facts: FACTS,
    healthScore: scoreHealth([], HealthScoreOptions.parse({})),
    anomaly: null,
    opinion: sureOpinion(),
    state: quietState(),
    now: NOW,
    ...change,
  }
}

/** The facts of the clear outage, changed as asked. */
export function factsWith(change: (facts: Facts) => void): Facts {
  const facts = structuredClone(FACTS)
  change(facts)
  return facts
}

/** A view of users that says nothing. */
export const BLIND: HurtView = {
  state: 'unknown',
  basis: 'none',
  extent: 'none',
  evidence: [],
  since: null,
  sustainedSeconds: null,
  worstRatio: null,
  isRecovering: false,
}
