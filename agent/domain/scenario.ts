import { type Action, isFailover } from './action.ts'
import type { Decision } from './decision.ts'
import * as seen from './scenario-evidence.ts'
import type { Service } from './service.ts'
import { Snapshot } from './snapshot.ts'
import { instantOf } from './time.ts'

/** What an agent that is drilled could reach besides the evidence. */
export interface ScenarioReach {
  readonly recoverySiteReachable: boolean
  readonly neutralAnchorReachable: boolean
}

/** A trouble that every service meets some day, told as evidence about one service. */
export interface Scenario {
  readonly name: string
  /** What happens, in one sentence. */
  readonly story: string
  /** What may come out of it; anything else is a finding of the drill. */
  readonly expects: 'no_failover' | 'failover'
  readonly why: string
  readonly reach: ScenarioReach
  evidence(service: Service, nowMs: number): unknown[]
}

const ALL_IN_REACH: ScenarioReach = { recoverySiteReachable: true, neutralAnchorReachable: true }
const ONSET_MINUTES = 9

/** The classic five. */
export const SCENARIOS: readonly Scenario[] = Object.freeze([
  {
    name: 'single-server',
    story: 'One machine dies; the others carry on with a few failed requests.',
    expects: 'no_failover',
    why: 'what is left serves users: machines are replaced in place, and nobody is moved',
    reach: ALL_IN_REACH,
    evidence: (service: Service, nowMs: number) => [
      seen.errorRate(nowMs, ONSET_MINUTES, 0.02),
      seen.check('node_states', 'own_telemetry', 'degraded', nowMs),
      seen.check('internal_services', 'own_telemetry', 'degraded', nowMs),
      seen.check('external_uptime', 'outside_probe', 'ok', nowMs),
      seen.check('provider_api', 'provider', 'ok', nowMs),
      seen.noEvents(service, nowMs),
      ...seen.readyTargets(service, nowMs, 2),
    ],
  },
  {
    name: 'whole-region',
    story: 'The provider declares an outage of the primary region; users and probes meet errors.',
    expects: 'failover',
    why: 'users are hurt, everybody sees it, the provider says where, and the place to go to is ready',
    reach: ALL_IN_REACH,
    evidence: (service: Service, nowMs: number) => [
      seen.regionEvent(service, nowMs, ONSET_MINUTES),
      seen.errorRate(nowMs, ONSET_MINUTES, 0.7),
      seen.check('node_states', 'own_telemetry', 'error', nowMs),
      seen.check('internal_services', 'own_telemetry', 'error', nowMs),
      seen.check('external_uptime', 'outside_probe', 'error', nowMs),
      seen.check('cross_cloud_probe', 'outside_probe', 'error', nowMs),
      seen.check('provider_api', 'provider', 'error', nowMs),
      ...seen.readyTargets(service, nowMs, 2),
    ],
  },
  {
    name: 'database-corruption',
    story: 'The primary database reads broken pages; what is broken is replicated.',
    expects: 'no_failover',
    why: 'the standby holds the same damage: moving spreads it and stops what still works',
    reach: ALL_IN_REACH,
    evidence: (service: Service, nowMs: number) => [
      seen.errorRate(nowMs, ONSET_MINUTES, 0.4),
      seen.check('data_integrity', 'own_telemetry', 'error', nowMs),
      seen.check('internal_services', 'own_telemetry', 'error', nowMs),
      seen.check('external_uptime', 'outside_probe', 'error', nowMs),
      seen.check('provider_api', 'provider', 'ok', nowMs),
      seen.errorLog('invalid page in block <num> of relation <path>, checksum does not match', 900, nowMs),
      seen.noEvents(service, nowMs),
      ...seen.readyTargets(service, nowMs, 1),
    ],
  },
  {
    name: 'network-partition',
    story: 'The agent loses sight of everything: sources, recovery site and neutral places alike.',
    expects: 'no_failover',
    why: 'who sees nothing at all is the one cut off; users may be well, and both sides would write',
    reach: { recoverySiteReachable: false, neutralAnchorReachable: false },
    evidence: (_service: Service, nowMs: number) => [
      seen.check('internal_services', 'own_telemetry', 'error', nowMs),
      seen.check('external_uptime', 'outside_probe', 'error', nowMs),
      seen.unreachable('prometheus:error_rate', 'prometheus', 'own_telemetry', nowMs),
      seen.unreachable('provider-status', 'status-page', 'provider', nowMs),
      seen.unreachable('changes', 'changes-feed', 'change', nowMs),
      seen.unreachable('readiness:secondary', 'readiness-feed', 'target', nowMs),
      seen.unreachable('readiness:dr', 'readiness-feed', 'target', nowMs),
    ],
  },
  {
    name: 'malicious-deletion',
    story: 'Somebody with rights drops the tables; the standby follows within a second.',
    expects: 'no_failover',
    why: 'the standby has lost the same: it takes a restore from before, and people who close the door first',
    reach: ALL_IN_REACH,
    evidence: (service: Service, nowMs: number) => [
      seen.errorRate(nowMs, ONSET_MINUTES, 0.9),
      seen.check('data_integrity', 'own_telemetry', 'error', nowMs),
      seen.check('internal_services', 'own_telemetry', 'error', nowMs),
      seen.check('external_uptime', 'outside_probe', 'error', nowMs),
      seen.check('provider_api', 'provider', 'ok', nowMs),
      seen.change(service, 'iam', 'a new administrator was added to the database role', nowMs, ONSET_MINUTES + 4),
      seen.change(service, 'schema', 'DROP TABLE orders, customers, payments', nowMs, ONSET_MINUTES),
      seen.errorLog('relation <name> does not exist', 4000, nowMs),
      seen.noEvents(service, nowMs),
      ...seen.readyTargets(service, nowMs, 0),
    ],
  },
])

/** A scenario as a snapshot of a service, as if it were happening now. */
export function scenarioSnapshot(scenario: Scenario, service: Service, nowMs: number): Snapshot {
  return Snapshot.parse({
    version: 1,
    takenAt: instantOf(nowMs),
    service,
    alerts: [seen.alert(service, nowMs, ONSET_MINUTES)],
    evidence: seen.merged(scenario.evidence(service, nowMs)),
  })
}

/** Whether a decision would move users: alone, or by asking somebody to. */
export function movesUsers({ action, disposition }: Pick<Decision, 'action' | 'disposition'>): boolean {
  return isFailover(action) && (disposition === 'act' || disposition === 'ask')
}

/** What is wrong with what was decided; null when it is as it should be. */
export function scenarioFinding(
  scenario: Scenario,
  decision: Pick<Decision, 'action' | 'disposition' | 'blocked'>,
  couldMove: readonly Action[],
): string | null {
  const moves = movesUsers(decision)
  if (scenario.expects === 'no_failover')
    return moves ? `it would ${decision.disposition} ${decision.action}: ${scenario.why}` : null
  if (moves) return null
  if (couldMove.length === 0) return 'the service has no failover plan, so that nobody could be moved'
  const rules = decision.blocked.flatMap((one) => one.rules)
  return `nobody would be moved (${decision.action}); in the way: ${rules.join(', ') || 'the analyst recommends something else'}`
}
