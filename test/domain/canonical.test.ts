import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../agent/domain/canonical.ts'

/** The text by the plain definition, member by member. */
function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => plainly(one ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${plainly(member)}`).join(',')}}`
}

describe('canonical JSON', () => {
  it('is the text that the definition gives, whatever the value holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(canonicalJson(value)).toBe(plainly(value))
      }),
    )
  })

  it('writes points of series as it writes any other list', () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0), fc.integer())
    const points = fc.array(fc.tuple(number, fc.option(number)))
    fc.assert(
      fc.property(points, (list) => {
        expect(canonicalJson(list)).toBe(
          `[${list.map((point) => `[${point.map(canonicalJson).join(',')}]`).join(',')}]`,
        )
      }),
    )
    expect(canonicalJson([undefined, [undefined, 1]])).toBe('[null,[null,1]]')
  })

  it.each([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a function', () => 0],
    ['a date', new Date(0)],
    ['a big integer', 1n],
  ])('refuses %s, alone and deep within points', (_name, value) => {
    for (const holder of [
      value,
      [value],
      [[1, value]],
      {
        a: [
          [1, 2],
          [3, value],
        ],
      },
    ])
      expect(() => canonicalJson(holder)).toThrow(TypeError)
  })
})
