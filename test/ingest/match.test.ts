import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertMatchers, fitsGlob, matchService, serviceMatcher } from '../../agent/ingest/match.ts'

const entries = [
  { name: 'checkout', matchers: [{ service: 'checkout' }, { job: 'checkout-*' }] },
  { name: 'checkout-eu', matchers: [{ service: 'checkout', region: 'eu-*' }] },
  { name: 'billing' },
  { name: 'ledger-a', matchers: [{ team: 'ledger' }] },
  { name: 'ledger-b', matchers: [{ team: 'ledger' }] },
]
const match = (labels: Record<string, string>) => matchService({ labels }, entries)

describe('matching an alert to a service', () => {
  it('takes any of the matchers, each as a whole', () => {
    expect(match({ service: 'checkout' })).toEqual({ kind: 'matched', service: 'checkout' })
    expect(match({ job: 'checkout-api' })).toEqual({ kind: 'matched', service: 'checkout' })
  })

  it('prefers the service that names more labels', () => {
    expect(match({ service: 'checkout', region: 'eu-west-1' })).toEqual({ kind: 'matched', service: 'checkout-eu' })
    expect(match({ service: 'checkout', region: 'us-east-1' })).toEqual({ kind: 'matched', service: 'checkout' })
  })

  it('prefers a literal value to a wildcard', () => {
    const both = [
      { name: 'any', matchers: [{ service: '*' }] },
      { name: 'exact', matchers: [{ service: 'cart' }] },
    ]
    expect(matchService({ labels: { service: 'cart' } }, both)).toMatchObject({ service: 'exact' })
    expect(matchService({ labels: { service: 'other' } }, both)).toMatchObject({ service: 'any' })
  })

  it('goes by the label service when the catalogue says nothing else', () => {
    expect(match({ service: 'billing' })).toEqual({ kind: 'matched', service: 'billing' })
  })

  it('answers nothing rather than the wrong service', () => {
    expect(match({ service: 'Checkout' })).toMatchObject({ kind: 'unmatched', candidates: [] })
    expect(match({})).toMatchObject({ kind: 'unmatched' })
    expect(match({ team: 'ledger' })).toMatchObject({ kind: 'unmatched', candidates: ['ledger-a', 'ledger-b'] })
  })

  it('does not find labels that objects have by nature', () => {
    const odd = [{ name: 'odd', matchers: [{ constructor: '*' }, { toString: '*' }] as AlertMatchers }]
    expect(matchService({ labels: {} }, odd)).toMatchObject({ kind: 'unmatched' })
  })

  it('refuses a matcher that would claim every alert', () => {
    expect(AlertMatchers.safeParse([{}]).success).toBe(false)
    expect(matchService({ labels: { a: 'b' } }, [{ name: 'x', matchers: [{}] }])).toMatchObject({ kind: 'unmatched' })
  })

  it('finds one service among thousands without trying them all', () => {
    let tried = 0
    const counting = (name: string) => ({
      name,
      get matchers() {
        tried++
        return [{ service: name, region: '*' }]
      },
    })
    const match = serviceMatcher(Array.from({ length: 5000 }, (_, i) => counting(`s${i}`)))
    expect(tried).toBe(5000)
    for (let i = 0; i < 5000; i++)
      expect(match({ labels: { service: `s${i}`, region: 'eu' } })).toEqual({ kind: 'matched', service: `s${i}` })
    expect(tried).toBe(5000)
  })

  it('does not depend on the order of the catalogue', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(entries, { minLength: entries.length }),
        fc.dictionary(
          fc.constantFrom('service', 'region', 'job', 'team'),
          fc.constantFrom('checkout', 'eu-west-1', 'checkout-x', 'ledger', 'billing'),
        ),
        (shuffled, labels) => {
          expect(matchService({ labels }, shuffled)).toEqual(match(labels))
        },
      ),
    )
  })
})

describe('a glob', () => {
  it.each([
    ['checkout', 'checkout', true],
    ['checkout', 'check*', true],
    ['checkout', '*out', true],
    ['checkout', 'c*k*t', true],
    ['checkout', 'checkou?', true],
    ['checkout', 'checkout?', false],
    ['checkout', 'heck', false],
    ['', '*', true],
    ['', '?', false],
    ['a.b', 'a?b', true],
    ['axb', 'a.b', false],
    ['a[b', 'a[b', true],
  ])('%j against %j is %s', (text, glob, expected) => {
    expect(fitsGlob(text, glob)).toBe(expected)
  })

  it('agrees with the regular expression it stands for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 })
    const globs = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(letters, globs, (text, glob) => {
        const pattern = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
        expect(fitsGlob(text, glob)).toBe(new RegExp(`^${pattern}$`).test(text))
      }),
    )
  })

  it('made to hang a matcher does not', () => {
    expect(fitsGlob('a'.repeat(5000), `${'a*'.repeat(50)}b`)).toBe(false)
  })
})
