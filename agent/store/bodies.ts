import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip, gzipSync } from 'node:zlib'
import type { Instant } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { nowOf, type StoreContext } from './context.ts'
import { reading, type Tx, writing } from './database.ts'
import type { BodyStore } from './keeping.ts'
import type { RawBody } from './records.ts'

const BODIES_PER_STATEMENT = 100

interface CompressedBody {
  readonly sha256: string
  readonly source: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly gzip: Buffer
}

/** Raw upstream bodies, each once, under the hash of its bytes. */
export function bodyStore(context: StoreContext): BodyStore {
  const { db } = context
  return {
    put: async (bodies) => {
      const ready = await compressed(bodies)
      await writing(db, (tx) => putBodies(tx, nowOf(context), ready))
    },
    get: async (sha256) => {
      const row = await reading(db, (query) =>
        query.selectFrom('raw_bodies').selectAll().where('sha256', '=', sha256).executeTakeFirst(),
      )
      if (!row) return null
      const bytes = await promisify(gunzip)(row.gzip, { maxOutputLength: row.size_bytes }).catch((cause) => {
        throw new Fault('store_corrupt', `the raw body ${sha256} cannot be unpacked`, { cause })
      })
      if (hashOfBytes(bytes) !== sha256)
        throw new Fault('store_corrupt', `the raw body ${sha256} does not match its hash`)
      return { sha256, source: row.source, contentType: row.content_type, bytes }
    },
  }
}

function hashOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Packed before a transaction begins, so that it does not hold locks meanwhile. */
export async function compressed(bodies: readonly RawBody[]): Promise<CompressedBody[]> {
  const once = new Map(bodies.map((body) => [body.sha256, body]))
  return Promise.all(
    [...once.values()].map(async ({ sha256, source, contentType, bytes }) => {
      if (hashOfBytes(bytes) !== sha256) throw new Fault('internal', `a raw body of ${source} was given a wrong hash`)
      return { sha256, source, contentType, sizeBytes: bytes.byteLength, gzip: await pack(bytes) }
    }),
  )
}

/** Below this size packing takes less time than handing it to another thread and back. */
const PACKED_AT_ONCE_BYTES = 32_768

async function pack(bytes: Uint8Array): Promise<Buffer> {
  if (bytes.byteLength > PACKED_AT_ONCE_BYTES) return promisify(gzip)(bytes)
  // A window larger than the body gains nothing, and clearing it costs more than packing.
  const windowBits = Math.max(9, Math.ceil(Math.log2(Math.max(1, bytes.byteLength))))
  return gzipSync(bytes, { windowBits, memLevel: 5 })
}

/** Stores packed bodies; one that is known is only marked as used. */
export async function putBodies(tx: Tx, now: Instant, bodies: readonly CompressedBody[]): Promise<void> {
  // In one order everywhere, so that two agents with the same bodies do not wait for each other.
  const sorted = bodies.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
  for (let start = 0; start < sorted.length; start += BODIES_PER_STATEMENT)
    await tx
      .insertInto('raw_bodies')
      .values(
        sorted.slice(start, start + BODIES_PER_STATEMENT).map((body) => ({
          sha256: body.sha256,
          source: body.source,
          content_type: body.contentType,
          size_bytes: body.sizeBytes,
          gzip: body.gzip,
          stored_at: now,
          last_used_at: now,
        })),
      )
      .onConflict((conflict) => conflict.column('sha256').doUpdateSet({ last_used_at: now }))
      .execute()
}
