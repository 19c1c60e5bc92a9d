import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { callMethod, type Posted, type State } from './methods.ts'
import { channelPage } from './page.ts'
import { acceptSocket, type ServerSocket } from './socket.ts'

/** How one call goes wrong: refused for a pause, answered with 500, cut off before, or cut off after it was done. */
export type Trouble = { readonly pauseSeconds: number } | 'error' | 'down' | 'answer_lost'

export interface WorkspaceOptions {
  readonly channel: string
  /** Members by user group. */
  readonly userGroups?: Readonly<Record<string, readonly string[]>>
  readonly now?: () => number
  /** Asked before every call. */
  readonly trouble?: (method: string) => Trouble | null
}

/** What came back for something that a user did. */
export interface Answered {
  /** Whether the app took it: acknowledged over the socket, or answered with 200. */
  readonly isTaken: boolean
  readonly status: number | null
  readonly body: Record<string, unknown>
}

/** Changes to a request before it is sent, for those who do not play by the rules. */
export interface Forgery {
  readonly value?: string
  readonly teamId?: string
  readonly place?: string
  readonly secret?: string
  readonly secondsOff?: number
  /** Sends exactly the request before again. */
  readonly repeat?: boolean
  /** Sends the body of the request before once more, signed anew or in a new envelope, as a retry. */
  readonly resend?: boolean
}

export interface Workspace {
  readonly url: string
  /** The channel for a browser. */
  readonly pageUrl: string
  readonly teamId: string
  readonly state: State
  /** Newest last; without the thread's messages. */
  messages(): Posted[]
  thread(place: string): Posted[]
  click(userId: string, message: Posted, actionId: string, forgery?: Forgery): Promise<Answered>
  submit(
    userId: string,
    view: Record<string, unknown>,
    values: Readonly<Record<string, string>>,
    forgery?: Forgery,
  ): Promise<Answered>
  command(userId: string, text: string): Promise<Answered>
  /** Ends every socket. */
  dropSockets(): void
  sockets(): number
  setTrouble(trouble: ((method: string) => Trouble | null) | null): void
  /** Requests go to this address, signed, instead of over the socket. */
  sendTo(url: string, signingSecret: string): void
  close(): Promise<void>
}

const TEAM = 'T0LOCAL'
const ANSWER_TIMEOUT_MS = 5000

