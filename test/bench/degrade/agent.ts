import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { stringify } from 'yaml'
import { systemClock } from '../../../agent/lib/clock.ts'
import { startEmbedded } from '../../../agent/store/embedded.ts'
import { freePort, stopChild } from '../../parts/servers.ts'
import { exchange } from '../load.ts'
import { KINDS, serviceNames } from './services.ts'

const ROOT = join(import.meta.dirname, '../../..')
const READY_WITHIN_MS = 120_000

/** `failwise serve` over all services, on a PostgreSQL that can be asked directly. */
export async function serveOn(upstreams: string) {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-storm-'))
  await chmod(folder, 0o755)
  const database = await startEmbedded({ folder: join(folder, 'data'), purpose: 'serve', clock: systemClock })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const primary = { provider: 'own', region: 'here' }
  const services = KINDS.flatMap((kind) =>
    serviceNames(kind).map((name) => ({
      ...{ name, primary, collect: [{ source: 'health-http', url: `${upstreams}/${kind}/${name}`, tries: 1 }] },
    })),
  )
  // Groups of their own, so that nothing hangs under one event.
  const settings = { version: 1, server: { port }, watch: { enabled: false }, log: { level: 'error' } }
  writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, services }))
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
  const env = { ...process.env, DATABASE_URL: database.url, OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '' }
  const argv = [join(ROOT, 'agent/cli.ts'), '--config', folder, 'serve']
  const child = spawn(process.execPath, argv, { stdio: 'ignore', env })
  const line = new Agent({ keepAlive: true })
  const get = async (path: string) => exchange(line, `${url}${path}`).catch(() => null)
  const stop = async () => {
    line.destroy()
    await stopChild(child)
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const endMs = performance.now() + READY_WITHIN_MS
  while ((await get('/readyz'))?.status !== 200) {
    if (child.exitCode !== null || performance.now() > endMs) {
      await stop()
      throw new Error('the agent is not ready')
    }
    await systemClock.sleep(50)
  }
  const rows = async (text: string, values: unknown[] = []) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      return (await client.query(text, values)).rows as Record<string, string>[]
    } finally {
      await client.end()
    }
  }
  return {
    url,
    stop,
    memoryMb: async () => {
      const { body = '' } = (await get('/metrics')) ?? {}
      return Number(/^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1]) / 1024 / 1024
    },
    /** Seconds from a service's incident to its first decision, once all have one or the time is over. */
    firstDecisions: async (withinMs: number): Promise<Map<string, number>> => {
      const total = services.length
      const overMs = performance.now() + withinMs
      for (;;) {
        const found =
          await rows(`select i.service, extract(epoch from min(d.decided_at) - min(i.opened_at))::float8 as seconds
          from incidents i join decisions d on d.incident_id = i.id group by 1`)
        if (found.length >= total || performance.now() > overMs)
          return new Map(found.map(({ service, seconds }) => [service ?? '', Number(seconds)]))
        await systemClock.sleep(1000)
      }
    },
    lost: async (names: readonly string[]): Promise<number> => {
      const [row] = await rows(
        `select count(*)::int as lost from unnest($1::text[]) as name
          where not exists (select from incident_alerts where alert::jsonb #>> '{labels,alertname}' = name)`,
        [names],
      )
      return Number(row?.lost)
    },
  }
}
