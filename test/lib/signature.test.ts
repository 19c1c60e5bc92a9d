import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSameSecret, signBody, verifySignedBody } from '../../agent/lib/signature.ts'

const options = (nowMs: number) => ({ secrets: ['one-secret-01234', 'two-secret-01234'], nowMs, windowSeconds: 300 })

describe('a signed body', () => {
  it('is accepted within the window, and by no other body, secret or time', () => {
    const times = fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 })
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        times,
        fc.integer({ min: -299_000, max: 299_000 }),
        (body, now, drift) => {
          const header = signBody(body, 'two-secret-01234', now)
          expect(() => verifySignedBody(body, header, options(now + drift))).not.toThrow()
          expect(() => verifySignedBody(Buffer.concat([body, Buffer.from('x')]), header, options(now))).toThrow()
          expect(() => verifySignedBody(body, header, { ...options(now), secrets: ['other-secret-012'] })).toThrow()
          expect(() => verifySignedBody(body, header, options(now + 302_000))).toThrow(/at most 300 s are accepted/)
          expect(() => verifySignedBody(body, header, { ...options(now), secrets: [] })).toThrow()
        },
      ),
    )
  })

  it('is refused, never misread, whatever the header says', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (header) => {
        expect(() => verifySignedBody('{}', header, options(1_700_000_000_000))).toThrow(
          expect.objectContaining({ code: 'unauthenticated' }),
        )
      }),
    )
  })

  it('can be made with nothing but a shell, as the documentation shows', () => {
    // printf '%s' "1772366400.{\"name\":\"Down\"}" | openssl dgst -sha256 -hmac 0123456789abcdef
    expect(signBody('{"name":"Down"}', '0123456789abcdef', 1_772_366_400_000)).toBe(
      't=1772366400,v1=e6c7054d930ab43d014f583678e425dd9f78cf6d79c5a6a1ebe02df6e4a8aae7',
    )
  })
})

describe('comparing secrets', () => {
  it('tells equal from different, of any length', () => {
    expect(isSameSecret('abc', 'abc')).toBe(true)
    expect(isSameSecret('abc', 'abd')).toBe(false)
    expect(isSameSecret('', 'abd')).toBe(false)
    expect(isSameSecret('abcd', 'abc')).toBe(false)
  })
})
