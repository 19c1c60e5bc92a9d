import { blocksProblem } from './block-rules.ts'

export interface Posted {
  readonly place: string
  readonly thread: string | null
  readonly isBroadcast: boolean
  readonly metadata: unknown
  text: string
  blocks: Record<string, unknown>[]
  edits: number
}

/** What the workspace holds. */
export interface State {
  readonly teamId: string
  readonly channel: string
  readonly messages: Posted[]
  readonly ephemeral: { readonly userId: string; readonly text: string }[]
  readonly views: Record<string, unknown>[]
  readonly triggers: Set<string>
  readonly calls: string[]
  userGroups: Readonly<Record<string, readonly string[]>>
  lastPlace: number
}

type Answer = Record<string, unknown>
type Given = Readonly<Record<string, unknown>>

const no = (error: string, detail?: string): Answer => ({
  ok: false,
  error,
  ...(detail !== undefined && { response_metadata: { messages: [`[ERROR] ${detail}`] } }),
})

/** Answers one Web API method as Slack documents it. */
export function callMethod(
  method: string,
  given: Given,
  state: State,
  { now, host }: { now: number; host: string },
): Answer {
  switch (method) {
    case 'auth.test':
      return { ok: true, url: `http://${host}/`, team: 'Local', team_id: state.teamId, user_id: 'U0BOT', bot_id: 'B0' }
    case 'apps.connections.open':
      return { ok: true, url: `ws://${host}/link?ticket=1` }
    case 'chat.postMessage':
      return post(given, state, now)
    case 'chat.update':
      return update(given, state)
    case 'chat.postEphemeral': {
      if (given.channel !== state.channel) return no('channel_not_found')
      state.ephemeral.push({ userId: String(given.user), text: String(given.text) })
      return { ok: true, message_ts: '0' }
    }
    case 'conversations.history':
      // Newest first, as opposed to replies.
      return pageOf(state.messages.filter(({ thread }) => thread === null).reverse(), given)
    case 'conversations.replies':
      return pageOf(
        state.messages.filter(({ thread, place }) => thread === given.ts || place === given.ts),
        given,
      )
    case 'usergroups.users.list': {
      const users = state.userGroups[String(given.usergroup)]
      return users ? { ok: true, users: [...users] } : no('no_such_subteam')
    }
    case 'views.open':
      return openView(given, state)
    default:
      return no('unknown_method')
  }
}

function contentProblem({ text, blocks }: Given): Answer | null {
  if (typeof text !== 'string' || text === '') return no('no_text')
  if (text.length > 40_000) return no('msg_too_long')
  const problem = blocksProblem(blocks)
  return problem === null ? null : no('invalid_blocks', problem)
}

function post(given: Given, state: State, now: number): Answer {
  if (given.channel !== state.channel) return no('channel_not_found')
  const problem = contentProblem(given)
  if (problem) return problem
  const thread = typeof given.thread_ts === 'string' ? given.thread_ts : null
  if (thread !== null && !state.messages.some(({ place }) => place === thread)) return no('thread_not_found')
  state.lastPlace = Math.max(state.lastPlace + 1, Math.floor(now * 1000))
  const place = `${Math.floor(state.lastPlace / 1_000_000)}.${String(state.lastPlace % 1_000_000).padStart(6, '0')}`
  const isBroadcast = given.reply_broadcast === true || given.reply_broadcast === 'true'
  const message = { text: String(given.text), blocks: given.blocks as Posted['blocks'], edits: 0 }
  state.messages.push({ place, thread, isBroadcast, metadata: given.metadata, ...message })
  return { ok: true, channel: state.channel, ts: place }
}

function update(given: Given, state: State): Answer {
  const message = state.messages.find(({ place }) => place === given.ts)
  if (!message || given.channel !== state.channel) return no('message_not_found')
  const problem = contentProblem(given)
  if (problem) return problem
  message.text = String(given.text)
  message.blocks = given.blocks as Posted['blocks']
  message.edits += 1
  return { ok: true, channel: state.channel, ts: message.place }
}

function pageOf(messages: readonly Posted[], { oldest, limit, cursor }: Given): Answer {
  const wanted = messages.filter(({ place }) => oldest === undefined || Number(place) >= Number(oldest))
  const from = Number(cursor ?? 0)
  const end = from + Number(limit ?? 100)
  return {
    ok: true,
    messages: wanted
      .slice(from, end)
      .map(({ place, text, metadata }) => ({ type: 'message', ts: place, text, metadata })),
    response_metadata: { next_cursor: end < wanted.length ? String(end) : '' },
  }
}

function openView({ trigger_id: trigger, view }: Given, state: State): Answer {
  if (typeof trigger !== 'string' || !state.triggers.delete(trigger)) return no('expired_trigger_id')
  const opened = view as Record<string, unknown>
  const title = (opened.title as { text?: string } | undefined)?.text ?? ''
  if (title === '' || title.length > 24) return no('invalid_arguments', 'title')
  if (typeof opened.private_metadata === 'string' && opened.private_metadata.length > 3000)
    return no('invalid_arguments', 'private_metadata')
  const problem = blocksProblem(opened.blocks, 100)
  if (problem !== null) return no('invalid_arguments', problem)
  state.views.push(opened)
  return { ok: true, view: opened }
}
