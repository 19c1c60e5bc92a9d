import { webApi } from '@slack/bolt'
import { Fault } from '../lib/errors.ts'
import type { Message } from './blocks.ts'

/** Where a message is or goes. */
export interface Thread {
  readonly channel: string
  /** The message it answers; null for one of its own. */
  readonly parent: string | null
}

/** The few calls of Slack's Web API that we make. Each is tried once; who calls again, and when, is decided where the truth is kept. */
export interface SlackWeb {
  identity(): Promise<{ teamId: string; url: string }>
  /** The new message's place. Its mark lets it be found again when the answer is lost. */
  post(message: Message, to: Thread, mark: string, isBroadcast: boolean): Promise<string>
  update(message: Message, at: { channel: string; place: string }): Promise<void>
  /** The place of the message with this mark, if it arrived; looks from a moment on. */
  find(mark: string, to: Thread, fromMs: number): Promise<string | null>
  members(userGroupId: string): Promise<string[]>
  whisper(text: string, to: { channel: string; userId: string }): Promise<void>
  openDialog(dialog: object, triggerId: string): Promise<void>
}

const MARK_EVENT = 'failwise_post'
/** A channel in which people talk about an outage fills fast. */
const PAGES_SEARCHED = 5

/** Calls the Web API of one workspace. */
export function slackWeb(token: string, apiUrl: string | undefined, logger: webApi.Logger): SlackWeb {
  const client = new webApi.WebClient(token, {
    ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
    logger,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
  })
  const call = async (method: string, options: Record<string, unknown>): Promise<Record<string, unknown>> => {
    try {
      return { ...(await client.apiCall(method, options)) }
    } catch (error) {
      throw slackFault(method, error)
    }
  }
  // Nothing in our texts is looked through for names, channels or addresses.
  const quiet = { parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false }
  return {
    identity: async () => {
      const answer = await call('auth.test', {})
      if (typeof answer.team_id !== 'string') throw malformed('auth.test')
      return { teamId: answer.team_id, url: String(answer.url ?? '') }
    },
    post: async ({ text, blocks }, { channel, parent }, mark, isBroadcast) => {
      const metadata = { event_type: MARK_EVENT, event_payload: { mark } }
      const thread = parent === null ? {} : { thread_ts: parent, reply_broadcast: isBroadcast }
      const answer = await call('chat.postMessage', { channel, text, blocks, metadata, ...thread, ...quiet })
      if (typeof answer.ts !== 'string') throw malformed('chat.postMessage')
      return answer.ts
    },
    update: async ({ text, blocks }, { channel, place }) => {
      await call('chat.update', { channel, ts: place, text, blocks, parse: 'none', link_names: false })
    },
    find: async (mark, { channel, parent }, fromMs) => {
      const oldest = (fromMs / 1000).toFixed(6)
      const common = { channel, oldest, limit: 200, include_all_metadata: true, ...(parent !== null && { ts: parent }) }
      let cursor: string | undefined
      for (let page = 0; page < PAGES_SEARCHED; page++) {
        const more = cursor === undefined ? {} : { cursor }
        const answer = await call(parent === null ? 'conversations.history' : 'conversations.replies', {
          ...common,
          ...more,
        })
        const messages = Array.isArray(answer.messages) ? (answer.messages as MarkedMessage[]) : []
        const found = messages.find(
          ({ metadata }) => metadata?.event_type === MARK_EVENT && metadata.event_payload?.mark === mark,
        )
        if (found?.ts !== undefined) return found.ts
        cursor = (answer.response_metadata as { next_cursor?: string } | undefined)?.next_cursor || undefined
        if (cursor === undefined) break
      }
      return null
    },
    members: async (userGroupId) => {
      const answer = await call('usergroups.users.list', { usergroup: userGroupId, include_disabled: false })
      return Array.isArray(answer.users) ? answer.users.filter((user): user is string => typeof user === 'string') : []
    },
    whisper: async (text, { channel, userId }) => {
      await call('chat.postEphemeral', { channel, user: userId, text, ...quiet })
    },
    openDialog: async (view, triggerId) => {
      await call('views.open', { trigger_id: triggerId, view })
    },
  }
}

interface MarkedMessage {
  readonly ts?: string
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: { readonly mark?: unknown } }
}

function malformed(method: string): Fault {
  return new Fault('upstream_malformed', `Slack answered ${method} with something else than it documents`)
}

/** What Slack says when the message is gone, as opposed to when we may not. */
const GONE = new Set(['message_not_found', 'thread_not_found'])
const PASSING = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'ratelimited'])
const HINTS: Readonly<Record<string, string>> = {
  not_in_channel: 'invite the app into the channel: /invite @failwise',
  channel_not_found: 'slack.channel is the id of a channel (such as C02ABCDEF) that the app is a member of',
  invalid_auth: 'slack.botToken is wrong or was revoked',
  not_authed: 'slack.botToken is missing',
  missing_scope: 'install the app again from deploy/slack/manifest.yaml; a permission is missing',
}

function slackFault(method: string, error: unknown): Fault {
  if (error instanceof webApi.WebAPIRateLimitedError)
    return new Fault('rate_limited', `Slack asks for a pause before the next ${method}`, {
      retryAfterMs: error.retryAfter * 1000,
    })
  if (error instanceof webApi.WebAPIPlatformError) {
    const reason = error.data.error
    if (GONE.has(reason)) return new Fault('not_found', 'the message is no longer there', { details: { reason } })
    const hint = HINTS[reason]
    return new Fault('upstream_refused', `Slack refused ${method}: ${reason}`, {
      retryable: PASSING.has(reason),
      details: { method, reason },
      ...(hint !== undefined && { hint }),
    })
  }
  if (error instanceof webApi.WebAPIHTTPError)
    return new Fault('upstream_refused', `Slack answered ${method} with HTTP ${error.statusCode}`, {
      retryable: error.statusCode >= 500,
    })
  return new Fault('upstream_unreachable', `Slack could not be reached for ${method}`, { cause: error })
}
