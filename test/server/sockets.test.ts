import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ServerOptions } from '../../agent/config/server-options.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { listen } from '../../agent/server.ts'
import { serverUnderTest } from './harness.ts'

const MEGABYTE = 1024 * 1024

async function portOf(app: FastifyInstance): Promise<number> {
  const url = await listen(app, ServerOptions.parse({ port: 0 }))
  return Number(new URL(url).port)
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  // The server may hang up while we are still sending; what it said before is what matters.
  socket.on('error', () => undefined)
  return socket
}

async function readUntil(socket: Socket, done: (text: string) => boolean): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (done(text)) break
  }
  return text
}

const head = (length: string) =>
  `POST /v1/alerts/generic HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`
const hasAnswer = (text: string) => text.includes('\r\n\r\n') && text.includes('requestId')

describe('a body of 20 MB', () => {
  it('is refused by its announced length, before any of it was sent', async () => {
    const { app, ingested } = await serverUnderTest()
    const socket = await dial(await portOf(app))
    socket.write(head(`Content-Length: ${20 * MEGABYTE}`))
    const answer = await readUntil(socket, hasAnswer)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('payload_too_large')
    expect(ingested).toEqual([])
  })

  it('sent in chunks is cut off at the limit', async () => {
    const { app, ingested } = await serverUnderTest()
    const socket = await dial(await portOf(app))
    socket.write(head('Transfer-Encoding: chunked'))
    const chunk = `100000\r\n${' '.repeat(MEGABYTE)}\r\n`
    let sent = 0
    const send = () => {
      while (sent < 20 && !socket.destroyed) {
        sent++
        if (!socket.write(chunk)) return
      }
    }
    socket.on('drain', send)
    send()
    expect(await readUntil(socket, hasAnswer)).toMatch(/^HTTP\/1\.1 413 /)
    expect(ingested).toEqual([])
  })
})

describe('the server', () => {
  it('hangs up on connections over the limit and serves the others', async () => {
    const { app } = await serverUnderTest({ maxConnections: 2 })
    const port = await portOf(app)
    const [first, second] = [await dial(port), await dial(port)]
    const third = await dial(port)
    expect(await readUntil(third, () => true)).toBe('')
    for (const socket of [first, second]) {
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
      expect(await readUntil(socket, (text) => text.includes('"ok"'))).toMatch(/^HTTP\/1\.1 200 /)
    }
  })

  it('answers 503 when the agent behind it hangs', async () => {
    const { app } = await serverUnderTest({ requestTimeoutMs: 50 }, { status: () => new Promise(() => undefined) })
    const response = await app.inject('/v1/status')
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('5')
  })

  it('breaks an export off when it fails midway, so that nobody takes half for all', async () => {
    const failNow = Promise.withResolvers<void>()
    const exportAudit = async (to: Writable) => {
      to.write('{"seq":1}\n')
      await failNow.promise
      throw new Fault('store_unavailable', 'the database went away')
    }
    const { app } = await serverUnderTest({}, { exportAudit })
    const response = await fetch(`http://127.0.0.1:${await portOf(app)}/v1/audit/export`)
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('{"seq":1}\n')
    failNow.resolve()
    await expect(reader?.read()).rejects.toThrow()
  })

  it('does not start on an address that others reach, without tokens', async () => {
    const { app } = await serverUnderTest()
    await expect(listen(app, ServerOptions.parse({ host: '0.0.0.0', port: 0 }))).rejects.toMatchObject({
      code: 'config_invalid',
    })
    expect(app.server.listening).toBe(false)
  })
})
