import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '../lib/errors.ts'
import type { ConsoleFile, ConsoleFiles } from './console-files.ts'

/** Scripts and styles only from our own files, nothing from elsewhere, no framing; text can never become markup, since no code may make it so. */
export const CONSOLE_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** Addresses of screens; each is answered with the same page, which then shows what its address says. */
const SCREENS = [
  ...['/', '/incidents', '/incidents/:id', '/decisions/:id', '/audit'],
  ...['/report', '/plans', '/runs/:id', '/evals'],
]

const NOT_BUILT = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Failwise</title></head><body>
<h1>The agent runs; its console was not built</h1>
<p>Run <code>npm ci &amp;&amp; npm run build:console</code> in the checkout and start the agent again. The API is at <a href="/docs">/docs</a>.</p>
</body></html>`

/** The console: a static page that asks the API for everything, so that what it may show is decided there. */
export function consoleRoutes(app: FastifyInstance, files: ConsoleFiles | null): void {
  const screen = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('content-security-policy', CONSOLE_SECURITY_POLICY)
    const index = files?.get('index.html')
    // The page names files by their content, so it must be asked for each time; the answer is mostly "unchanged".
    if (index) return send(request, reply, index, 'no-cache')
    return reply.type('text/html; charset=utf-8').send(NOT_BUILT)
  }
  for (const url of SCREENS) app.get(url, { schema: { hide: true } }, screen)

  const asset = (path: string) => async (request: FastifyRequest, reply: FastifyReply) => {
    const name = path.endsWith('*') ? path.slice(1, -1) + (request.params as { '*': string })['*'] : path.slice(1)
    const file = files?.get(name)
    if (!file) throw new Fault('not_found', 'the console has no such file', { hint: 'reload the page' })
    return send(request, reply, file, path.endsWith('*') ? 'public, max-age=31536000, immutable' : 'no-cache')
  }
  for (const url of ['/assets/*', '/favicon.svg']) app.get(url, { schema: { hide: true } }, asset(url))
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile, cacheControl: string): FastifyReply {
  reply.header('cache-control', cacheControl).header('etag', file.etag).header('vary', 'accept-encoding')
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  reply.type(file.type)
  const accepted = request.headers['accept-encoding'] ?? ''
  for (const encoding of ['br', 'gzip'] as const) {
    const bytes = file[encoding]
    if (bytes !== null && accepts(accepted, encoding)) return reply.header('content-encoding', encoding).send(bytes)
  }
  return reply.send(file.bytes)
}

/** Named, and not with the weight that means "anything but this". */
function accepts(header: string, encoding: string): boolean {
  return new RegExp(`(^|,)\\s*${encoding}\\s*(;\\s*q=(?!0(\\.0*)?\\s*(,|$))|,|$)`).test(header)
}
