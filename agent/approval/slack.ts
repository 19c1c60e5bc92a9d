import { App, HTTPReceiver, SocketModeReceiver } from '@slack/bolt'
import { z } from 'zod'
import { hashOf } from '../domain/canonical.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Approver } from './approver.ts'
import type { Desk } from './desk.ts'
import { type PostsPort, slackApprover } from './slack-approver.ts'
import { type Connection, keepSocket, listenForSlack } from './slack-connection.ts'
import { listenOn } from './slack-listeners.ts'
import { slackLogger } from './slack-logger.ts'
import { type SlackWeb, slackWeb } from './slack-web.ts'

const common = {
  /** Id of the channel in which people are asked. */
  channel: z.string().regex(/^[CG][A-Z0-9]{1,20}$/, 'is a channel id such as C02ABCDEF, from the channel’s details'),
  botToken: z.string().regex(/^xoxb-/, 'is a bot token; it begins with xoxb-'),
  /** Another server that speaks like Slack, for tests and rehearsals. */
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
} as const

/** One Slack workspace. Socket mode needs no port that is open to the outside; HTTP mode is for those who may not open sockets. */
export const Options = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('socket'),
    ...common,
    appToken: z.string().regex(/^xapp-/, 'is an app-level token; it begins with xapp-'),
  }),
  z.strictObject({
    mode: z.literal('http'),
    ...common,
    signingSecret: z.string().min(16),
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(3000),
  }),
])
export type Options = z.infer<typeof Options>

export interface SlackPorts {
  readonly clock: Clock
  readonly log: Log
  readonly posts: PostsPort
  readonly desk: (web: SlackWeb) => Desk
  /** False for a request that was handled before: Slack, or somebody who recorded it, sent it again. */
  readonly isFirst: (delivery: string) => Promise<boolean>
}

/** Slack, ready to ask and to be clicked in. */
export interface Slack extends Approver {
  readonly web: SlackWeb
  start(): Promise<void>
  isConnected(): boolean
  /** Where requests are taken in HTTP mode; null otherwise. */
  port(): number | null
  stop(): Promise<void>
}

/** How far a signed request's time may lie ahead of ours; Slack's library checks the other side. */
const SKEW_SECONDS = 300

/** Builds the Slack app; nothing is sent or opened before it is started. */
export function slack(options: Options, ports: SlackPorts): Slack {
  const { clock, log } = ports
  const logger = slackLogger(log)
  const web = slackWeb(options.botToken, options.apiUrl, logger)
  const clientOptions = {
    ...(options.apiUrl !== undefined && { slackApiUrl: options.apiUrl }),
    timeout: 10_000,
    retryConfig: { retries: 0 },
  }
  const receiver =
    options.mode === 'socket'
      ? new SocketModeReceiver({
          appToken: options.appToken,
          logger,
          autoReconnectEnabled: false,
          installerOptions: { clientOptions },
        })
      : new HTTPReceiver({
          signingSecret: options.signingSecret,
          logger,
          customPropertiesExtractor: ({ headers }) => ({
            sentAtSeconds: Number(headers['x-slack-request-timestamp']),
          }),
        })
  const app = new App({
    receiver,
    logger,
    clientOptions,
    // Who clicks is checked by the desk; looking our own token up at each click would lose clicks while Slack is half down.
    authorize: async () => ({ botToken: options.botToken }),
  })
  const desk = ports.desk(web)
  app.use(async (args) => {
    const { ack, body, context, next } = args as unknown as MiddlewareArgs
    const { sentAtSeconds } = context
    const acknowledge = async () => {
      await ack?.().catch(() => undefined)
    }
    if (typeof sentAtSeconds === 'number' && sentAtSeconds * 1000 > clock.now() + SKEW_SECONDS * 1000) {
      log.warn(
        { aheadSeconds: sentAtSeconds - clock.now() / 1000 },
        'a request of Slack comes from the future; check this clock',
      )
      return acknowledge()
    }
    // By its content, which no two clicks share: a retry comes in an envelope and with a signature of its own.
    if (!(await ports.isFirst(hashOf(JSON.stringify(body))))) {
      log.info({}, 'a request of Slack was sent twice, the second is ignored')
      return acknowledge()
    }
    await next()
  })
  listenOn(app, { desk, web, clock, log, channel: options.channel })

  let connection: Connection | null = null
  let port: number | null = null
  return {
    ...slackApprover(options.channel, { web, posts: ports.posts, clock }),
    web,
    start: async () => {
      if (receiver instanceof SocketModeReceiver) connection = keepSocket(receiver, { clock, log })
      else if (options.mode === 'http') {
        const listening = await listenForSlack(receiver, options).catch((cause: unknown) => {
          throw new Fault('config_invalid', `cannot listen for Slack at ${options.host}:${options.port}`, { cause })
        })
        connection = listening
        port = listening.port
      }
    },
    isConnected: () => connection?.isUp() ?? false,
    port: () => port,
    stop: async () => {
      await connection?.stop()
      connection = null
    },
  }
}

interface MiddlewareArgs {
  readonly ack?: () => Promise<void>
  readonly body: unknown
  readonly context: { readonly sentAtSeconds?: unknown }
  readonly next: () => Promise<unknown>
}
