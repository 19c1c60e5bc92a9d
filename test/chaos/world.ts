import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { HttpRequest } from '../../agent/lib/http.ts'
import { type Incident, incidentOf } from '../../evals/case.ts'
import { movedBy } from '../../evals/metamorphic/shift.ts'
import { loadRecordedIncident } from '../../evals/recorded-incident.ts'
import { recordedUpstream } from '../../evals/recorded-upstream.ts'
import { HERE } from './network.ts'

/** An outage about which the built-in rules ask people. */
const RECORDING = 'evals/incidents/a-kv-usw2.json'

export type Mood = 'well' | 'hangs' | 'lies' | 'away'

/** One time that an effect was asked for. */
export interface Landing {
  readonly effect: string
  readonly run: string
  readonly generation: number
  readonly outcome: 'landed' | 'refused'
}

/** Everything outside of the agents: what they look at, whom they tell, and what they change. */
export interface World {
  readonly url: string
  readonly incident: Incident
  upstreams: Mood
  people: Mood
  /** Called before and after an effect lands; what it returns is waited for. */
  onEffect: (effect: string, when: 'before' | 'after') => Promise<void> | void
  /** Called at every look at an upstream. */
  onLook: () => Promise<void> | void
  readonly landings: readonly Landing[]
  /** How often each message to people arrived, by its key. */
  readonly messages: ReadonlyMap<string, number>
  close(): Promise<void>
}

/** Starts it on the network that agents reach. */
export async function startWorld(): Promise<World> {
  const recorded = await loadRecordedIncident(RECORDING)
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const incident = movedBy(incidentOf(recorded), nowMs - Date.parse(recorded.decidedAt))
  const landings: Landing[] = []
  const messages = new Map<string, number>()
  const newest = new Map<string, number>()

  const land = async (url: URL, reply: ServerResponse) => {
    const effect = url.pathname.slice('/effects/'.length)
    const run = url.searchParams.get('run') ?? ''
    const generation = Number(url.searchParams.get('generation'))
    await world.onEffect(effect, 'before')
    // Compares and sets, as an effector that is fenced does.
    const isOlder = generation < (newest.get(run) ?? 0)
    if (!isOlder) newest.set(run, generation)
    landings.push({ effect, run, generation, outcome: isOlder ? 'refused' : 'landed' })
    await world.onEffect(effect, 'after')
    reply.writeHead(isOlder ? 409 : 200).end()
  }
  const holds = (url: URL) =>
    landings.some(
      ({ effect, run, outcome }) =>
        outcome === 'landed' && `/effects/${effect}` === url.pathname && run === url.searchParams.get('run'),
    )
  const hear = async (request: IncomingMessage, reply: ServerResponse) => {
    await text(request)
    if (world.people === 'hangs') return
    if (world.people === 'away') return void request.socket.destroy()
    if (world.people === 'lies') return void reply.writeHead(503).end('<html>')
    const key = String(request.headers['idempotency-key'])
    messages.set(key, (messages.get(key) ?? 0) + 1)
    reply.writeHead(200).end()
  }
  const answer = async (request: IncomingMessage, reply: ServerResponse) => {
    const body = await text(request)
    await world.onLook()
    if (world.upstreams === 'hangs') return
    if (world.upstreams === 'away') return void request.socket.destroy()
    if (world.upstreams === 'lies') return void reply.writeHead(200, { 'content-type': 'application/json' }).end(lie())
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const method = request.method as HttpRequest['method']
    try {
      const asked = { method, url: `${base}${request.url ?? '/'}`, headers, ...(body && { body }) }
      const said = await recording.http(asked, new AbortController().signal)
      reply.writeHead(said.status, said.headers).end(said.body)
    } catch {
      request.socket.destroy()
    }
  }
  const server = createServer((request, reply) => {
    const url = new URL(request.url ?? '/', 'http://world')
    const work = url.pathname.startsWith('/effects/')
      ? request.method === 'POST'
        ? land(url, reply)
        : Promise.resolve(void reply.writeHead(holds(url) ? 200 : 404).end())
      : url.pathname === '/people'
        ? hear(request, reply)
        : answer(request, reply)
    work.catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HERE.world, resolve)
  })
  const address = server.address()
  const base = `http://${HERE.world}:${address && typeof address === 'object' ? address.port : 0}`
  const recording = recordedUpstream(incident, base, { anyTime: true })
  const world: World = {
    ...{ url: base, incident, upstreams: 'well', people: 'well', landings, messages },
    onEffect: () => undefined,
    onLook: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return world
}

let lies = 0

/** Something else each time: another page, half a document, numbers that are none, good news out of nowhere. */
function lie(): string {
  lies += 1
  const all = [
    '<html>login</html>',
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"NaN"],[2,"+Inf"]]}]}}',
    '{"status":"success","data":',
    '{"signals":[],"events":[],"incidents":[]}',
    '[]',
    '{"status":{"indicator":"none"},"components":[]}',
  ]
  return all[lies % all.length] as string
}
