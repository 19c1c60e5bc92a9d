import type { Decision } from '../domain/decision.ts'
import type { Facts } from '../domain/facts.ts'
import type { Incident } from '../domain/incident.ts'
import { type Instant, instantOf } from '../domain/time.ts'

const FIRST_SECONDS = 30
const LONGEST_SECONDS = 600

/**
 * When an incident is looked at again: at once where it may be over (three good looks close it), else after a pause that doubles with each look
 * from 30 s to 10 min. The model is asked again only when the facts have changed, so a look costs little.
 */
export function nextAssessmentAt(decision: Decision, incident: Incident, facts: Facts, nowMs: number): Instant {
  if (usersHurt(facts) === 'no') return instantOf(nowMs + FIRST_SECONDS * 1000)
  const doubled = FIRST_SECONDS * 2 ** Math.min(incident.assessments, 10)
  // A question to a person goes stale; it is kept bound to fresh facts while it waits.
  const longest = decision.disposition === 'ask' ? 60 : LONGEST_SECONDS
  return instantOf(nowMs + Math.min(doubled, longest) * 1000)
}

/**
 * Whether users are hurt, for closing an incident. Own telemetry is enough where nobody looks from outside at all: otherwise such a service's
 * incidents would never end. A probe that fails to answer is somebody who looks.
 */
export function usersHurt({ hurt, evidence }: Facts): Facts['hurt']['overall'] {
  const { ok, empty, failed } = evidence.byObserver.outside_probe
  return ok + empty + failed === 0 && hurt.own_telemetry.state === 'no' ? 'no' : hurt.overall
}
