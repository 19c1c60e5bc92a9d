import { z } from 'zod'
import type { StageContext } from '../stage.ts'
import { add, type DnsRecord, RECORD_TYPES, recordData, removeAll, requireNone, requireValue } from './dns-message.ts'
import { type DnsEffector, generationIn, generationText, type RecordChange, ResolverAddress } from './dns-records.ts'
import { TsigKey } from './dns-tsig.ts'
import { updateDns } from './dns-update.ts'

/** A zone whose primary server takes signed updates: BIND, Knot, PowerDNS. */
export const Rfc2136 = z.strictObject({
  provider: z.literal('rfc2136'),
  /** The primary server of the zone, by address. */
  server: ResolverAddress,
  zone: z.string().min(1),
  key: TsigKey,
  /** A TXT record that holds the generation; `_failwise` below the first record's name unless given. The key must be allowed to update it. */
  generationName: z.string().min(1).optional(),
})
export type Rfc2136 = z.infer<typeof Rfc2136>

/** Changes records by RFC 2136: the values that were read and the generation are prerequisites, which the server checks as it applies. */
export function rfc2136(options: Rfc2136, firstName: string): DnsEffector {
  const { server, zone, key } = options
  const generationName = options.generationName ?? `_failwise.${firstName.replace(/\.$/, '')}`
  return {
    fencing: 'fenced',
    place: `zone ${zone} at ${server}`,
    // An update for a zone that the server does not hold is refused as NOTAUTH, and a wrong value by the prerequisites.
    identify: async () => {},
    async read(ctx, records) {
      const states = []
      for (const { name, type } of records) {
        const { values, ttlSeconds } = await ctx.read.resolveDns({ name, type, server }, ctx.abort)
        states.push({ values: [...values], ttlSeconds })
      }
      const { values } = await ctx.read.resolveDns({ name: generationName, type: 'TXT', server }, ctx.abort)
      return { states, generation: generationIn(values) }
    },
    async change(ctx, write, changes, previousGeneration) {
      const generation = recordData('TXT', generationText(ctx.run.generation))
      const prerequisites = [
        ...changes.flatMap(requireBefore),
        previousGeneration === null
          ? requireNone(generationName, RECORD_TYPES.TXT)
          : requireValue(generationName, RECORD_TYPES.TXT, recordData('TXT', generationText(previousGeneration))),
      ]
      const updates = [
        ...changes.flatMap(replace),
        removeAll(generationName, RECORD_TYPES.TXT),
        add(generationName, RECORD_TYPES.TXT, 1, generation),
      ]
      const { outcome } = await updateDns(
        { server: hostAndPort(server), zone, key, prerequisites, updates },
        { exchange: write.exchangeDns, nowMs: ctx.clock.now(), id: messageId(ctx) },
        ctx.abort,
      )
      return outcome === 'updated' ? 'changed' : 'moved_on'
    },
    // Secondaries are asked by the resolvers themselves.
    isSpread: async () => true,
  }
}

/** Any number does over a connection of our own, where the signature is what ties a reply to its request. */
function messageId(ctx: StageContext): number {
  return ctx.clock.now() & 0xffff
}

function requireBefore({ record: { name, type }, before }: RecordChange): DnsRecord[] {
  if (before.values.length === 0) return [requireNone(name, RECORD_TYPES[type])]
  return before.values.map((value) => requireValue(name, RECORD_TYPES[type], recordData(type, value)))
}

function replace({ record: { name, type }, values, ttlSeconds }: RecordChange): DnsRecord[] {
  const number = RECORD_TYPES[type]
  return [removeAll(name, number), ...values.map((value) => add(name, number, ttlSeconds, recordData(type, value)))]
}

function hostAndPort(server: string): { host: string; port: number } {
  const match = /^\[?(.+?)\]?:(\d{1,5})$/.exec(server)
  const isBareV6 = server.includes('::') && !server.startsWith('[')
  return match && !isBareV6 ? { host: match[1] ?? server, port: Number(match[2]) } : { host: server, port: 53 }
}
