import { type AddressInfo, createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { stoppedClock } from '../../agent/lib/clock.ts'
import { isFault } from '../../agent/lib/errors.ts'
import { systemPorts } from '../../collectors/shared/system-ports.ts'
import { fixture } from './samples.ts'

const ports = systemPorts({ clock: stoppedClock(0), recentChanges: async () => [] })
const never = new AbortController().signal
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function portOf(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const tls = { key: fixture('tls/localhost.key'), cert: fixture('tls/localhost.crt') }

describe('the machine’s own ports', () => {
  it('connect over TCP, or tell by code why not', async () => {
    const server = createServer((socket) => socket.end())
    const port = await portOf(server)
    await ports.connectTcp({ host: '127.0.0.1', port }, never)
    servers.splice(0)
    await new Promise((resolve) => server.close(resolve))
    await expect(ports.connectTcp({ host: '127.0.0.1', port }, never)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('read the certificate of a server, trusted or not', async () => {
    const port = await portOf(createTlsServer(tls, (socket) => socket.end()))
    const served = await ports.certificateOf({ host: '127.0.0.1', port, serverName: 'localhost' }, never)
    expect(served.problem).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(Date.parse(served.validTo)).toBeGreaterThan(Date.parse('2100-01-01T00:00:00Z'))
    expect(Date.parse(served.validFrom)).toBeLessThan(Date.parse(served.validTo))
  })

  it('end with their abort', async () => {
    const stop = new AbortController()
    const port = await portOf(createServer(() => stop.abort(new Error('stopped'))))
    await expect(
      ports.certificateOf({ host: '127.0.0.1', port, serverName: 'localhost' }, stop.signal),
    ).rejects.toThrow('stopped')
    await expect(ports.connectTcp({ host: '127.0.0.1', port }, stop.signal)).rejects.toThrow('stopped')
  })

  it('name a PostgreSQL that cannot be reached, without its login', async () => {
    const address = { host: '127.0.0.1', port: 1, database: 'd', user: 'u', password: 'hunter2', tls: 'off' } as const
    const error = await ports
      .queryPostgres(address, 'SELECT 1', { timeoutMs: 500, maxRows: 1 }, never)
      .catch((caught: unknown) => caught)
    expect(isFault(error, 'upstream_unreachable')).toBe(true)
    expect(String(error)).not.toContain('hunter2')
  })
})
