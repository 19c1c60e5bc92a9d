import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import type { Agent } from '../../agent/app/agent.ts'
import { createAgent } from '../../agent/app.ts'
import { type Config, loadConfig } from '../../agent/config.ts'
import type { Assessment } from '../../agent/engine/assess.ts'
import { createLog } from '../../agent/lib/log.ts'
import { serverDepsOf } from '../../agent/server/wire.ts'
import { createServer } from '../../agent/server.ts'
import type { TestClock, testServer } from '../store/test-database.ts'

export interface Running {
  readonly agent: Agent
  readonly server: FastifyInstance
  readonly config: Config
  readonly clock: TestClock
  readonly assessed: readonly Assessment[]
  readonly logLines: readonly string[]
  /** Past every guard of the database. */
  sql(text: string): Promise<Record<string, unknown>[]>
  stop(): Promise<void>
}

export interface Wanted {
  /** What services.yaml and failwise.yaml hold besides their version. */
  readonly catalogue?: { readonly services: readonly object[] }
  readonly settings?: object
  /** Continues where another agent of this test stopped. */
  readonly after?: Running
  readonly clock?: TestClock
}

/** A database of the file's server with an agent on it, started; everything ends with the test. */
export async function runningAgent(databases: ReturnType<typeof testServer>, wanted: Wanted = {}): Promise<Running> {
  const test = wanted.after ? null : await databases.open({ maximumConnections: 2 })
  if (test) onTestFinished(() => test.close())
  const clock = wanted.clock ?? wanted.after?.clock ?? test!.clock
  const folder = wanted.after?.config.folder ?? temporaryFolder()
  const config = wanted.after && !wanted.settings ? wanted.after.config : configOf(wanted, folder, test?.url)
  const assessed: Assessment[] = []
  const logLines: string[] = []
  const agent = await createAgent({
    config,
    environment: {},
    log: createLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } }),
    version: '0.0.0-test',
    purpose: 'serve',
    clock,
    analyst: 'rules',
    onAssessed: (assessment) => assessed.push(assessment),
  })
  const server = createServer(serverDepsOf(agent), {
    ...{ options: config.settings.server, people: config.settings.people, version: '0.0.0-test' },
  })
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    await server.close()
    await agent.stop()
  }
  onTestFinished(stop)
  await server.ready()
  await agent.start()
  const sql = wanted.after?.sql ?? ((statement) => test!.sql(statement))
  return { agent, server, config, clock, assessed, logLines, sql, stop }
}

/** Through files, as people configure an agent. */
function configOf(wanted: Wanted, folder: string, url: string | undefined): Config {
  const databaseUrl = url ?? wanted.after?.config.settings.store.databaseUrl
  const store = { folder, databaseUrl, options: { maximumConnections: 10 } }
  const settings = { version: 1, watch: { enabled: false }, ...wanted.settings, store }
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
  if (wanted.catalogue) writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, ...wanted.catalogue }))
  return loadConfig(folder, {})
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-app-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A service of the catalogue in its own failover group. */
export function catalogueService(name: string, collect: readonly object[] = []) {
  return {
    name,
    primary: { provider: 'aws', region: 'eu-west-1' },
    secondary: { provider: 'aws', region: 'eu-central-1' },
    runbookUrl: `https://wiki.example/${name}`,
    approvers: ['alice'],
    collect: [...collect],
  }
}

export interface FakeUpstream {
  readonly url: string
  /** Requests by path, in order. */
  readonly asked: { readonly path: string; readonly body: string }[]
  /** Most requests that were under way at once, by path. */
  readonly most: ReadonlyMap<string, number>
}

/** A real HTTP server on loopback that answers by path; an answer may be a function of the request's body. */
export async function fakeUpstream(answer: (path: string) => unknown | Promise<unknown>): Promise<FakeUpstream> {
  const asked: { path: string; body: string }[] = []
  const underWay = new Map<string, number>()
  const most = new Map<string, number>()
  const server = createHttpServer(async (request, reply) => {
    const path = new URL(request.url ?? '/', 'http://upstream').pathname
    const now = (underWay.get(path) ?? 0) + 1
    underWay.set(path, now)
    most.set(path, Math.max(most.get(path) ?? 0, now))
    asked.push({ path, body: await text(request) })
    const body = await answer(path)
    underWay.set(path, (underWay.get(path) ?? 1) - 1)
    reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, asked, most }
}

/** An Alertmanager delivery about some alerts of one service each. */
export function delivery(
  alerts: readonly { readonly service: string; readonly name?: string; readonly status?: 'firing' | 'resolved' }[],
): Record<string, unknown> {
  return {
    version: '4',
    groupKey: 'g',
    status: 'firing',
    receiver: 'failwise',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example',
    alerts: alerts.map(({ service, name = 'HighErrorRate', status = 'firing' }) => ({
      status,
      labels: { alertname: name, service, severity: 'critical' },
      annotations: { summary: 'too many errors' },
      startsAt: '2026-03-01T11:58:00.000Z',
      endsAt: status === 'resolved' ? '2026-03-01T11:59:00.000Z' : '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example',
    })),
  }
}

/** Sends a delivery as Alertmanager would; the answer's status and body. */
export async function post(running: Running, payload: Record<string, unknown>, path = '/v1/alerts/alertmanager') {
  const response = await running.server.inject({ method: 'POST', url: path, payload })
  return { status: response.statusCode, body: response.json() as Record<string, unknown> }
}

/** Asks again, as soon as what is under way has had its turn, until the check holds; fails with the message after a while. */
export async function waitUntil(check: () => Promise<boolean> | boolean, message: string): Promise<void> {
  const end = performance.now() + 15_000
  while (performance.now() < end) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`waited in vain: ${message}`)
}
