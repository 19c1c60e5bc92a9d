import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Fault } from './errors.ts'

/**
 * Whether two secrets are equal, in a time that depends on neither. Both are hashed first, so that their lengths may differ.
 */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest())
}

/** Lower-case hex HMAC-SHA256. */
export function hmacHex(secret: string, ...parts: readonly (string | Uint8Array)[]): string {
  const hmac = createHmac('sha256', secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}

/** The value of `X-Failwise-Signature`: the time in seconds and an HMAC over that time, a dot and the body's bytes. */
export function signBody(body: string | Uint8Array, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000)
  return `t=${seconds},v1=${hmacHex(secret, `${seconds}.`, body)}`
}

export interface SignatureOptions {
  /** Every secret that is valid now; two while one is being replaced. */
  readonly secrets: readonly string[]
  readonly nowMs: number
  /** How far the signature's time may be from ours, either way. */
  readonly windowSeconds: number
}

/** Throws `unauthenticated` unless the header carries a fresh signature of these bytes by one of the secrets. */
export function verifySignedBody(
  body: string | Uint8Array,
  header: string | undefined,
  options: SignatureOptions,
): void {
  const fields = (header ?? '').split(',').map((field) => field.trim())
  const time = fields.find((field) => /^t=\d{1,12}$/.test(field))?.slice(2)
  const given = fields.filter((field) => /^v1=[0-9a-f]{64}$/.test(field)).map((field) => field.slice(3))
  if (time === undefined || given.length === 0) throw refused('it must read t=<seconds>,v1=<hex HMAC-SHA256>')
  const skewSeconds = Math.round(options.nowMs / 1000 - Number(time))
  // Checked before the HMAC: a recorded request with a true signature is just as old.
  if (Math.abs(skewSeconds) > options.windowSeconds)
    throw refused(`its time is ${skewSeconds} s before ours and at most ${options.windowSeconds} s are accepted`)
  const expected = options.secrets.map((secret) => hmacHex(secret, `${time}.`, body))
  if (!matchesAny(given, expected)) throw refused('it does not match the body and the shared secret')
}

/** Whether any given signature equals any expected one; all pairs are compared. At most ten are looked at. */
export function matchesAny(given: readonly string[], expected: readonly string[]): boolean {
  let matches = false
  for (const one of given.slice(0, 10)) for (const other of expected) matches = isSameSecret(one, other) || matches
  return matches
}

function refused(why: string): Fault {
  return new Fault('unauthenticated', `the X-Failwise-Signature header was refused: ${why}`, {
    hint: 'sign "<seconds>.<body>" with the shared secret; docs/webhooks.md has an example',
  })
}
