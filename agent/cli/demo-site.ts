import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** The demonstration's own service: three switches that a plan sets, and its answer to users. */
export interface DemoSite {
  readonly url: string
  close(): Promise<void>
}

/** Long enough to be seen, as such things are never instant. */
const SWITCH_MS = 1500
const SWITCHES = ['writes', 'database', 'traffic'] as const

/** A site on this machine whose writes, database and traffic can be moved; refuses a run's generation that is older than one it has seen. */
export async function serveDemoSite(): Promise<DemoSite> {
  const state = new Map<string, string>(SWITCHES.map((name) => [name, 'primary']))
  let generation = 0
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const [name = '', value] = (request.url ?? '/').slice(1).split('/')
    if (request.method === 'GET' && name === '') return answer(200, Object.fromEntries(state))
    if (request.method === 'GET' && state.has(name)) return answer(200, { [name]: state.get(name) })
    if (request.method !== 'PUT' || !state.has(name) || !value) return answer(404, {})
    const given = Number(request.headers['x-failwise-generation'])
    if (given < generation) return answer(409, { seen: generation })
    generation = given
    void sleep(SWITCH_MS).then(() => {
      state.set(name, value)
      answer(200, { [name]: value })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
