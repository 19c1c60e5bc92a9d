import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isAllowed, licencesIn } from './licences.ts'

const MIT = new Set(['MIT', 'ISC'])

describe('licences', () => {
  it.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['MIT OR GPL-3.0-only', true],
    ['MIT AND GPL-3.0-only', false],
    ['(MIT AND ISC)', true],
    ['GPL-3.0-only OR (MIT AND ISC)', true],
    ['(MIT OR GPL-3.0-only) AND AGPL-3.0-only', false],
    ['(MIT) OR (GPL-3.0-only)', true],
    ['SEE LICENSE IN LICENSE.md', false],
    ['', false],
  ])('read the expression %j', (expression, expected) => {
    expect(isAllowed(expression, MIT)).toBe(expected)
  })

  it('allow a tool what is not allowed to what is handed on', () => {
    const lockOf = (dev: boolean) =>
      JSON.stringify({
        packages: { '': {}, 'node_modules/a/node_modules/b': { version: '1', license: 'MPL-2.0', dev } },
      })
    expect(licencesIn(lockOf(true))).toEqual([
      { name: 'b', version: '1', licence: 'MPL-2.0', isTool: true, isAllowed: true },
    ])
    expect(licencesIn(lockOf(false))[0]?.isAllowed).toBe(false)
  })

  it('of everything that is installed ask for no more than we can promise', () => {
    const all = licencesIn(readFileSync('package-lock.json', 'utf8'))
    expect(all.length).toBeGreaterThan(200)
    expect(all.filter((one) => !one.isAllowed)).toEqual([])
  })
})
