import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import type { Person } from '../../agent/approval/people.ts'
import { ServerOptions } from '../../agent/config/server-options.ts'
import type { Alert } from '../../agent/domain/alert.ts'
import type { HealthEvent } from '../../agent/ingest/infrastructure-health.ts'
import { createLog } from '../../agent/lib/log.ts'
import type { ConsoleFiles } from '../../agent/server/console-files.ts'
import type { Caller, ChangeInput, DeliveryMeta, ServerDeps } from '../../agent/server/deps.ts'
import { createServer } from '../../agent/server.ts'

export const INGEST_TOKEN = 'ingest-token-0123456789'
export const READ_TOKEN = 'read-token-0123456789ab'
export const ADMIN_TOKEN = 'admin-token-0123456789a'
export const TOKENS = [
  { name: 'alertmanager', token: INGEST_TOKEN, scopes: ['ingest' as const] },
  { name: 'reader', token: READ_TOKEN, scopes: ['read' as const] },
  { name: 'ops', token: ADMIN_TOKEN, scopes: ['admin' as const] },
]
export const NOW = Date.parse('2026-03-01T12:00:10.000Z')

const NO_LABEL = { best: null, acceptable: [], tolerable: [], category: null } as const

export interface Harness {
  readonly app: FastifyInstance
  readonly deps: ServerDeps
  readonly registry: Registry
  readonly clock: { nowMs: number }
  /** What reached the agent behind the server. */
  readonly ingested: { alerts: readonly Alert[]; meta: DeliveryMeta }[]
  readonly measured: HealthEvent[]
  readonly changes: ChangeInput[]
  readonly acts: { act: string; service: string | null; reason: string; caller: Caller }[]
  readonly logLines: string[]
}

const NO_SIDE = { failovers: 0, needless: 0, missed: 0, agreedWithPeople: 0 }
const EMPTY_REPORT = {
  ...{ incidents: 0, judged: 0, agent: NO_SIDE, thresholds: NO_SIDE, needlessAvoided: 0 },
  ...{ minutesSaved: 0, minutesLost: 0, rows: [] },
}

/** A server over a fake agent that remembers what it was told. */
export async function serverUnderTest(
  options: Parameters<typeof ServerOptions.parse>[0] = {},
  overrides: Partial<ServerDeps> = {},
  console: ConsoleFiles | null = null,
  people: readonly Person[] = [],
): Promise<Harness> {
  const clock = { nowMs: NOW }
  const registry = new Registry()
  const seen: Omit<Harness, 'app' | 'deps' | 'registry' | 'clock'> = {
    ingested: [],
    measured: [],
    changes: [],
    acts: [],
    logLines: [],
  }
  let requests = 0
  const deps: ServerDeps = {
    clock: { now: () => clock.nowMs, elapsed: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    log: createLog({ level: 'debug', destination: { write: (line: string) => void seen.logLines.push(line) } }),
    registry,
    http: () => Promise.reject(new Error('the server asks nobody in this test')),
    newRequestId: () => `req-${++requests}`,
    ingest: async (alerts, meta) => {
      seen.ingested.push({ alerts, meta })
      return {
        incidents: ['inc-1'],
        unmatched: alerts.filter(({ labels }) => !labels.service).map(({ fingerprint }) => fingerprint),
      }
    },
    updateMetrics: async (event) => void seen.measured.push(event),
    addChange: async (change) => {
      seen.changes.push(change)
      return { id: 'chg-1' }
    },
    sns: null,
    listIncidents: async (query) => ({ items: [{ id: 'inc-1', ...query }], next: null }),
    getIncident: async (id) => (id === 'inc-1' ? { incident: { id } } : null),
    listDecisions: async (query) => ({ items: [{ id: 'dec-1', ...query }], next: 'dec-0' }),
    getDecision: async () => null,
    getDecisionContext: async (id) => (id === 'dec-1' ? { approvals: [] } : null),
    replay: async (id, policy) => ({ id, same: true, ...(policy !== null && { policy }) }),
    listAudit: async () => ({ items: [{ seq: 1 }], next: null }),
    verifyAudit: async () => ({ ok: true }),
    exportAudit: async (to) => void to.write('{"seq":1}\n'),
    report: async () => ({ ...EMPTY_REPORT }),
    listPlans: async () => ({ plans: [] }),
    getRun: async () => null,
    listEvals: async () => ({ reports: [] }),
    getEval: async () => null,
    getExchange: async (id) => (id === 'dec-1' ? { prompt: null, replies: null, note: 'no model' } : null),
    status: async ({ principal }) => ({ services: [], seenBy: principal }),
    listQuestions: async () => [],
    getQuestion: async () => null,
    answer: async (id, { answer }, caller) => {
      seen.acts.push({ act: answer, service: id, reason: '', caller })
      return { text: 'Refused. Nothing is done.' }
    },
    moreTime: async (id, caller) => {
      seen.acts.push({ act: 'moreTime', service: id, reason: '', caller })
      return { text: 'The question stands until 12:15 UTC.' }
    },
    lookAgain: async (id, caller) => {
      seen.acts.push({ act: 'lookAgain', service: id, reason: '', caller })
      return { text: 'Looking again now.' }
    },
    label: async (id, { label, why }, caller) => {
      if (id !== 'dec-1') return null
      seen.acts.push({ act: label, service: id, reason: why, caller })
      return { by: caller.principal, at: '2026-03-01T12:00:10.000Z', ...NO_LABEL, label, why }
    },
    evaluationCase: async () => null,
    pulse: async () => ({ record: '1' }),
    scoreHistory: async (scope, hours) => [{ scope, hours }],
    freeze: async (service, reason, caller) => void seen.acts.push({ act: 'freeze', service, reason, caller }),
    unfreeze: async (service, reason, caller) => void seen.acts.push({ act: 'unfreeze', service, reason, caller }),
    readiness: async () => ({ isReady: true, checks: { store: 'ok' } }),
    ...overrides,
  }
  const app = createServer(deps, {
    ...{ options: ServerOptions.parse(options), people, publicUrl: 'http://agent.example', version: '0.0.0-test' },
    console,
  })
  onTestFinished(() => app.close())
  await app.ready()
  return { app, deps, registry, clock, ...seen }
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}
