import { Fault } from '../../agent/lib/errors.ts'
import { type DnsRecord, decodeReply, encodeUpdate, RCODES } from './dns-message.ts'
import { signMessage, type TsigKey, verifyReply } from './dns-tsig.ts'

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Sends one length-prefixed message over TCP and returns the reply's bytes. */
export type DnsExchange = (server: HostAndPort, message: Buffer, abort: AbortSignal) => Promise<Buffer>

export interface DnsUpdate {
  readonly server: HostAndPort
  readonly zone: string
  readonly key: TsigKey
  readonly prerequisites: readonly DnsRecord[]
  readonly updates: readonly DnsRecord[]
}

/** `refused` means that a prerequisite was not met: the records are not what we took them for, and nothing was changed. */
export type UpdateOutcome = { readonly outcome: 'updated' } | { readonly outcome: 'refused'; readonly rcode: string }

const PREREQUISITE_RCODES = new Set([3, 6, 7, 8])

/** Sends a signed update (RFC 2136); the server carries it out whole or not at all. */
export async function updateDns(
  { server, zone, key, prerequisites, updates }: DnsUpdate,
  ports: { readonly exchange: DnsExchange; readonly nowMs: number; readonly id: number },
  abort: AbortSignal,
): Promise<UpdateOutcome> {
  const { id } = ports
  const signed = signMessage(encodeUpdate(id, zone, prerequisites, updates), key, ports.nowMs)
  const bytes = await ports.exchange(server, signed.message, abort)
  const reply = decodeReply(bytes)
  if (!reply.isReply || reply.id !== id)
    throw new Fault('upstream_malformed', `the DNS server ${server.host} answered another question than ours`)
  verifyReply(bytes, reply, key, signed.mac, ports.nowMs)
  if (reply.rcode === 0) return { outcome: 'updated' }
  const rcode = RCODES[reply.rcode] ?? `RCODE ${reply.rcode}`
  if (PREREQUISITE_RCODES.has(reply.rcode)) return { outcome: 'refused', rcode }
  throw new Fault('upstream_refused', `the DNS server ${server.host} refused the update of ${zone} (${rcode})`, {
    details: { rcode, zone },
    retryable: rcode === 'SERVFAIL',
    hint:
      rcode === 'REFUSED'
        ? `allow the key "${key.name}" to update these names (update-policy)`
        : 'is it the primary server of that zone?',
  })
}
