import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One HTTP exchange over a kept connection. */
export function exchange(agent: Agent, url: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }))
      reply.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export interface Storm {
  readonly latenciesMs: readonly number[]
  readonly seconds: number
}

/** Sends bodies over many connections at once, each connection one after the other; every answer has to be 202. */
export async function storm(url: string, bodies: readonly string[], connections: number): Promise<Storm> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latenciesMs: number[] = []
  let next = 0
  const work = async () => {
    while (next < bodies.length) {
      const body = bodies[next++]!
      const startedAt = performance.now()
      const { status, body: said } = await exchange(agent, url, body)
      if (status !== 202) throw new Error(`the webhook answered ${status}: ${said.slice(0, 300)}`)
      latenciesMs.push(performance.now() - startedAt)
    }
  }
  const startedAt = performance.now()
  try {
    await Promise.all(Array.from({ length: connections }, work))
  } finally {
    agent.destroy()
  }
  return { latenciesMs, seconds: (performance.now() - startedAt) / 1000 }
}
