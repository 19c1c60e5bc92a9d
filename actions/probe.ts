import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import type { ReadPorts, WritePorts } from './ports.ts'
import { PostgresServer } from './shared/postgres-server.ts'
import { presentStamps, writeStamp } from './shared/write-stamps.ts'

const HttpProbe = z.strictObject({
  by: z.literal('http'),
  /** Takes `{"id": "…"}` by POST through the way that users take, and answers 2xx when it is durable. */
  writeUrl: z.url({ protocol: /^https?$/ }),
  /** Answers `{"ids": ["…"]}` with every stamp that is there, as often as it is there. */
  readUrl: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()).default({}),
  everySeconds: z.number().min(0.1).max(300).default(5),
})

const PostgresProbe = z.strictObject({
  by: z.literal('postgres'),
  /** Where users' writes go before the move, and after it. */
  source: PostgresServer,
  target: PostgresServer,
  everySeconds: z.number().min(0.1).max(300).default(5),
})

export const ProbeOptions = z.discriminatedUnion('by', [HttpProbe, PostgresProbe])
export type ProbeOptions = z.infer<typeof ProbeOptions>

/** Numbered writes through the users' way, and a look at which of them are there. */
export interface WriteProbe {
  readonly everyMs: number
  /** Resolves when the write was acknowledged, where users write before the move; throws when it was not. */
  write(ports: WritePorts, id: string, abort: AbortSignal): Promise<void>
  /** The same where users write after the move. */
  writeAfter(ports: WritePorts, id: string, abort: AbortSignal): Promise<void>
  /** How often each of these is there, where users are served after the move. */
  found(ports: ReadPorts, ids: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, number>>
}

const Listed = z.object({ ids: z.array(z.string()) })

/** The probe of a plan. */
export function writeProbe(options: ProbeOptions): WriteProbe {
  const everyMs = options.everySeconds * 1000
  if (options.by === 'http') return { everyMs, ...httpProbe(options) }
  const { source, target } = options
  const writeTo = (server: typeof source) => async (ports: WritePorts, id: string, abort: AbortSignal) => {
    await writeStamp(ports, server, id, abort)
  }
  return {
    everyMs,
    write: writeTo(source),
    writeAfter: writeTo(target),
    found: async (ports, ids, abort) => {
      const present = await presentStamps(ports, target, ids, abort)
      // Its ids are unique there, so a stamp that is there is there once.
      return new Map(ids.map((id) => [id, present.has(id) ? 1 : 0]))
    },
  }
}

function httpProbe({ writeUrl, readUrl, headers }: z.infer<typeof HttpProbe>): Omit<WriteProbe, 'everyMs'> {
  const write: WriteProbe['write'] = async (ports, id, abort) => {
    const typed = { 'content-type': 'application/json', ...headers }
    const body = JSON.stringify({ id })
    const { status } = await ports.http({ method: 'POST', url: writeUrl, headers: typed, body }, abort)
    if (status < 200 || status > 299) throw new Fault('upstream_refused', `the write was answered with ${status}`)
  }
  return {
    write,
    writeAfter: write,
    found: async (ports, ids, abort) => {
      const { status, body } = await ports.httpGet({ url: readUrl, headers }, abort)
      if (status !== 200) throw new Fault('upstream_refused', `the stamps were answered with ${status}`)
      const counts = new Map(ids.map((id) => [id, 0]))
      for (const id of listedIn(body)) if (counts.has(id)) counts.set(id, (counts.get(id) ?? 0) + 1)
      return counts
    },
  }
}

function listedIn(body: string): readonly string[] {
  try {
    return Listed.parse(JSON.parse(body)).ids
  } catch (cause) {
    throw new Fault('upstream_malformed', 'the stamps are not listed as {"ids": […]}', { cause })
  }
}
