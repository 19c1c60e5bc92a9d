import { isHeldBy } from '../../domain/action.ts'
import { epochMs } from '../../domain/time.ts'
import type { GateInput } from '../input.ts'
import { type Finding, LEVERS, type Rule, same } from '../rule.ts'

/** A switch of the agent's state that forbids pulling any lever; people are still told which one it would have been. */
function stop(id: string, field: 'killSwitch' | 'frozen' | 'paused' | 'maintenance', on: string, off: string): Rule {
  return {
    id,
    promise: 5,
    about: `Nothing is done while ${on}.`,
    reads: [`state.${field}`],
    apply: ({ state }) =>
      state[field] ? same(LEVERS, 'notify', `${on}: no lever may be pulled`) : same(LEVERS, 'act', off),
  }
}

const cooldown: Rule = {
  id: 'state.cooldown',
  promise: 12,
  about:
    'After a failover the group rests, in both directions and for every lever, until the cooldown ends or a named person ends it. After another lever only such levers rest: a restart that did not help must not keep users where they are hurt.',
  reads: ['state.cooldownUntil', 'state.cooldownAfter', 'now'],
  apply({ state, now }) {
    if (state.cooldownUntil === null) return same(LEVERS, 'act', 'no cooldown')
    if (epochMs(state.cooldownUntil) <= epochMs(now))
      return same(LEVERS, 'act', `cooldown ended ${state.cooldownUntil}`)
    const after = state.cooldownAfter ?? 'region_failover'
    // The store refuses the runs of these; a decision that says otherwise would promise what never happens.
    return LEVERS.map((action) => ({
      ...{ action, ceiling: isHeldBy(action, after) ? ('notify' as const) : ('act' as const) },
      detail: `cooldown after ${after} until ${state.cooldownUntil}`,
    }))
  },
}

const halfMoved: Rule = {
  id: 'state.half-moved',
  promise: 11,
  about: 'Where undoing failed, something stands that should not: a person looks before anything else is moved.',
  reads: ['state.halfMoved'],
  apply: ({ state }) =>
    state.halfMoved === null
      ? same(LEVERS, 'act', 'the last run left nothing half done')
      : same(
          LEVERS,
          'ask',
          `run ${state.halfMoved} could not be undone; see what is where (failwise runs ${state.halfMoved})`,
        ),
}

const singleFlight: Rule = {
  id: 'state.single-flight',
  promise: 12,
  about: 'One run per failover group at a time.',
  reads: ['state.activeRun'],
  apply: ({ state }) =>
    state.activeRun === null
      ? same(LEVERS, 'act', 'no run holds the group')
      : same(LEVERS, 'notify', `run ${state.activeRun} holds the group`),
}

const runCap: Rule = {
  id: 'state.run-cap',
  promise: 12,
  about: 'No more runs at once than people can follow.',
  reads: ['state.globalRunsInFlight', 'policy.runs.globalCap'],
  apply({ state }, { runs }) {
    const detail = `${state.globalRunsInFlight} of at most ${runs.globalCap} runs in flight`
    return same(LEVERS, state.globalRunsInFlight < runs.globalCap ? 'act' : 'notify', detail)
  },
}

const isolation: Rule = {
  id: 'state.isolation',
  promise: 6,
  about: 'An agent that reaches neither the recovery site nor a neutral anchor is the one cut off.',
  reads: ['state.isolation'],
  apply({ state }) {
    const { recoverySiteReachable: site, neutralAnchorReachable: anchor } = state.isolation
    if (site === false && anchor === false)
      return same(
        LEVERS,
        'notify',
        'neither the recovery site nor the neutral anchor answers: this agent is probably cut off itself',
      )
    if (site === true && anchor === true) return same(LEVERS, 'act', 'recovery site and neutral anchor answer')
    const said = (reached: boolean | null) => (reached === null ? 'not known' : reached ? 'yes' : 'no')
    return same(LEVERS, 'ask', `recovery site reachable: ${said(site)}, neutral anchor reachable: ${said(anchor)}`)
  },
}

const approvers: Rule = {
  id: 'approval.approvers',
  promise: 14,
  about: 'An empty list of approvers means that nobody may say yes; it never means that nobody needs to be asked.',
  reads: ['state.approversExist'],
  apply: ({ state }) =>
    state.approversExist
      ? same(LEVERS, 'act', 'there is somebody to ask')
      : same(LEVERS, 'notify', 'nobody is named who could approve'),
}

function planRule(
  id: string,
  about: string,
  judge: (plan: GateInput['state']['plans'][string & 'self_heal']) => [Finding['ceiling'], string],
): Rule {
  return {
    id,
    promise: id === 'plan.exists' ? null : 10,
    about,
    reads: ['state.plans'],
    apply: ({ state }) =>
      LEVERS.map((action) => {
        const [ceiling, detail] = judge(state.plans[action])
        return { action, ceiling, detail }
      }),
  }
}

/** Rules about the agent itself and the plans that it holds. */
export const agentStateRules: readonly Rule[] = [
  stop('state.kill-switch', 'killSwitch', 'the kill switch is on', 'the kill switch is off'),
  stop('state.frozen', 'frozen', 'the service is frozen', 'the service is not frozen'),
  stop('state.paused', 'paused', 'the agent is paused', 'the agent is not paused'),
  stop('state.maintenance', 'maintenance', 'a maintenance window is open', 'no maintenance window is open'),
  cooldown,
  halfMoved,
  singleFlight,
  runCap,
  isolation,
  approvers,
  planRule('plan.exists', 'What has no plan cannot be done.', (plan) =>
    plan ? ['act', `plan ${plan.hash.slice(0, 20)}`] : ['none', 'no plan for this action'],
  ),
  planRule('plan.reversible', 'What cannot be undone is always asked for, and what its own plan says.', (plan) => {
    if (plan?.irreversible) return ['ask', 'the plan has a stage without a way back']
    if (plan?.alwaysAsked) return ['ask', 'the plan itself says that people are asked']
    return ['act', plan ? 'every stage can be undone' : 'no plan to judge']
  }),
  planRule('plan.fenced', 'An effector that cannot refuse an older run needs a person who watches.', (plan) =>
    plan?.unfenced
      ? ['ask', 'the plan reaches an effector without fencing']
      : ['act', plan ? 'every effector is fenced' : 'no plan to judge'],
  ),
]
