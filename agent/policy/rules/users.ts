import type { HurtView } from '../../domain/facts-hurt.ts'
import { epochMs } from '../../domain/time.ts'
import { FAULT_PLACE_READS, faultPlace, isPlacedOutside } from '../fault-place.ts'
import type { Evaluation, GateInput } from '../input.ts'
import type { Policy } from '../policy.ts'
import { FAILOVERS, type Finding, LEVERS, minutesText, type Rule, same } from '../rule.ts'

const isHurtNow = (view: HurtView) => view.state === 'yes' && !view.isRecovering

function said(view: HurtView): string {
  return view.state === 'yes' && view.isRecovering ? 'recovering' : view.state
}

const hurt: Rule = {
  id: 'users.hurt',
  promise: 1,
  about: 'Users must be seen to be hurt, now, before anything is done; missing and contradictory evidence is unknown.',
  reads: ['facts.hurt', ...FAULT_PLACE_READS],
  apply(input) {
    const { facts } = input
    const { own_telemetry: own, outside_probe: outside } = facts.hurt
    const detail = `own telemetry: ${said(own)}, outside probes: ${said(outside)}`
    const isFelt = own.basis === 'series' && isHurtNow(own)
    // Without a fresh series that expresses what users feel, be it that there is none or that all ended with their place, only outsiders who
    // agree among themselves are enough: probes that all fail, and an event that the provider declares, or its calls failing when our own
    // check fails as well.
    const place = faultPlace(input)
    const isAgreed = place.declared.length > 0 || (place.areCallsFailing && own.state === 'yes')
    const isSilent = own.basis !== 'series' || (own.state === 'unknown' && own.evidence.length === 0)
    const isProbed = isSilent && outside.extent === 'full' && isHurtNow(outside) && isAgreed
    const isSeen = isFelt || isProbed
    const isOver = facts.hurt.overall === 'no' || facts.hurt.isRecovering
    const mild: Finding['ceiling'] = isOver ? 'none' : isHurtNow(own) || isHurtNow(outside) ? 'act' : 'ask'
    return [
      ...same(
        FAILOVERS,
        isSeen && !facts.hurt.isRecovering ? 'act' : isOver || !isHurtNow(outside) ? 'none' : 'notify',
        detail,
      ),
      { action: 'self_heal', ceiling: facts.hurt.overall === 'no' ? 'none' : mild === 'none' ? 'ask' : mild, detail },
      // A change can do harm that no user-facing series shows yet; undoing it is then a person's decision.
      { action: 'rollback_change', ceiling: facts.hurt.isRecovering ? 'none' : mild === 'none' ? 'ask' : mild, detail },
    ]
  },
}

const observers: Rule = {
  id: 'users.observers',
  promise: 2,
  about: 'Acting needs two independent observer classes that agree, one of them outside the failing place.',
  reads: ['facts.hurt.own_telemetry', 'facts.hurt.outside_probe', 'facts.hurt.provider'],
  apply({ facts }) {
    const { own_telemetry, outside_probe, provider } = facts.hurt
    const agreeing = Object.entries({ own_telemetry, outside_probe, provider }).filter(([, view]) => isHurtNow(view))
    const names = agreeing.map(([name]) => name)
    const detail = names.length === 0 ? 'no observer class says so' : `agreeing: ${names.join(', ')}`
    // Probes that see nothing, or cannot see, do not agree: a provider's word for its own fault is not seen from outside.
    const isOutside = names.includes('outside_probe')
    return same(LEVERS, names.length >= 2 && isOutside ? 'act' : 'ask', detail)
  },
}

