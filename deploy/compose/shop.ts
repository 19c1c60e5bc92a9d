import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

/** A service to break: POST /break makes half of its requests fail, POST /repair ends that. It sends requests to itself, so that there is something to measure. */
export function shop(random: () => number) {
  let failingShare = 0
  const counts = new Map<string, number>()
  const lines: string[] = []

  const server = createServer((request, reply) => {
    const path = (request.url ?? '/').split('?', 1)[0]
    if (request.method === 'POST' && (path === '/break' || path === '/repair')) {
      failingShare = path === '/break' ? 0.5 : 0
      return reply.end(`failing share is ${failingShare}\n`)
    }
    if (path === '/metrics') {
      const samples = [...counts].map(([code, count]) => `http_requests_total{code="${code}"} ${count}`)
      reply.setHeader('content-type', 'text/plain; version=0.0.4')
      return reply.end(`# TYPE http_requests_total counter\n${samples.join('\n')}\n`)
    }
    if (path === '/healthz') {
      reply.statusCode = failingShare > 0 ? 503 : 200
      return reply.end()
    }
    const isFailing = random() < failingShare
    const code = isFailing ? '500' : '200'
    counts.set(code, (counts.get(code) ?? 0) + 1)
    if (isFailing) lines.push('level=error msg="payment gateway refused the connection" path=/checkout')
    reply.statusCode = Number(code)
    return reply.end(isFailing ? 'sorry\n' : 'hello\n')
  })
  /** The log lines since the last call. */
  const takeLines = () => lines.splice(0)
  return { server, takeLines }
}

async function pushLines(lokiUrl: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  const now = `${Date.now()}000000`
  const streams = [{ stream: { app: 'shop' }, values: lines.map((line) => [now, line]) }]
  const headers = { 'content-type': 'application/json' }
  await fetch(`${lokiUrl}/loki/api/v1/push`, { method: 'POST', headers, body: JSON.stringify({ streams }) })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { server, takeLines } = shop(Math.random)
  server.listen(8081, '0.0.0.0')
  const quietly = () => undefined
  setInterval(() => void fetch('http://127.0.0.1:8081/').then((answer) => answer.text(), quietly), 100)
  const { LOKI_URL } = process.env
  if (LOKI_URL) setInterval(() => void pushLines(LOKI_URL, takeLines()).catch(quietly), 2000)
  process.once('SIGTERM', () => process.exit(0))
}
