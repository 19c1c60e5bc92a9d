import { describe, expect, it } from 'vitest'
import { ACTIVE_RUN_STATES, canRunGo, RUN_EVENTS, RunState } from '../../agent/domain/run.ts'

/** What a person can bring about at any time; everything else waits for something to happen by itself. */
const BY_PERSON = ['abort', 'resume', 'pause'] as const
const ENDS: readonly RunState[] = ['succeeded', 'failed', 'cancelled', 'rolled_back', 'rollback_failed']

function eventsOf(state: RunState): [string, RunState][] {
  return Object.entries(RUN_EVENTS[state]) as [string, RunState][]
}

function reachable(from: RunState, follow: (event: string) => boolean): Set<RunState> {
  const seen = new Set<RunState>([from])
  for (const state of seen) for (const [event, to] of eventsOf(state)) if (follow(event)) seen.add(to)
  return seen
}

describe('run states', () => {
  it('are all in the table, and lead to states in the table', () => {
    expect(Object.keys(RUN_EVENTS).sort()).toEqual([...RunState.options].sort())
    for (const state of RunState.options) for (const [, to] of eventsOf(state)) expect(RunState.options).toContain(to)
    expect(Object.isFrozen(RUN_EVENTS)).toBe(true)
  })

  it('are all reached from a request', () => {
    expect([...reachable('pending', () => true)].sort()).toEqual([...RunState.options].sort())
  })

  it('have no dead end: whatever holds the group can always reach an end', () => {
    for (const state of ACTIVE_RUN_STATES) {
      const ends = [...reachable(state, () => true)].filter((one) => ENDS.includes(one))
      expect(ends, state).not.toEqual([])
    }
  })

  it('let nothing but a person be waited for while paused, and a person get out of it', () => {
    const events = eventsOf('paused').map(([event]) => event)
    expect(events).toContain('resume')
    expect(events).toContain('abort')
  })

  it('can be aborted or are being undone already, wherever the group is held', () => {
    for (const state of ACTIVE_RUN_STATES)
      expect(state === 'rolling_back' || eventsOf(state).some(([event]) => event === 'abort'), state).toBe(true)
  })

  it('never go round without a person: a run ends by itself', () => {
    const byItself = (event: string) => !BY_PERSON.includes(event as (typeof BY_PERSON)[number])
    for (const state of RunState.options)
      for (const [event, to] of eventsOf(state))
        if (byItself(event)) expect(reachable(to, byItself).has(state), `${state} ${event}`).toBe(false)
  })

  it('hold the group exactly while something may still be done', () => {
    for (const state of RunState.options) {
      const goesOn = eventsOf(state).some(([event]) => !BY_PERSON.includes(event as 'abort'))
      expect(ACTIVE_RUN_STATES.includes(state), state).toBe(goesOn)
    }
  })

  it('never lead back to a request, and ends stay ends', () => {
    for (const state of RunState.options) expect(canRunGo(state, 'pending')).toBe(false)
    for (const end of ['succeeded', 'failed', 'cancelled', 'rolled_back'] as const) expect(RUN_EVENTS[end]).toEqual({})
    expect(canRunGo('rollback_failed', 'rolling_back')).toBe(true)
  })
})
