import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { authorOf, parseCase } from '../../evals/case.ts'
import { casePaths, checkFilter, loadCase, matchesFilter } from '../../evals/load.ts'
import { OWN_INCIDENTS } from '../../evals/options.ts'
import { caseObject, caseText } from './eval-set.ts'

describe('reading a case', () => {
  it('reads every case that comes with the code', async () => {
    const paths = await casePaths(OWN_INCIDENTS)
    const cases = await Promise.all(paths.map(loadCase))
    expect(cases.length).toBeGreaterThanOrEqual(218)
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  })
  it('keeps from the decider what only people and scorers may know', () => {
    const { incident } = parseCase(caseText('a-anycast-sin'), 'x.json')
    const seen = JSON.stringify(incident)
    const { label, title, provenance, difficulty } = caseObject('a-anycast-sin')
    for (const hidden of [label.why, title, difficulty, (provenance as { note: string }).note, 'a-anycast-sin'])
      expect(seen).not.toContain(hidden)
    expect(incident.label).toBeUndefined()
  })
  it('ignores members that a later version may add', () => {
    const later = { ...caseObject('a-anycast-sin'), format: 'recorded-incident/v1.2', mood: 'calm' }
    expect(parseCase(JSON.stringify(later), 'x.json').id).toBe('a-anycast-sin')
  })

  const broken = (change: (value: ReturnType<typeof caseObject>) => void): string => {
    const value = caseObject('a-anycast-sin')
    change(value)
    try {
      parseCase(JSON.stringify(value), 'folder/x.json')
      return 'no error'
    } catch (error) {
      return (error as Error).message
    }
  }
  it('names the file, the field and what is expected', () => {
    expect(broken((one) => delete one.decidedAt)).toMatch(/^folder\/x\.json: decidedAt: /)
    expect(broken((one) => Object.assign(one.label, { best: 'panic' }))).toMatch(/label\.best: .*page_human/)
    expect(broken((one) => Object.assign(one, { id: '../x' }))).toMatch(/id: expected letters/)
    expect(broken((one) => Object.assign(one, { service: {} }))).toMatch(/service\.name: /)
  })
  it('wants every action in exactly one tier', () => {
    expect(broken((one) => Object.assign(one.label, { acceptable: ['observe'] }))).toContain(
      'observe stands in 2 tiers',
    )
    expect(broken((one) => Object.assign(one.label, { tolerable: [] }))).toContain('stands in no tier')
  })
  it('tells a newer version from a file of another kind', () => {
    expect(broken((one) => Object.assign(one, { format: 'recorded-incident/v2' }))).toContain(
      'newer than this version reads',
    )
    expect(broken((one) => Object.assign(one, { format: 'diary' }))).toContain(
      'expected "recorded-incident/v1", found "diary"',
    )
    expect(broken((one) => delete one.format)).toContain('found nothing')
  })
  it('says that a file is not JSON', () => {
    expect(() => parseCase('{', 'x.json')).toThrow(/x\.json: not JSON/)
  })
  it('knows who wrote a case by its name', () => {
    expect([authorOf('a-site'), authorOf('solo')]).toEqual(['a', 'solo'])
  })
})

describe('filter', () => {
  const one = parseCase(caseText('a-anycast-sin'), 'x.json')
  it.each([
    ['', true],
    ['anycast', true],
    ['a-anycast best:observe', true],
    ['tag:cdn,tag:external', true],
    ['tag:cdn !best:observe', false],
    ['difficulty:hard', false],
    ['category:cloudflare_infrastructure service:ride-dispatch', true],
  ])('%s → %s', (filter, expected) => {
    expect(() => checkFilter(filter)).not.toThrow()
    expect(matchesFilter(one, filter)).toBe(expected)
  })
  it.each(['mood:bad', '!mood:bad', 'a- :x'])('refuses a field that does not exist: %s', (filter) => {
    expect(() => checkFilter(filter)).toThrow(/unknown field/)
  })
})

describe('finding cases', () => {
  it('says which folder is not there', async () => {
    await expect(casePaths(join(OWN_INCIDENTS, 'nowhere'))).rejects.toThrow(/nowhere: cannot be read/)
  })
})
