import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Agent } from '../../agent/app/agent.ts'
import { createAgent } from '../../agent/app.ts'
import { demoPlans } from '../../agent/cli/demo-plans.ts'
import { serveUpstreams } from '../../agent/cli/demo-upstreams.ts'
import { loadConfig } from '../../agent/config.ts'
import { createLog } from '../../agent/lib/log.ts'
import { readConsole } from '../../agent/server/console-files.ts'
import { serverDepsOf } from '../../agent/server/wire.ts'
import { createServer, listen } from '../../agent/server.ts'
import { incidentOf } from '../../evals/case.ts'
import { movedBy } from '../../evals/metamorphic/shift.ts'
import { parseRecordedIncident } from '../../evals/recorded-incident.ts'
import { recordedEntry } from '../../evals/recorded-scope.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A recorded incident, with some of its words replaced. */
export interface Seed {
  readonly file: string
  readonly replace?: readonly (readonly [from: string, to: string])[]
  /** Who may answer when people are asked; with them come plans that touch nothing. */
  readonly approvers?: readonly string[]
  /** How many of them must say yes; one unless given. */
  readonly approvalsNeeded?: number
}

export interface Scene {
  readonly url: string
  readonly agent: Agent
  /** The first decision about each seed, by file. */
  readonly decisions: ReadonlyMap<string, string>
  stop(): Promise<void>
}

/** A whole agent on a database of its own, that has decided about recorded incidents; it serves the built console. */
export async function scene(
  databaseUrl: string,
  seeds: readonly Seed[],
  serverSettings: object = {},
  moreSettings: object = {},
): Promise<Scene> {
  const cleanups: (() => Promise<unknown> | void)[] = []
  const folder = mkdtempSync(join(tmpdir(), 'failwise-browser-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'plans'))
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const services: object[] = []
  const alerts: unknown[] = []
  const fileOf = new Map<string, string>()
  for (const { file, replace = [], approvers, approvalsNeeded = 1 } of seeds) {
    let text = readFileSync(join(ROOT, 'evals/incidents', `${file}.json`), 'utf8')
    for (const [from, to] of replace) text = text.replaceAll(from, JSON.stringify(to).slice(1, -1))
    const recorded = parseRecordedIncident(JSON.parse(text), file)
    const incident = movedBy(incidentOf(recorded), nowMs - Date.parse(recorded.decidedAt))
    const upstreams = await serveUpstreams(incident)
    cleanups.push(() => upstreams.close())
    const { service, collectors } = recordedEntry(incident, upstreams.url)
    const plans = (approvers ? demoPlans(service, null) : []).map((plan) => ({
      ...plan,
      name: `${service.name}-${plan.name}`,
    }))
    for (const plan of plans) writeFileSync(join(folder, 'plans', `${plan.name}.yaml`), stringify(plan))
    services.push({
      ...{ ...service, collect: collectors },
      ...(approvers && {
        approvers,
        approvalsNeeded,
        plans: Object.fromEntries(plans.map(({ action, name }) => [action, name])),
      }),
    })
    alerts.push(incident.alert)
    fileOf.set(service.name, file)
  }
  const settings = {
    ...{ version: 1, watch: { enabled: false }, server: { port: 0, ...serverSettings } },
    store: { folder, databaseUrl, options: { maximumConnections: 10 } },
    ...moreSettings,
  }
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
  writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, services }))
  const config = loadConfig(folder, {})
  const decisions = new Map<string, string>()
  const waiting = Promise.withResolvers<void>()
  const agent = await createAgent({
    ...{ config, environment: {}, version: '0.0.0-browser', purpose: 'serve' },
    analyst: 'analyst' in moreSettings ? 'auto' : 'rules',
    log: createLog({ level: 'silent' }),
    onAssessed: ({ snapshot, recorded }) => {
      const file = fileOf.get(snapshot.service.name)
      if (file !== undefined && !decisions.has(file)) decisions.set(file, recorded.id)
      if (decisions.size === seeds.length) waiting.resolve()
    },
  })
  cleanups.push(() => agent.stop())
  const server = createServer(serverDepsOf(agent), {
    ...{ options: config.settings.server, people: config.settings.people, publicUrl: config.settings.publicUrl },
    version: '0.0.0-browser',
    console: readConsole(join(ROOT, 'console/dist')),
  })
  cleanups.push(() => server.close())
  const url = await listen(server, config.settings.server, config.settings.people)
  await agent.start()
  for (const alert of alerts) {
    const headers = { authorization: `Bearer ${INGEST}` }
    const answer = await server.inject({
      method: 'POST',
      url: '/v1/alerts/alertmanager',
      headers,
      payload: alert as object,
    })
    if (answer.statusCode !== 202) throw new Error(`the alert was answered ${answer.statusCode}: ${answer.body}`)
  }
  await waiting.promise
  return {
    url,
    agent,
    decisions,
    stop: async () => {
      for (const cleanup of cleanups.reverse()) await cleanup()
    },
  }
}

/** The token that alerts come with, where tokens are configured. */
export const INGEST = 'ingest-token-of-the-scene'
