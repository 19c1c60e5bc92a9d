import { z } from 'zod'
import type { Instant } from '../../agent/domain/time.ts'
import { Fault } from '../../agent/lib/errors.ts'
import type { CollectContext } from '../collector.ts'
import { bodyOf, EndpointOptions, endpointHeaders, parseJson } from './endpoint.ts'
import { instantFrom } from './lenient.ts'
import type { CollectorPorts } from './ports.ts'

/** Where something writes down when it last ran: a text that is the time, or a member of a JSON document. */
const Member = {
  /** Path to the member, such as `last.finishedAt` or `0.backup.-1.stop`; the whole text unless set. */ field: z
    .string()
    .min(1)
    .optional(),
}

export const KeptInstant = z.union([
  EndpointOptions.extend(Member),
  z.strictObject({ file: z.string().min(1), ...Member }),
])
export type KeptInstant = z.infer<typeof KeptInstant>

/** Reads when something last ran, as ISO 8601, RFC 2822 or seconds since 1970. */
export async function readKeptInstant(
  kept: KeptInstant,
  what: string,
  ports: Pick<CollectorPorts, 'readText'>,
  ctx: CollectContext,
): Promise<Instant> {
  const text =
    'file' in kept
      ? await textOfFile(kept.file, what, ports)
      : await bodyOf(ctx, what, { method: 'GET', url: kept.url, headers: endpointHeaders(kept) })
  const value = kept.field === undefined ? text.trim() : memberOf(parseJson(text, what), kept.field)
  const at = instantOfValue(value)
  if (at === null)
    throw new Fault('upstream_malformed', `${what} is not told as a time`, {
      hint: 'expected ISO 8601 or seconds since 1970; set `field` when it is inside a JSON document',
    })
  return at
}

async function textOfFile(path: string, what: string, ports: Pick<CollectorPorts, 'readText'>): Promise<string> {
  try {
    return await ports.readText(path)
  } catch (cause) {
    throw new Fault('upstream_unreachable', `the file that tells ${what} cannot be read`, { cause, retryable: false })
  }
}

/** A negative number counts from the end of a list. */
function memberOf(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => {
    if (Array.isArray(inner)) return /^-?\d+$/.test(name) ? inner.at(Number(name)) : undefined
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined
    return (inner as Record<string, unknown>)[name]
  }, value)
}

function instantOfValue(value: unknown): Instant | null {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,11}$/.test(value.trim()))) {
    const ms = Number(value) * 1000
    return ms > 0 && ms < 8.64e15 ? new Date(ms).toISOString() : null
  }
  return typeof value === 'string' ? instantFrom(value) : null
}
