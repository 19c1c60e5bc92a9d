import { createServer, type Server } from 'node:http'

/** A small real HTTP service with customers, which can be broken and repaired. */
export interface Shop {
  readonly url: string
  readonly port: number
  break(): void
  repair(): void
  /** Stops or resumes telling metrics, whatever the state of the service. */
  showMetrics(isShown: boolean): void
  stop(): Promise<void>
}

const CUSTOMERS_EVERY_MS = 50

/** Starts the service, and customers that ask it twenty times a second. */
export async function startShop(port = 0): Promise<Shop> {
  let isBroken = false
  let isShown = true
  const counts = { 200: 0, 503: 0 }
  const server = createServer((request, reply) => {
    if (request.url === '/metrics') {
      if (!isShown) return void reply.writeHead(404).end()
      return void reply.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(exposition(counts))
    }
    const status = isBroken ? 503 : 200
    counts[status] += 1
    reply.writeHead(status).end(isBroken ? 'out of order' : 'welcome')
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${portOf(server)}`
  // A customer who gets no answer comes back with the next beat.
  const customers = setInterval(
    () =>
      void fetch(url).then(
        ({ body }) => body?.cancel(),
        () => undefined,
      ),
    CUSTOMERS_EVERY_MS,
  )
  return {
    url,
    port: portOf(server),
    break: () => {
      isBroken = true
    },
    repair: () => {
      isBroken = false
    },
    showMetrics: (shown) => {
      isShown = shown
    },
    stop: () =>
      new Promise((resolve) => {
        clearInterval(customers)
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the shop does not listen')
  return address.port
}

function exposition(counts: Readonly<Record<string, number>>): string {
  const lines = Object.entries(counts).map(([code, count]) => `http_requests_total{code="${code}"} ${count}`)
  return `# TYPE http_requests_total counter\n${lines.join('\n')}\n`
}

/** How a service did before we began to watch: requests per second, and the share of them that failed. */
export interface Past {
  readonly job: string
  readonly instance: string
  readonly fromMinutesAgo: number
  readonly untilSecondsAgo: number
}

/** Counters of the past of some services, as OpenMetrics text for promtool. */
export function pastOf(services: readonly Past[], nowMs: number): string {
  const lines = ['# TYPE http_requests counter']
  for (const { job, instance, fromMinutesAgo, untilSecondsAgo } of services)
    for (const [code, perSecond] of [
      ['200', 20],
      ['503', 0.02],
    ] as const) {
      const start = Math.floor(nowMs / 1000) - fromMinutesAgo * 60
      const end = Math.floor(nowMs / 1000) - untilSecondsAgo
      for (let at = start; at <= end; at += 5)
        lines.push(
          `http_requests_total{job="${job}",instance="${instance}",code="${code}"} ${Math.round((at - start) * perSecond)} ${at}`,
        )
    }
  return `${lines.join('\n')}\n# EOF\n`
}
