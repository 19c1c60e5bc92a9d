import type { FastifyInstance } from 'fastify'
import { asFault, Fault } from '../lib/errors.ts'
import { type Access, needs } from './auth.ts'
import type { ServerDeps } from './deps.ts'
import { contentOf } from './record-bodies.ts'

/** One look a second for all readers together, whatever their number; none while nobody reads. */
const LOOK_MS = 1000
/** Proxies close what is silent for a minute; and who may no longer read is found out this often. */
const BREATH_MS = 15_000
const READER_LIMIT = 500

interface Reader {
  /** False when the connection is to end. */
  mayGoOn(): boolean
  write(text: string): void
  end(): void
}

/**
 * Server-sent events: which parts of what the page shows have changed, never what they say now, so that the page asks for that as the person it
 * speaks for.
 */
export function liveRoute(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  const readers = new Set<Reader>()
  let isLooking = false
  let isClosing = false

  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    let before: Readonly<Record<string, string>> | null = null
    let silentMs = 0
    try {
      while (readers.size > 0 && !isClosing) {
        const now = await deps.pulse().catch((error: unknown) => {
          deps.log.warn({ err: asFault(error) }, 'what changed cannot be read; readers are told when it can')
          return null
        })
        const changed = now && before ? Object.keys(now).filter((part) => now[part] !== before?.[part]) : []
        before = now ?? before
        silentMs += LOOK_MS
        if (changed.length > 0) tell(`event: changed\ndata: ${JSON.stringify(changed)}\n\n`)
        if (silentMs >= BREATH_MS) {
          silentMs = 0
          tell(': still here\n\n')
          for (const reader of readers) if (!reader.mayGoOn()) reader.end()
        }
        await deps.clock.sleep(LOOK_MS)
      }
    } finally {
      isLooking = false
    }
  }

  function tell(text: string): void {
    for (const reader of readers) reader.write(text)
  }

  app.addHook('preClose', async () => {
    isClosing = true
    for (const reader of readers) reader.end()
  })

  app.get(
    '/v1/live',
    {
      onRequest: needs(access, 'read'),
      schema: {
        tags: ['operation'],
        summary: 'Server-sent events: which parts changed (record, incidents, runs, scores)',
        response: { 200: contentOf('events named hello and changed, with an array of parts', 'text/event-stream') },
      },
    },
    (request, reply) => {
      if (readers.size >= READER_LIMIT)
        throw new Fault('rate_limited', 'too many pages listen already', { retryAfterMs: 60_000 })
      reply.hijack()
      const { raw } = reply
      const reader: Reader = {
        mayGoOn: () => {
          try {
            return access.authorize(request, 'read').name === request.principal
          } catch {
            return false
          }
        },
        // A reader that does not read is not waited for: it is let go, and its browser comes back.
        write: (text) => void (raw.writableLength > 64_000 ? raw.destroy() : raw.write(text)),
        end: () => void raw.end(),
      }
      raw.on('close', () => readers.delete(reader))
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      })
      raw.write('retry: 3000\nevent: hello\ndata: []\n\n')
      readers.add(reader)
      void look().catch((error: unknown) => deps.log.error({ err: asFault(error) }, 'live updates stopped'))
    },
  )
}
