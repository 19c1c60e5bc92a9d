import { Alert } from '../../agent/domain/alert.ts'
import type { Actor } from '../../agent/domain/audit.ts'
import { sha256 } from '../../agent/domain/canonical.ts'
import type { Decision } from '../../agent/domain/decision.ts'
import { Service } from '../../agent/domain/service.ts'
import { type Snapshot, snapshotHash } from '../../agent/domain/snapshot.ts'
import type { AgentSelf } from '../../agent/store/keeping.ts'
import type { Claim, ScopedAlert } from '../../agent/store/records.ts'
import type { NewApproval, NewDecision } from '../../agent/store/store.ts'
import type { TestStore } from './test-database.ts'

export const AGENT: Actor = { kind: 'agent', id: 'agent-a', via: null }
export const ALICE: Actor = { kind: 'person', id: 'alice', via: 'cli' }

/** What an agent of this name says of itself. */
export function agentSelf(id: string, pid = 1): AgentSelf {
  return { id, host: 'test', pid, version: '0' }
}

/** Nobody's process can be looked at from here. */
export const OTHERS_LIVE = { deadAfterMs: 15_000, isGone: async () => false }

let decisionsMade = 0

/** An alert about a group whose service has the same name. */
export function alertOf(group: string, changes: Partial<Alert> = {}): ScopedAlert {
  const alert = Alert.parse({
    fingerprint: `${group}-errors`,
    name: 'HighErrorRate',
    status: 'firing',
    severity: 'critical',
    labels: { service: group },
    startsAt: '2026-03-01T11:59:00.000Z',
    source: 'alertmanager',
    ...changes,
  })
  return { alert, service: group, group, provider: 'aws' }
}

export function snapshotOf(service: string, takenAt: string): Snapshot {
  const described = Service.parse({ name: service, primary: { provider: 'aws', region: 'us-east-1' } })
  const evidence = [
    {
      id: 'aws-health',
      source: 'aws-health',
      observer: 'provider' as const,
      status: 'empty' as const,
      observedAt: takenAt,
      signals: [],
    },
  ]
  return { version: 1, takenAt, service: described, alerts: [], evidence }
}

export const QUESTION: NewApproval = {
  approvers: ['alice', 'bob'],
  needed: 1,
  dataLossSeconds: 4,
  summary: 'Move checkout to the secondary region?',
  expiresAt: '2026-03-01T12:10:00.000Z',
  cooldownSeconds: 3600,
}

/** A decision with everything it was made from; `decision` changes single fields of it. */
export function decisionOf(
  test: TestStore,
  claim: Claim | null,
  changes: Partial<Omit<NewDecision, 'decision' | 'id'>> & { decision?: Partial<Decision>; service?: string } = {},
): NewDecision {
  const service = changes.service ?? 'checkout'
  const snapshot = snapshotOf(service, test.at())
  const policyText = 'version: 1\n'
  const decision: Decision = {
    action: 'observe',
    disposition: 'record',
    target: null,
    planHash: null,
    blocked: [{ action: 'region_failover', rules: ['two-observers'] }],
    reasons: [
      { rule: 'two-observers', action: 'region_failover', ceiling: 'notify', outcome: 'limit', detail: 'one observer' },
    ],
    decidedAt: test.at(),
    snapshotHash: snapshotHash(snapshot),
    factsHash: 'facts-1',
    policyHash: sha256(policyText),
    expiresAt: null,
    ...changes.decision,
  }
  return {
    id: `dec-${String(++decisionsMade).padStart(6, '0')}`,
    claim,
    service,
    mode: 'live',
    actor: AGENT,
    snapshot,
    facts: { version: 1 },
    healthScore: null,
    anomaly: null,
    opinion: null,
    gateInput: { frozen: false },
    policyText,
    bodies: {},
    timings: { collectMs: 12 },
    nextAssessmentAt: null,
    approval: null,
    run: null,
    notifications: [],
    ...changes,
    decision,
  }
}

/** Opens an incident about a group and takes it for assessment. */
export async function claimed(test: TestStore, group = 'checkout'): Promise<Claim> {
  await test.store.incidents.ingestAlerts([alertOf(group)], test.at())
  const claim = await test.store.incidents.claimAssessment('agent-a', 60_000)
  if (!claim) throw new Error('nothing to assess')
  return claim
}

/** An incident that waits for an answer about a region failover. */
export async function asked(test: TestStore, group = 'checkout', question: Partial<NewApproval> = {}) {
  const claim = await claimed(test, group)
  const recorded = await test.store.decisions.record(
    decisionOf(test, claim, {
      service: group,
      decision: { action: 'region_failover', disposition: 'ask', target: 'secondary', planHash: 'plan-1' },
      approval: { ...QUESTION, ...question },
    }),
  )
  return { incidentId: claim.incidentId, approvalId: recorded.approvalId ?? '', decisionId: recorded.id }
}
