import { Fault } from '../../agent/lib/errors.ts'

/** Numbers of the record types that a failover touches (RFC 1035, RFC 3596, RFC 8945). */
export const RECORD_TYPES = Object.freeze({ A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, TSIG: 250, ANY: 255 })

const CLASS_IN = 1
const CLASS_NONE = 254
const CLASS_ANY = 255
const OPCODE_UPDATE = 5

export interface DnsRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly ttlSeconds: number
  readonly data: Buffer
}

/** Names of the answers that a server gives to an update (RFC 2136, 2.2). */
export const RCODES: Readonly<Record<number, string>> = Object.freeze({
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
})

/** A name as it stands in a message: length-prefixed labels in lower case, without compression. */
export function encodeName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').toLowerCase().split('.')
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1')
    if (bytes.length === 0 || bytes.length > 63)
      throw new Fault('usage', `"${name}" is no DNS name: a label has 1 to 63 bytes`)
    return Buffer.concat([Buffer.from([bytes.length]), bytes])
  })
  return Buffer.concat([...parts, Buffer.from([0])])
}

/** The bytes of an address, a name or a text as a record of that type holds it. */
export function recordData(type: 'A' | 'AAAA' | 'CNAME' | 'TXT', value: string): Buffer {
  if (type === 'CNAME') return encodeName(value)
  if (type === 'A') return Buffer.from(value.split('.').map(Number))
  if (type === 'AAAA') return addressV6(value)
  const bytes = Buffer.from(value, 'utf8')
  if (bytes.length > 255) throw new Fault('usage', 'a TXT value of more than 255 bytes is not supported')
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function addressV6(value: string): Buffer {
  const [head = '', tail] = value.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const missing = 8 - groups(head).length - groups(tail ?? '').length
  const all = tail === undefined ? groups(head) : [...groups(head), ...Array(missing).fill('0'), ...groups(tail)]
  return Buffer.concat(all.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')))
}

/** One record of a section. */
export function encodeRecord({ name, type, class: recordClass, ttlSeconds, data }: DnsRecord): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(recordClass, 2)
  fixed.writeUInt32BE(ttlSeconds, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([encodeName(name), fixed, data])
}

/** Prerequisite: the set of records of this name and type is exactly the one given record's (RFC 2136, 2.4.2). */
export function requireValue(name: string, type: number, data: Buffer): DnsRecord {
  return { name, type, class: CLASS_IN, ttlSeconds: 0, data }
}

/** Prerequisite: there is no record of this name and type (RFC 2136, 2.4.3). */
export function requireNone(name: string, type: number): DnsRecord {
  return { name, type, class: CLASS_NONE, ttlSeconds: 0, data: Buffer.alloc(0) }
}

/** Update: every record of this name and type goes. */
export function removeAll(name: string, type: number): DnsRecord {
  return { name, type, class: CLASS_ANY, ttlSeconds: 0, data: Buffer.alloc(0) }
}

/** Update: one record is added. */
export function add(name: string, type: number, ttlSeconds: number, data: Buffer): DnsRecord {
  return { name, type, class: CLASS_IN, ttlSeconds, data }
}

/** An UPDATE message for one zone, not yet signed. */
export function encodeUpdate(
  id: number,
  zone: string,
  prerequisites: readonly DnsRecord[],
  updates: readonly DnsRecord[],
): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(OPCODE_UPDATE << 11, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(prerequisites.length, 6)
  header.writeUInt16BE(updates.length, 8)
  const question = Buffer.alloc(4)
  question.writeUInt16BE(RECORD_TYPES.SOA, 0)
  question.writeUInt16BE(CLASS_IN, 2)
  return Buffer.concat([
    header,
    encodeName(zone),
    question,
    ...prerequisites.map(encodeRecord),
    ...updates.map(encodeRecord),
  ])
}

export interface DnsReply {
  readonly id: number
  readonly isReply: boolean
  readonly isAuthoritative: boolean
  readonly rcode: number
  readonly records: readonly (DnsRecord & { readonly section: 'answer' | 'authority' | 'additional' })[]
  /** Where the last record of the message begins: a TSIG signature is always the last one. */
  readonly lastRecordAt: number
}

/** Reads a reply; throws `upstream_malformed` where the bytes are no DNS message. */
export function decodeReply(message: Buffer): DnsReply {
  try {
    return decode(message)
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('upstream_malformed', 'the DNS server answered a message that ends too early')
  }
}

function decode(message: Buffer): DnsReply {
  const flags = message.readUInt16BE(2)
  const counts = [6, 8, 10].map((at) => message.readUInt16BE(at))
  let at = 12
  for (let n = message.readUInt16BE(4); n > 0; n--) at = readName(message, at).next + 4
  const records: DnsReply['records'][number][] = []
  let lastRecordAt = message.length
  for (const [index, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let n = counts[index] ?? 0; n > 0; n--) {
      lastRecordAt = at
      const { name, next } = readName(message, at)
      const length = message.readUInt16BE(next + 8)
      const end = next + 10 + length
      if (end > message.length) throw new Fault('upstream_malformed', 'a DNS record is longer than its message')
      records.push({
        section,
        name,
        type: message.readUInt16BE(next),
        class: message.readUInt16BE(next + 2),
        ttlSeconds: message.readUInt32BE(next + 4),
        data: message.subarray(next + 10, end),
      })
      at = end
    }
  }
  return {
    id: message.readUInt16BE(0),
    isReply: (flags & 0x8000) !== 0,
    isAuthoritative: (flags & 0x0400) !== 0,
    rcode: flags & 0x0f,
    records,
    lastRecordAt,
  }
}

/** A name at a place, following compression pointers; each must point backwards, or a message could loop for ever. */
function readName(message: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = []
  let at = start
  let next = -1
  let limit = start
  for (;;) {
    const length = message.readUInt8(at)
    if ((length & 0xc0) === 0xc0) {
      const target = message.readUInt16BE(at) & 0x3fff
      if (next < 0) next = at + 2
      if (target >= limit) throw new Fault('upstream_malformed', 'a DNS name points forwards')
      limit = target
      at = target
    } else if (length === 0) {
      return { name: labels.join('.').toLowerCase(), next: next < 0 ? at + 1 : next }
    } else {
      labels.push(message.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
  }
}
