import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import { type DnsReply, encodeName, encodeRecord, RCODES, RECORD_TYPES } from './dns-message.ts'

/** A key shared with a DNS server (RFC 8945), as `tsig-keygen` writes it. */
export const TsigKey = z.strictObject({
  name: z.string().min(1),
  algorithm: z.enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512']).default('hmac-sha256'),
  secret: z.base64('expected the key in base64, as tsig-keygen prints it').min(1),
})
export type TsigKey = z.infer<typeof TsigKey>

/** How far the server's clock may be from ours; five minutes is what every implementation uses. */
const FUDGE_SECONDS = 300
const CLASS_ANY = 255

export interface SignedMessage {
  readonly message: Buffer
  /** Goes into the signature of the reply. */
  readonly mac: Buffer
}

/** Appends the signature record to a message. */
export function signMessage(message: Buffer, key: TsigKey, nowMs: number): SignedMessage {
  const mac = macOf([message, variables(key, nowMs, FUDGE_SECONDS, 0, Buffer.alloc(0))], key)
  const data = Buffer.concat([
    encodeName(key.algorithm),
    timeAndFudge(nowMs, FUDGE_SECONDS),
    lengthPrefixed(mac),
    message.subarray(0, 2),
    Buffer.alloc(4),
  ])
  const record = encodeRecord({ name: key.name, type: RECORD_TYPES.TSIG, class: CLASS_ANY, ttlSeconds: 0, data })
  const signed = Buffer.concat([message, record])
  signed.writeUInt16BE(signed.readUInt16BE(10) + 1, 10)
  return { message: signed, mac }
}

/** Names of a refused signature (RFC 8945, 3). */
const TSIG_ERRORS: Readonly<Record<number, string>> = {
  16: 'BADSIG: the secret differs',
  17: 'BADKEY: the server does not know the key',
  18: 'BADTIME: the clocks differ by more than five minutes',
}

/** Throws unless a reply was signed by the holder of the key and answers this request. */
export function verifyReply(bytes: Buffer, reply: DnsReply, key: TsigKey, requestMac: Buffer, nowMs: number): void {
  const record = reply.records.at(-1)
  if (record?.type !== RECORD_TYPES.TSIG)
    throw new Fault(
      'upstream_refused',
      `the DNS server answered ${RCODES[reply.rcode] ?? reply.rcode} without a signature`,
      {
        hint: `does it know the key "${key.name}", and may that key update the zone?`,
      },
    )
  const { data } = record
  const at = encodeName(key.algorithm).length
  const signedMs = data.readUIntBE(at, 6) * 1000
  const fudgeSeconds = data.readUInt16BE(at + 6)
  const macLength = data.readUInt16BE(at + 8)
  const mac = data.subarray(at + 10, at + 10 + macLength)
  const error = data.readUInt16BE(at + 12 + macLength)
  if (error !== 0)
    throw new Fault(
      'upstream_refused',
      `the DNS server refuses the signature (${TSIG_ERRORS[error] ?? `TSIG error ${error}`})`,
      {
        details: { tsigError: error, key: key.name },
      },
    )
  const unsigned = Buffer.from(bytes.subarray(0, reply.lastRecordAt))
  unsigned.writeUInt16BE(unsigned.readUInt16BE(10) - 1, 10)
  const other = data.subarray(at + 16 + macLength)
  const expected = macOf(
    [lengthPrefixed(requestMac), unsigned, variables(key, signedMs, fudgeSeconds, error, other)],
    key,
  )
  const isGenuine = mac.length === expected.length && timingSafeEqual(mac, expected)
  if (!isGenuine || Math.abs(nowMs - signedMs) > fudgeSeconds * 1000 + 1000)
    throw new Fault('upstream_malformed', 'the reply to a DNS update is not signed with our key', {
      hint: 'somebody between here and the DNS server may be answering in its place',
    })
}

/** What is signed besides the message: all of the signature record that can vary. */
function variables(key: TsigKey, timeMs: number, fudgeSeconds: number, error: number, other: Buffer): Buffer {
  const classAndTtl = Buffer.from([0, CLASS_ANY, 0, 0, 0, 0])
  const status = Buffer.alloc(2)
  status.writeUInt16BE(error)
  return Buffer.concat([
    encodeName(key.name),
    classAndTtl,
    encodeName(key.algorithm),
    timeAndFudge(timeMs, fudgeSeconds),
    status,
    lengthPrefixed(other),
  ])
}

function timeAndFudge(timeMs: number, fudgeSeconds: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUIntBE(Math.floor(timeMs / 1000), 0, 6)
  bytes.writeUInt16BE(fudgeSeconds, 6)
  return bytes
}

function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function macOf(parts: readonly Buffer[], key: TsigKey): Buffer {
  const hmac = createHmac(key.algorithm.slice('hmac-'.length), Buffer.from(key.secret, 'base64'))
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}