/** A workspace on this machine that speaks Slack's Web API, socket mode and signed requests, for rehearsals and tests. */
export async function localWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const now = options.now ?? Date.now
  const state: State = {
    ...{ teamId: TEAM, messages: [], ephemeral: [], views: [], triggers: new Set(), calls: [] },
    ...{ channel: options.channel, userGroups: options.userGroups ?? {}, lastPlace: 0 },
  }
  let trouble = options.trouble ?? (() => null)
  let outlet: { url: string; secret: string } | null = null
  const open = new Set<ServerSocket>()
  const acks = new Map<string, (body: Record<string, unknown>) => void>()

  const server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request, stream) => {
    if (trouble('socket') !== null) return stream.destroy()
    const socket: ServerSocket = acceptSocket(request, stream, {
      message: (message) => {
        const { envelope_id: id, payload } = JSON.parse(message) as {
          envelope_id: string
          payload?: Record<string, unknown>
        }
        acks.get(id)?.(payload ?? {})
        acks.delete(id)
      },
      end: () => open.delete(socket),
    })
    open.add(socket)
    socket.send(JSON.stringify({ type: 'hello', num_connections: open.size }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const path = (request.url ?? '').split('?')[0] ?? ''
    if (path === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', refresh: '2' })
      return void response.end(channelPage(state.messages, state.views.slice(-2)))
    }
    if (path.startsWith('/respond/')) {
      const { text: said } = JSON.parse(body) as { text?: string }
      state.ephemeral.push({ userId: path.slice('/respond/'.length), text: said ?? '' })
      response.writeHead(200).end('ok')
      return
    }
    const method = path.replace(/^\/api\//, '')
    state.calls.push(method)
    const wrong = trouble(method)
    if (wrong === 'down') return void response.destroy()
    if (wrong === 'error') return void response.writeHead(500).end('oops')
    if (wrong !== null && typeof wrong === 'object') {
      response.writeHead(429, { 'retry-after': String(wrong.pauseSeconds), 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ ok: false, error: 'ratelimited' }))
    }
    const isAuthorized = /^Bearer x(oxb|app)-/.test(request.headers.authorization ?? '')
    const answer = isAuthorized
      ? callMethod(method, argumentsOf(body, request), state, { now: now(), host })
      : { ok: false, error: 'not_authed' }
    if (wrong === 'answer_lost') return void response.destroy()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  let lastRequest: (() => Promise<Answered>) | null = null
  let lastPayload: Record<string, unknown> = {}
  async function deliver(
    type: 'interactive' | 'slash_commands',
    payload: Record<string, unknown>,
    forgery: Forgery = {},
  ): Promise<Answered> {
    if (forgery.repeat && lastRequest) return lastRequest()
    if (!forgery.resend) lastPayload = payload
    lastRequest = outlet === null ? overSocket(type, lastPayload) : overHttp(outlet, type, lastPayload, forgery)
    return lastRequest()
  }
  function overSocket(type: string, payload: Record<string, unknown>) {
    const id = randomUUID()
    const envelope = JSON.stringify({ envelope_id: id, type, payload, accepts_response_payload: true })
    return () =>
      new Promise<Answered>((resolve) => {
        const [socket] = open
        if (!socket) return resolve({ isTaken: false, status: null, body: {} })
        const timer = setTimeout(() => resolve({ isTaken: false, status: null, body: {} }), ANSWER_TIMEOUT_MS)
        acks.set(id, (body) => {
          clearTimeout(timer)
          resolve({ isTaken: true, status: null, body })
        })
        socket.send(envelope)
      })
  }
  function overHttp(
    to: { url: string; secret: string },
    type: string,
    payload: Record<string, unknown>,
    forgery: Forgery,
  ) {
    const body =
      type === 'interactive'
        ? new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
        : new URLSearchParams(payload as Record<string, string>).toString()
    const seconds = Math.floor(now() / 1000) + (forgery.secondsOff ?? 0)
    const mac = createHmac('sha256', forgery.secret ?? to.secret)
      .update(`v0:${seconds}:${body}`)
      .digest('hex')
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(seconds),
      'x-slack-signature': `v0=${mac}`,
    }
    return async (): Promise<Answered> => {
      const response = await fetch(to.url, { method: 'POST', headers, body })
      const said = await response.text()
      const parsed = said.startsWith('{') ? (JSON.parse(said) as Record<string, unknown>) : {}
      return { isTaken: response.status === 200, status: response.status, body: parsed }
    }
  }
  const triggerId = () => {
    const id = randomUUID()
    state.triggers.add(id)
    return id
  }
  const who = (userId: string, forgery: Forgery = {}) => {
    const teamId = forgery.teamId ?? TEAM
    return {
      user: { id: userId, username: userId.toLowerCase(), team_id: teamId },
      team: { id: teamId, domain: 'local' },
    }
  }

  return {
    ...{ url: `http://${host}/api/`, pageUrl: `http://${host}/`, teamId: TEAM, state },
    messages: () => state.messages.filter((message) => message.thread === null),
    thread: (place) => state.messages.filter((message) => message.thread === place),
    click: (userId, message, actionId, forgery = {}) => {
      const elements = message.blocks.flatMap((block) => (block.elements ?? []) as Record<string, unknown>[])
      const found = elements.find((element) => element.action_id === actionId)
      const action = { type: 'button', action_id: actionId, block_id: 'b', action_ts: String(now() / 1000) }
      const place = forgery.place ?? message.place
      return deliver(
        'interactive',
        {
          ...{
            type: 'block_actions',
            ...who(userId, forgery),
            api_app_id: 'A0LOCAL',
            token: 'unused',
            trigger_id: triggerId(),
          },
          container: { type: 'message', message_ts: place, channel_id: options.channel, is_ephemeral: false },
          channel: { id: options.channel, name: 'incidents' },
          response_url: `http://${host}/respond/${userId}`,
          actions: [{ ...action, value: forgery.value ?? found?.value ?? '' }],
        },
        forgery,
      )
    },
    submit: (userId, view, values, forgery = {}) => {
      const fields = Object.entries(values).map(([name, value]) => [
        name,
        { [name]: { type: 'plain_text_input', value } },
      ])
      const state = { values: Object.fromEntries(fields) }
      const sent = { ...view, id: 'V0', state, ...(forgery.value !== undefined && { private_metadata: forgery.value }) }
      return deliver(
        'interactive',
        {
          ...{ type: 'view_submission', ...who(userId, forgery), api_app_id: 'A0LOCAL', token: 'unused' },
          ...{ trigger_id: triggerId(), view: sent },
        },
        forgery,
      )
    },
    command: (userId, said) =>
      deliver('slash_commands', {
        ...{ command: '/failwise', text: said, user_id: userId, user_name: userId.toLowerCase(), team_id: TEAM },
        ...{ channel_id: options.channel, trigger_id: triggerId(), response_url: `http://${host}/respond/${userId}` },
        ...{ api_app_id: 'A0LOCAL', token: 'unused', team_domain: 'local', channel_name: 'incidents' },
      }),
    dropSockets: () => {
      for (const socket of open) socket.drop()
    },
    sockets: () => open.size,
    setTrouble: (next) => {
      trouble = next ?? (() => null)
    },
    sendTo: (url, secret) => {
      outlet = { url, secret }
    },
    close: async () => {
      for (const socket of open) socket.drop()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function argumentsOf(body: string, request: IncomingMessage): Record<string, unknown> {
  if (request.headers['content-type']?.includes('json')) return JSON.parse(body || '{}') as Record<string, unknown>
  const given: Record<string, unknown> = Object.fromEntries(new URLSearchParams(body))
  for (const name of ['blocks', 'metadata', 'view'])
    if (typeof given[name] === 'string') given[name] = JSON.parse(given[name])
  return given
}
