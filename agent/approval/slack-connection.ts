import type { HTTPReceiver, SocketModeReceiver } from '@slack/bolt'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'

/** A way for Slack's requests to reach us, kept up until it is stopped. */
export interface Connection {
  isUp(): boolean
  stop(): Promise<void>
}

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
const HELLO_TIMEOUT_MS = 15_000

/**
 * Keeps one socket to Slack open. The library's own reconnecting gives up on an HTTP error, and does so in a promise that nobody holds, which ends the
 * process; so it is switched off, and this loop connects again, with growing pauses and for ever.
 */
export function keepSocket(receiver: SocketModeReceiver, { clock, log }: { clock: Clock; log: Log }): Connection {
  const stop = new AbortController()
  let isUp = false
  const { client } = receiver
  // Without a listener an error event ends the process.
  client.on('error', () => {})

  const connectOnce = async () => {
    const gone = new Promise<void>((resolve) => {
      client.once('disconnected', () => resolve())
    })
    const timer = new AbortController()
    const late = clock.sleep(HELLO_TIMEOUT_MS, timer.signal).then(() => {
      throw new Fault('deadline', 'Slack opened a socket and said nothing')
    })
    late.catch(() => undefined)
    const aborted = new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve()
      stop.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    const started = client.start()
    started.catch(() => undefined)
    try {
      await Promise.race([started, late, aborted])
      if (stop.signal.aborted) return
      isUp = true
      log.info({}, 'connected to Slack')
      await Promise.race([gone, aborted])
      if (!stop.signal.aborted) log.info({}, 'Slack closed the socket')
    } finally {
      timer.abort()
      isUp = false
      await Promise.race([client.disconnect(), clock.sleep(2000)]).catch(() => undefined)
    }
  }
  const run = async () => {
    let pauseMs = FIRST_PAUSE_MS
    while (!stop.signal.aborted) {
      try {
        await connectOnce()
        pauseMs = FIRST_PAUSE_MS
      } catch (error) {
        log.warn(
          { err: asFault(error ?? new Fault('upstream_unreachable', 'no socket to Slack')), pauseMs },
          'no connection to Slack, trying again',
        )
        await clock.sleep(pauseMs, stop.signal).catch(() => undefined)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      }
    }
  }
  const done = run()
  return {
    isUp: () => isUp,
    stop: async () => {
      stop.abort()
      await done
    },
  }
}

/** Listens for Slack's signed requests; throws when the port is taken, since nobody would notice later. */
export async function listenForSlack(
  receiver: HTTPReceiver,
  { host, port }: { host: string; port: number },
): Promise<Connection & { readonly port: number }> {
  const server = await receiver.start({ host, port })
  const address = server.address()
  return {
    isUp: () => true,
    stop: () => receiver.stop().then(() => undefined),
    port: typeof address === 'object' && address !== null ? address.port : port,
  }
}