const placed: Rule = {
  id: 'users.fault-place',
  promise: 2,
  about:
    'Acting needs an observer outside our telemetry that says where the fault lies: a declared event at our place, or failing provider calls.',
  reads: FAULT_PLACE_READS,
  apply(input) {
    const place = faultPlace(input)
    const events = place.declared.length > 0 ? place.declared.join(', ') : 'none known'
    const detail = `open events of what is blamed: ${events}; its calls failing: ${place.areCallsFailing ? 'yes' : 'not seen'}`
    return same(FAILOVERS, isPlacedOutside(place) ? 'act' : 'ask', detail)
  },
}

const sustained: Rule = {
  id: 'users.sustained',
  promise: 3,
  about:
    'Acting needs the condition to last: three bad evaluations over more than a minute, or the same in series and alert. One good one resets it.',
  reads: [
    'state.evaluations',
    'facts.hurt.own_telemetry.sustainedSeconds',
    'facts.alert.ageSeconds',
    'policy.sustained',
    'now',
  ],
  apply(input, policy) {
    const { sustainedSeconds: seconds } = input.facts.hurt.own_telemetry
    const age = input.facts.alert.ageSeconds
    const isInSeries = seconds !== null && age !== null && Math.min(seconds, age) > policy.sustained.seconds
    // An own history is stricter than the series: where there is one, both must not disagree.
    const inHistory = input.state.evaluations === null ? null : isSustained(input.state.evaluations, input.now, policy)
    const isSure = inHistory === null ? isInSeries : inHistory
    const detail = `series bad for ${seconds === null ? 'an unknown time' : `${Math.round(seconds)} s`}, alert for ${
      age === null ? 'an unknown time' : `${Math.round(age)} s`
    }, own evaluations: ${inHistory === null ? 'none kept' : inHistory ? 'sustained' : 'not sustained'}`
    return same(LEVERS, isSure ? 'act' : 'ask', detail)
  },
}

/** Whether the newest evaluations, without a gap of anything but bad, are enough of them over enough time. */
function isSustained(evaluations: readonly Evaluation[], now: string, { sustained: bounds }: Policy): boolean {
  const recent = evaluations.filter((one) => epochMs(now) - epochMs(one.at) <= bounds.withinMinutes * 60_000)
  const lastOther = recent.findLastIndex((one) => one.state !== 'bad')
  const bad = recent.slice(lastOther + 1)
  const first = bad[0]
  const last = bad.at(-1)
  if (!first || !last || bad.length < bounds.evaluations) return false
  return epochMs(last.at) - epochMs(first.at) > bounds.seconds * 1000
}

const unattended: Rule = {
  id: 'users.unattended',
  promise: 22,
  about:
    'Users who are hurt are not left alone: what does nothing is not enough when both own and outside observers see it last.',
  reads: ['facts.hurt', 'facts.onset.minutesAgo', 'snapshot.service.slo', 'policy.users'],
  apply({ facts, snapshot }, policy) {
    const { own_telemetry: own, outside_probe: outside } = facts.hurt
    const limit = (snapshot.service.slo?.rtoMinutes ?? 30) * policy.users.unattendedShareOfRto
    const isLong = facts.onset.minutesAgo !== null && facts.onset.minutesAgo >= limit
    const isHurt = isHurtNow(own) && isHurtNow(outside) && !facts.hurt.isRecovering
    const detail = `own telemetry: ${said(own)}, outside probes: ${said(outside)}, for ${minutesText(facts.onset.minutesAgo)} of at most ${limit} min`
    return [
      // Probes may be wrong about users where series that express what they feel are not; the other way round is no reason to rest.
      { action: 'no_action', ceiling: own.state === 'no' ? 'act' : 'none', detail },
      { action: 'observe', ceiling: isHurt && isLong ? 'none' : 'act', detail },
    ]
  },
}

/** Whether users are hurt now beyond doubt; decides what remains when a lever is not permitted. */
export function areUsersFine({ facts }: GateInput): boolean {
  return facts.hurt.overall === 'no' || facts.hurt.isRecovering
}

/** Rules about what users feel and who has seen it. */
export const userRules: readonly Rule[] = [hurt, observers, placed, sustained, unattended]
