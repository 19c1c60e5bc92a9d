import { Resolver } from 'node:dns/promises'
import { request } from 'node:http'
import type { Sites } from './sites.ts'

export interface Users {
  /** Writes that were answered with success, with the time of the answer. */
  readonly acknowledged: { readonly id: string; readonly atMs: number }[]
  /** Times of writes that failed. */
  readonly failedAtMs: number[]
  /** Writes since it was last asked: how many, and which share failed (all of them when there were none). */
  rate(): { readonly total: number; readonly failedShare: number }
  stop(): Promise<void>
}

const PAUSE_MS = 15

/**
 * People who look the name up, as long as its answer may be kept, and write to whatever it points to; nobody tries twice. Whose they are stands in
 * front of the numbers of their writes.
 */
export function startUsers(sites: Sites, count: number, of = 'shop'): Users {
  const resolver = new Resolver({ timeout: 1000, tries: 1 })
  resolver.setServers([sites.resolver.server])
  const acknowledged: Users['acknowledged'] = []
  const failedAtMs: number[] = []
  let isOver = false
  let [seenGood, seenFailed] = [0, 0]
  let address = sites.main.address
  const look = async () => {
    while (!isOver) {
      const found = await resolver.resolve4('app.example.test', { ttl: true }).catch(() => [])
      address = found[0]?.address ?? address
      await pause(Math.max(200, (found[0]?.ttl ?? 1) * 1000))
    }
  }
  const write = async (user: number) => {
    for (let number = 1; !isOver; number++) {
      const id = `${of}-${user}-${number}`
      const isGood = await post(address, sites.main.proxy.port, id)
      if (isGood) acknowledged.push({ id, atMs: performance.now() })
      else failedAtMs.push(performance.now())
      await pause(PAUSE_MS)
    }
  }
  const all = [look(), ...Array.from({ length: count }, (_, index) => write(index))]
  return {
    acknowledged,
    failedAtMs,
    rate: () => {
      const [good, failed] = [acknowledged.length - seenGood, failedAtMs.length - seenFailed]
      seenGood = acknowledged.length
      seenFailed = failedAtMs.length
      return { total: good + failed, failedShare: good + failed === 0 ? 1 : failed / (good + failed) }
    },
    stop: async () => {
      isOver = true
      await Promise.all(all)
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function post(host: string, port: number, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sending = request({ host, port, path: '/orders', method: 'POST', timeout: 3000 }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode === 200))
      response.once('error', () => resolve(false))
    })
    sending.once('error', () => resolve(false))
    sending.once('timeout', () => sending.destroy())
    sending.end(JSON.stringify({ id }))
  })
}
