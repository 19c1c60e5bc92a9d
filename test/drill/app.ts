import pg from 'pg'
import { type SmallService, serverOf, startService } from '../parts/failover-servers.ts'
import type { PostgresPart } from '../parts/postgres.ts'

const CONNECTIONS = 4
/** What was written has to read as it was sent; a database that mangles it has not taken the write. */
const WRITE = 'INSERT INTO orders VALUES ($1, md5($1)) RETURNING sum = md5(id) AS intact'
const NEWEST = 'SELECT sum = md5(id) AS intact FROM orders LIMIT 1'

/** A shop's application: takes `{"id": "…"}` and answers once its database has it, lists what is there, and says how it is. */
export async function startApp(database: PostgresPart, site: string): Promise<SmallService> {
  const { host, port } = serverOf(database)
  const login = { host, port, user: 'app', database: 'postgres' }
  const pool = new pg.Pool({ ...login, max: CONNECTIONS, connectionTimeoutMillis: 3000 })
  // A session that is ended while it begins tells of it later, when nobody waits for it any more.
  pool.on('connect', (client) => client.on('error', () => undefined))
  pool.on('error', () => undefined)
  const isIntact = async (text: string, values: readonly string[] = []) => {
    const { rows } = await pool.query<{ intact: boolean }>(text, [...values])
    return rows.every(({ intact }) => intact)
  }
  const answer = (isGood: boolean) => ({ status: isGood ? 200 : 500, body: '{}' })
  const service = await startService(async (path, method, body) => {
    if (path === '/metrics') return { status: 200, body: `shop_connections{site="${site}"} ${CONNECTIONS}\n` }
    try {
      if (method === 'POST') return answer(await isIntact(WRITE, [(JSON.parse(body) as { id: string }).id]))
      if (path === '/status') return answer(await isIntact(NEWEST))
      if (!path.startsWith('/orders')) return answer(true)
      const { rows } = await pool.query<{ id: string }>('SELECT id FROM orders')
      return { status: 200, body: JSON.stringify({ ids: rows.map(({ id }) => id) }) }
    } catch {
      return { status: 503, body: '{}' }
    }
  })
  return {
    ...service,
    stop: async () => {
      await service.stop()
      await pool.end()
    },
  }
}
