import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultPolicy, policyHash } from '../../agent/policy/policy.ts'
import { policyHolder, readPolicy } from '../../agent/policy/policy-file.ts'
import { RULES } from '../../agent/policy/rules.ts'

const problemsOf = (text: string) => {
  const read = readPolicy(text, 'policy.yaml')
  return read.ok ? [] : read.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
}

describe('the policy file', () => {
  it('that is delivered says what the code assumes without one', () => {
    const read = readPolicy(readFileSync(new URL('../../policy.yaml', import.meta.url), 'utf8'), 'policy.yaml')
    expect(read).toEqual({ ok: true, value: defaultPolicy() })
  })

  it('may leave out everything but its version', () =>
    expect(readPolicy('version: 1', 'p')).toEqual({ ok: true, value: defaultPolicy() }))

  it('has every mistake named in one run, with its place and what is allowed', () => {
    const text = [
      'version: 1',
      'actons: {}',
      'sustained:',
      '  evaluations: 2',
      'actions:',
      '  dr_failover:',
      '    ceiling: maybe',
      '    causes:',
      '      act: [internal_deploy]',
      '      ask: [awss]',
      'cost:',
      '  act: 3',
      '  ask: 1',
    ].join('\n')
    const problems = problemsOf(text)
    expect(problems).toHaveLength(6)
    expect(problems[0]).toBe('2:1 actons: unknown key')
    expect(problems[1]).toMatch(/^4:16 sustained\.evaluations: .*>=3/)
    expect(problems[2]).toMatch(
      /^7:14 actions\.dr_failover\.ceiling: must be one of act, ask, notify, none; is "maybe"/,
    )
    expect(problems[3]).toMatch(
      /^9:13 actions\.dr_failover\.causes\.act\[0\]: must be one of aws_infrastructure.*; is "internal_deploy"/,
    )
    expect(problems[4]).toMatch(/^10:13 actions\.dr_failover\.causes\.ask\[0\]: must be one of/)
    expect(problems[5]).toMatch(/^12:8 cost\.act: act must not be above ask/)
  })

  it('that is no YAML is told as such', () => expect(problemsOf('version: [1')[0]).toMatch(/^1:/))

  it.each(['', '[]', '42', 'version: 2', 'null'])('that is %j is refused', (text) =>
    expect(problemsOf(text).length).toBeGreaterThan(0),
  )

  it('cannot let an own cause move users automatically, nor loosen what keeps people safe', () => {
    expect(
      problemsOf('version: 1\nactions: { region_failover: { causes: { act: [internal_config], ask: [] } } }'),
    ).toHaveLength(1)
    expect(problemsOf('version: 1\nsustained: { seconds: 10 }')).toHaveLength(1)
    expect(problemsOf('version: 1\nkillSwitch: false')).toHaveLength(1)
  })

  it('cannot ask for a condition that lasts longer than evaluations are looked at', () => {
    expect(problemsOf('version: 1\nsustained: { seconds: 900 }')).toEqual([
      '2:12 sustained.withinMinutes: withinMinutes must cover more than seconds: nothing could ever count as sustained',
    ])
    expect(problemsOf('version: 1\nsustained: { seconds: 899 }')).toEqual([])
  })
})

describe('a policy in force', () => {
  it('is replaced by a right file and kept when the new one is wrong', () => {
    const holder = policyHolder(defaultPolicy(), 'policy.yaml')
    const first = holder.active()
    expect(holder.offer('version: 1\nname: default')).toMatchObject({ changed: false })
    const wrong = holder.offer('version: 1\nruns: { globalCap: many }')
    expect(wrong).toMatchObject({ changed: false, problems: [{ path: 'runs.globalCap' }] })
    expect(holder.active()).toBe(first)
    expect(holder.offer('version: 1\nruns: { globalCap: 1 }')).toMatchObject({ changed: true })
    expect(holder.active().policy.runs.globalCap).toBe(1)
    expect(holder.active().hash).not.toBe(first.hash)
  })

  it('is identified by what it says, not by how it is written', () => {
    const other = readPolicy('# a comment\nname:   "default"\nversion: 1\n', 'p')
    expect(other.ok && policyHash(other.value)).toBe(policyHash(defaultPolicy()))
  })
})

describe('the cookbook', () => {
  const text = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8')

  it('has only recipes that the schema accepts', () => {
    const recipes = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
    expect(recipes.length).toBeGreaterThan(5)
    for (const recipe of recipes) expect(readPolicy(recipe, 'recipe').ok, recipe).toBe(true)
  })

  it('lists every rule as it stands in the code, and no other', () => {
    const rows = text.split('\n').filter((line) => /^\| `[a-z]+\.[a-z-]+` \| \d* \|/.test(line))
    expect(rows).toEqual(RULES.map((rule) => `| \`${rule.id}\` | ${rule.promise ?? ''} | ${rule.about} |`))
  })
})
