import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import type { WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'

const HostName = z
  .string()
  .regex(/^(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i, {
    error: 'expected a DNS name such as app.example.com',
  })

/** `address` or `address:port`; brackets around an IPv6 address that has a port. */
export const ResolverAddress = z.string().refine(isResolver, 'expected an IP address, with a port if it is not 53')

function isResolver(text: string): boolean {
  const address = /^\[(.+)\]:\d{1,5}$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text
  return isIPv4(address) || isIPv6(address)
}

/** One set of records that points users somewhere, before and after. */
export const SwitchedRecord = z
  .strictObject({
    name: HostName,
    type: z.enum(['A', 'AAAA', 'CNAME']),
    /** What it must say now; anything else is not what the plan takes it for. */
    from: z.array(z.string().min(1)).min(1),
    to: z.array(z.string().min(1)).min(1),
    /** Resolvers keep the old answer for the old time; a short one here makes the way back fast. */
    ttlSeconds: z.number().int().min(1).max(86_400).default(60),
    /** Where a name has several sets (weighted, failover, latency, geolocation): which one. Route 53 only. */
    setIdentifier: z.string().min(1).optional(),
  })
  .superRefine(({ type, from, to }, ctx) => {
    for (const [field, values] of Object.entries({ from, to })) {
      for (const value of values)
        if (!isValueOf(type, value))
          ctx.addIssue({ code: 'custom', path: [field], message: `"${value}" is no value of a ${type} record` })
      if (type === 'CNAME' && values.length > 1)
        ctx.addIssue({ code: 'custom', path: [field], message: 'a name has one CNAME' })
    }
  })
export type SwitchedRecord = z.infer<typeof SwitchedRecord>

function isValueOf(type: 'A' | 'AAAA' | 'CNAME', value: string): boolean {
  if (type === 'CNAME') return HostName.safeParse(value).success
  return type === 'A' ? isIPv4(value) : isIPv6(value)
}

/** What the authoritative side says of one set of records. */
export const RecordState = z.object({ values: z.array(z.string()), ttlSeconds: z.number().nullable() })
export type RecordState = z.infer<typeof RecordState>

/** One change of one set: from exactly these values to those. */
export interface RecordChange {
  readonly record: SwitchedRecord
  readonly before: RecordState
  readonly values: readonly string[]
  readonly ttlSeconds: number
}

/** A way to change records of one zone, all of them or none, only if they are still as they were read and no newer generation was there. */
export interface DnsEffector {
  readonly fencing: 'fenced' | 'unfenced'
  /** Where, in words. */
  readonly place: string
  /** Throws unless the zone is the one that is meant. */
  identify(ctx: StageContext): Promise<void>
  read(
    ctx: StageContext,
    records: readonly SwitchedRecord[],
  ): Promise<{ states: RecordState[]; generation: number | null }>
  /** Within an effect. `moved_on`: a prerequisite was not met, nothing changed. */
  change(
    ctx: StageContext,
    write: WritePorts,
    changes: readonly RecordChange[],
    previousGeneration: number | null,
  ): Promise<'changed' | 'moved_on'>
  /** Whether the provider says that its own servers all have the last change. */
  isSpread(ctx: StageContext): Promise<boolean>
}

/** Reads the generation that we keep in a TXT record beside what we switch. */
export function generationIn(texts: readonly string[]): number | null {
  for (const text of texts) {
    const value = /^failwise-generation=(\d{1,15})$/.exec(text)?.[1]
    if (value !== undefined) return Number(value)
  }
  return null
}

/** The text of that record. */
export function generationText(generation: number): string {
  return `failwise-generation=${Math.trunc(generation)}`
}

/** Whether two sets hold the same values; order, case and trailing dots mean nothing in DNS. */
export function areSame(a: readonly string[], b: readonly string[]): boolean {
  const normal = (values: readonly string[]) =>
    values
      .map((value) => value.toLowerCase().replace(/\.$/, ''))
      .sort()
      .join(' ')
  return normal(a) === normal(b)
}
