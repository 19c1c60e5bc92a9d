import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RULES } from '../../agent/policy/rules.ts'

/** Told to whoever decides; they stand in nobody's way. */
const ONLY_TOLD = ['sla.impact', 'health.score', 'change.to-undo']

describe('the answer to why it did not fail over', () => {
  it('names every rule that can stand in the way, and none that does not exist', () => {
    const text = readFileSync('docs/faq.md', 'utf8')
    const families = new Set(RULES.map(({ id }) => id.split('.')[0]))
    const named = [...text.matchAll(/`([a-z]+)\.([a-z-]+)`/g)]
      .filter(([, family, name]) => families.has(family!) && name !== 'yaml')
      .map(([, family, name]) => `${family}.${name}`)
    const known = RULES.map(({ id }) => id as string)
    expect(named.filter((id) => !known.includes(id))).toEqual([])
    expect(known.filter((id) => !named.includes(id) && !ONLY_TOLD.includes(id))).toEqual([])
  })
})
