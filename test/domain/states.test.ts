import { describe, expect, it } from 'vitest'
import { APPROVAL_TRANSITIONS, ApprovalStatus } from '../../agent/domain/approval.ts'
import { INCIDENT_TRANSITIONS, IncidentState } from '../../agent/domain/incident.ts'

const tables: readonly [string, Readonly<Record<string, readonly string[]>>, readonly string[], string][] = [
  ['incident', INCIDENT_TRANSITIONS, IncidentState.options, 'open'],
  ['approval', APPROVAL_TRANSITIONS, ApprovalStatus.options, 'pending'],
]

function reachableFrom(start: string, table: Readonly<Record<string, readonly string[]>>): Set<string> {
  const seen = new Set([start])
  for (const state of seen) for (const next of table[state] ?? []) seen.add(next)
  return seen
}

describe.each(tables)('the states of an %s', (_name, table, states, start) => {
  it('stand in the table, each of them', () => {
    expect(Object.keys(table).sort()).toEqual([...states].sort())
    for (const targets of Object.values(table)) for (const target of targets) expect(states).toContain(target)
  })

  it('are all reachable from the first', () => {
    expect([...reachableFrom(start, table)].sort()).toEqual([...states].sort())
  })

  it('have no dead end but final ones: an end can be reached from everywhere', () => {
    const ends = states.filter((state) => table[state]?.length === 0)
    expect(ends.length).toBeGreaterThan(0)
    for (const state of states) expect([...reachableFrom(state, table)].some((one) => ends.includes(one))).toBe(true)
  })
})
