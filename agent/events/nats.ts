import {
  AckPolicy,
  type Consumer,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  StorageType,
} from '@nats-io/jetstream'
import { connect, credsAuthenticator, type NatsConnection, nanos } from '@nats-io/transport-node'
import { z } from 'zod'
import { Fault } from '../lib/errors.ts'
import type { Broker, ReceivedMessage } from './broker.ts'

/** One token of a subject, or several with dots between them. */
const Subject = z.string().regex(/^[\w-]+(\.[\w-]+)*$/, 'is words with dots between them, such as failwise.events')
const Filter = z
  .string()
  .regex(/^([\w-]+|\*)(\.([\w-]+|\*))*(\.>)?$/, 'is a subject; * and > stand for what they do in NATS')
const Name = z.string().regex(/^[\w-]+$/, 'is letters, digits, - and _')

export const Options = z.strictObject({
  servers: z.array(z.string().min(1)).min(1),
  user: z.string().optional(),
  password: z.string().optional(),
  token: z.string().optional(),
  /** The content of a .creds file, usually ${file:…}. */
  credentials: z.string().optional(),
  /** PEM of the authority that signed the servers' certificates. */
  ca: z.string().optional(),
  /** Decisions, approvals, runs and changes of health go out, to `<subject>.<kind>`. */
  publish: z
    .strictObject({
      stream: Name.default('FAILWISE'),
      subject: Subject.default('failwise.events'),
      /** Makes the stream where it is missing; without it, somebody else has to. */
      createStream: z.boolean().default(true),
    })
    .optional(),
  /** `infrastructure_health` events come in; all agents share one durable consumer. */
  consume: z.strictObject({ stream: Name, subject: Filter, durable: Name.default('failwise') }).optional(),
})
export type Options = z.infer<typeof Options>

const TIMEOUT_MS = 5000
/** An event that is published again within this time is the same one to the server; after it, its receivers have to see that. */
const DUPLICATE_WINDOW_MS = 600_000
/** How long a message may be worked on before another agent gets it. */
const ACK_WAIT_MS = 30_000
const TOO_LARGE = 10_054

interface Line {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
}

/** NATS with JetStream. Connects when it is first needed, and again whenever the connection is lost. */
export function nats(options: Options, name: string): Broker {
  let line: Promise<Line> | null = null
  let isStreamThere = false
  let consumer: Consumer | null = null

  const connected = async (): Promise<Line> => {
    line ??= open(options, name)
    try {
      const open = await line
      if (!open.connection.isClosed()) return open
    } catch (error) {
      line = null
      throw away(error)
    }
    line = null
    consumer = null
    return connected()
  }
  /** Whatever the driver throws means that the broker is away, unless it says more. */
  const asking = async <T>(work: (line: Line) => Promise<T>): Promise<T> => {
    const open = await connected()
    try {
      return await work(open)
    } catch (error) {
      throw away(error)
    }
  }
  return {
    publish: (event) =>
      asking(async ({ connection, client, manager }) => {
        const { publish } = options
        if (!publish) throw new Fault('config_invalid', 'events.nats.publish is not configured')
        if (publish.createStream && !isStreamThere) await ensureStream(manager, publish)
        isStreamThere = true
        const body = JSON.stringify(event)
        const limit = connection.info?.max_payload ?? Number.POSITIVE_INFINITY
        if (Buffer.byteLength(body) > limit)
          throw new Fault('payload_too_large', `the event is larger than the ${limit} bytes that the broker takes`)
        const kind = event.type.slice(event.type.lastIndexOf('.') + 1)
        try {
          await client.publish(`${publish.subject}.${kind}`, body, { msgID: event.id, timeout: TIMEOUT_MS })
        } catch (error) {
          isStreamThere = false
          if (error instanceof JetStreamApiError && error.code === TOO_LARGE)
            throw new Fault('payload_too_large', 'the stream takes no messages of this size', { cause: error })
          throw error
        }
      }),
    receive: (limit) =>
      asking(async ({ client, manager }) => {
        const { consume } = options
        if (!consume) return []
        try {
          consumer ??= await durable(client, manager, consume)
          const batch = await consumer.fetch({ max_messages: limit, expires: 2000 })
          const messages: ReceivedMessage[] = []
          for await (const message of batch) messages.push(received(message))
          return messages
        } catch (error) {
          consumer = null
          throw error
        }
      }),
    close: async () => {
      const open = await line?.catch(() => null)
      await open?.connection.close()
    },
  }
}

async function open(options: Options, name: string): Promise<Line> {
  const { servers, user, password, token, credentials, ca } = options
  const connection = await connect({
    ...{ name, servers, timeout: TIMEOUT_MS, maxReconnectAttempts: -1, reconnectTimeWait: 1000 },
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...(token !== undefined && { token }),
    ...(credentials !== undefined && { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(ca !== undefined && { tls: { ca } }),
  })
  const manager = await jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false })
  return { connection, client: jetstream(connection, { timeout: TIMEOUT_MS }), manager }
}

async function ensureStream(manager: JetStreamManager, { stream, subject }: NonNullable<Options['publish']>) {
  try {
    await manager.streams.info(stream)
  } catch (error) {
    if (!isCode(error, JetStreamApiCodes.StreamNotFound)) throw error
    await manager.streams.add({
      ...{ name: stream, subjects: [`${subject}.>`], storage: StorageType.File },
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    })
  }
}

/** Made once and never changed: who administers the broker may have set it up otherwise. */
async function durable(
  client: JetStreamClient,
  manager: JetStreamManager,
  { stream, subject, durable: name }: NonNullable<Options['consume']>,
): Promise<Consumer> {
  try {
    await manager.consumers.info(stream, name)
  } catch (error) {
    if (!isCode(error, JetStreamApiCodes.ConsumerNotFound)) throw error
    const policy = { ack_policy: AckPolicy.Explicit, ack_wait: nanos(ACK_WAIT_MS), max_deliver: -1 }
    await manager.consumers.add(stream, { durable_name: name, filter_subject: subject, ...policy })
  }
  return client.consumers.get(stream, name)
}

function received(message: JsMsg): ReceivedMessage {
  const names = message.headers?.keys() ?? []
  return {
    body: message.string(),
    headers: Object.fromEntries(names.map((key) => [key.toLowerCase(), message.headers?.get(key) ?? ''])),
    deliveries: message.info.deliveryCount,
    done: async () => {
      if (!(await message.ackAck({ timeout: TIMEOUT_MS })))
        throw new Fault('upstream_unreachable', 'the broker did not confirm')
    },
    later: (delayMs) => message.nak(delayMs),
    // Without the reason: servers before 2.10 do not understand one, and would hand the message over again.
    refuse: () => message.term(),
  }
}

function isCode(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}

function away(error: unknown): Fault {
  if (error instanceof Fault) return error
  const detail = error instanceof Error ? error.message.slice(0, 200) : String(error)
  return new Fault('upstream_unreachable', `the message broker did not take part: ${detail}`, { cause: error })
}
