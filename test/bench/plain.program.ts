import Fastify from 'fastify'
import pg from 'pg'
import { systemClock } from '../../agent/lib/clock.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'

/** What everything is compared with: a Fastify handler that inserts each body into one table of the same PostgreSQL, durably, and nothing else. */
const [folder, port] = process.argv.slice(2)
if (!folder || !port) throw new Error('usage: FOLDER PORT')
const database = await startEmbedded({ folder, purpose: 'serve', clock: systemClock })
const pool = new pg.Pool({ connectionString: database.url, max: 10 })
await pool.query('create table if not exists bodies (id bigserial primary key, body jsonb not null)')
const app = Fastify({ logger: false, bodyLimit: 5 * 1024 * 1024 })
app.get('/readyz', async () => ({ status: 'ok' }))
app.get('/metrics', async () => `process_resident_memory_bytes ${process.memoryUsage().rss}\n`)
app.post('/v1/alerts/alertmanager', async (request, reply) => {
  const { rows } = await pool.query('insert into bodies (body) values ($1) returning id', [
    JSON.stringify(request.body),
  ])
  reply.code(202)
  return { id: rows[0].id }
})
await app.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', async () => {
  await app.close()
  await pool.end()
  await database.stop()
  process.exit(0)
})
