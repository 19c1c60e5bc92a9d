import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type PartsAgent, startAgent } from './parts-agent.ts'
import { type PostgresPart, startPostgres } from './postgres.ts'
import {
  type AlertmanagerPart,
  freePort,
  removeFolder,
  scratchFolder,
  startAlertmanager,
  waitUntil,
} from './servers.ts'
import { TOKEN } from './world.ts'

let folder: string
let database: PostgresPart
let alertmanager: AlertmanagerPart
let running: PartsAgent

beforeAll(async () => {
  folder = scratchFolder('delivery')
  const port = await freePort()
  const tokens = [{ name: 'alertmanager', token: TOKEN, scopes: ['ingest'] }]
  const settings = { version: 1, server: { port, tokens }, watch: { enabled: false }, assess: { deadlineSeconds: 5 } }
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
  const primary = { provider: 'aws', region: 'eu-west-1' }
  const services = ['shop', 'stock'].map((name) => ({ name, primary }))
  writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, services }))
  database = await startPostgres(folder)
  const webhook = `http://127.0.0.1:${port}/v1/alerts/alertmanager`
  alertmanager = await startAlertmanager(folder, webhook, 'not-the-token-of-the-agent')
  running = await startAgent(folder, { DATABASE_URL: database.url('postgres') })
})

afterAll(async () => {
  await running?.stop()
  await alertmanager?.stop()
  await database?.stop()
  if (folder) removeFolder(folder)
})

let seen = 0
beforeEach(() => {
  seen = running.answered.length
})
const newAnswers = () => running.answered.slice(seen)

function send(service: string, alertname: string): Promise<void> {
  const startsAt = new Date(Date.now() - 1000).toISOString()
  return alertmanager.send({ alertname, service, severity: 'critical' }, { startsAt })
}

async function rows(query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url('postgres') })
  await client.connect()
  try {
    return (await client.query(query)).rows
  } finally {
    await client.end()
  }
}

describe('a real Alertmanager on a shared PostgreSQL', () => {
  it('is refused with a wrong token, and delivers once the token is right', async () => {
    await send('shop', 'ShopDown')
    await waitUntil(() => newAnswers().includes(401), 20_000, 'the refusal')
    expect(await rows('select count(*)::int as incidents from incidents')).toEqual([{ incidents: 0 }])
    expect(running.logLines.join('\n')).not.toContain('not-the-token-of-the-agent')
    await alertmanager.useToken(TOKEN)
    await waitUntil(() => newAnswers().includes(202), 30_000, 'the delivery')
    expect(await rows('select service, severity from incidents')).toEqual([{ service: 'shop', severity: 'critical' }])
    await waitUntil(() => running.assessed.length > 0, 20_000, 'the assessment')
  })

  it('is told 503 while the database is away, repeats itself, and is stored once', async () => {
    await database.stop()
    await send('stock', 'StockDown')
    await waitUntil(() => newAnswers().includes(503), 30_000, 'the refusal')
    expect(newAnswers()).not.toContain(202)
    await database.start()
    await waitUntil(() => newAnswers().includes(202), 60_000, 'the delivery')
    const stored = await rows(
      `select i.service, a.count, (select count(*)::int from alert_states where incident_id = i.id) as states
       from incidents i join incident_alerts a on a.incident_id = i.id where i.service = 'stock'`,
    )
    expect(stored).toEqual([{ service: 'stock', count: 1, states: 1 }])
    const isAssessed = () => running.assessed.some(({ incident }) => incident.service === 'stock')
    await waitUntil(isAssessed, 60_000, 'the assessment after the database came back')
    expect(await running.agent.store.audit.verify([])).toMatchObject({ ok: true })
  })

  it('finds nothing half-written when the database dies amid a storm', async () => {
    const { port } = running.agent.config.settings.server
    const alerts = (burst: number) => ({
      version: '4',
      status: 'firing',
      alerts: Array.from({ length: 50 }, (_, index) => ({
        status: 'firing',
        labels: { alertname: `Storm-${burst}-${index}`, service: index % 2 ? 'shop' : 'stock' },
        startsAt: new Date().toISOString(),
      })),
    })
    const accepted: number[] = []
    const sendBurst = async (burst: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/alerts/alertmanager`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(alerts(burst)),
      })
      await answer.body?.cancel()
      if (answer.status === 202) accepted.push(burst)
      return answer.status
    }
    const bursts = Array.from({ length: 60 }, (_, burst) => burst)
    const sending = (async () => {
      const statuses: number[] = []
      for (let at = 0; at < bursts.length; at += 4)
        statuses.push(...(await Promise.all(bursts.slice(at, at + 4).map(sendBurst))))
      return statuses
    })()
    await waitUntil(() => accepted.length >= 8, 20_000, 'the beginning of the storm')
    await database.stop()
    const statuses = await sending
    expect(new Set(statuses)).toEqual(new Set([202, 503]))
    await database.start()
    const stored = (await rows(
      `select split_part(alert::json->'labels'->>'alertname', '-', 2)::int as burst, count(*)::int as alerts
       from incident_alerts where alert::json->'labels'->>'alertname' like 'Storm-%' group by 1`,
    )) as { burst: number; alerts: number }[]
    // What was acknowledged is there, and every delivery is there as a whole or not at all.
    for (const { alerts: count } of stored) expect(count).toBe(50)
    expect(stored.map(({ burst }) => burst)).toEqual(expect.arrayContaining(accepted))
  })
})
