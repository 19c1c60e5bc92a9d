import type { Evidence } from '../../agent/domain/evidence.ts'
import { HealthScoreOptions } from '../../agent/domain/health-score.ts'
import type { Service } from '../../agent/domain/service.ts'
import type { Signal } from '../../agent/domain/signal.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import type { AssessDeps } from '../../agent/engine/assess.ts'
import type { ServiceBook, ServiceEntry } from '../../agent/engine/service-entry.ts'
import type { Clock } from '../../agent/lib/clock.ts'
import { tryOnce } from '../../agent/lib/retry.ts'
import type { Analyst } from '../../agent/llm/analyst.ts'
import { Policy } from '../../agent/policy/policy.ts'
import type { Claim } from '../../agent/store/records.ts'
import type { CollectContext, Collector } from '../../collectors/collector.ts'
import { answering } from '../collectors/round.ts'
import { clearOutage, sureOpinion } from '../policy/inputs.ts'
import { alertOf } from '../store/samples.ts'
import type { TestStore } from '../store/test-database.ts'

/** The service of the clear outage. */
export const SHOP: Service = clearOutage().service

/** A collector with a given outcome: signals, or a function that gives them, throws or hangs. */
export function collectorOf(
  about: Pick<Evidence, 'id' | 'observer'>,
  signals: readonly Signal[] | ((ctx: CollectContext) => readonly Signal[] | Promise<readonly Signal[]>),
): Collector {
  return {
    name: about.id,
    source: 'test',
    observer: about.observer,
    timeoutMs: 10_000,
    collect: async (_scope, ctx) => [...(typeof signals === 'function' ? await signals(ctx) : signals)],
  }
}

/** Collectors that bring the evidence of the clear outage, where every observer agrees and both targets are ready. */
export function outageCollectors(): Collector[] {
  return clearOutage().evidence.map((piece) => collectorOf(piece, piece.signals))
}

/** Collectors that see a healthy service, from inside and outside. */
export function calmCollectors(nowMs: () => number): Collector[] {
  const checkedAt = () => new Date(nowMs()).toISOString()
  const check = (name: string, observer: Evidence['observer']) =>
    collectorOf({ id: `health:${name}`, observer }, () => [
      {
        kind: 'health_check',
        id: `health:${name}:1`,
        check: name,
        status: 'ok',
        latencyMs: 3,
        detail: null,
        checkedAt: checkedAt(),
      },
    ])
  return [check('external_uptime', 'outside_probe'), check('internal_services', 'own_telemetry')]
}

export interface CountingAnalyst extends Analyst {
  readonly asked: number
}

/** An analyst that gives one opinion, or does what a function says, and counts how often it was asked. */
export function analystWith(
  opinion: Opinion | ((abort: AbortSignal) => Promise<Opinion>) = sureOpinion(),
): CountingAnalyst {
  let asked = 0
  return {
    id: 'openai:test',
    get asked() {
      return asked
    },
    assess: async (_snapshot, _facts, abort) => {
      asked += 1
      return typeof opinion === 'function' ? opinion(abort) : opinion
    },
  }
}

export function entryOf(changes: Partial<ServiceEntry> = {}): ServiceEntry {
  const plan = (name: string) => ({ name, hash: `plan:${name}`, isIrreversible: false, isUnfenced: false })
  return {
    service: SHOP,
    collectors: outageCollectors(),
    plans: {
      self_heal: plan('restart'),
      rollback_change: plan('rollback'),
      region_failover: plan('move to eu-central-1'),
      dr_failover: plan('move to gcp'),
    },
    approvers: ['alice', 'bob'],
    approvalsNeeded: 1,
    ...changes,
  }
}

export function bookOf(...entries: readonly ServiceEntry[]): ServiceBook {
  return { find: (name) => entries.find(({ service }) => service.name === name), all: () => entries }
}

/** Everything an assessment needs around a test's store; the agent sees out in both directions. */
export function assessDepsOf(
  test: Pick<TestStore, 'store'> & { readonly clock: Clock },
  changes: Partial<AssessDeps> = {},
): AssessDeps {
  let made = 0
  return {
    agentId: 'agent-a',
    store: test.store,
    services: bookOf(entryOf()),
    http: answering('nobody asks'),
    mask: async (text) => text,
    retry: tryOnce,
    clock: test.clock,
    analyst: analystWith(),
    policy: () => ({ policy: Policy.parse({ version: 1 }), text: 'version: 1\n' }),
    healthScore: HealthScoreOptions.parse({}),
    anomaly: null,
    isolation: () => ({ recoverySiteReachable: true, neutralAnchorReachable: true }),
    mode: 'live',
    messages: { channels: ['chat'], baseUrl: 'https://failwise.example', mode: 'live', deadlineSeconds: 60 },
    newId: (kind) => `${kind}_${String(++made).padStart(6, '0')}`,
    deadlineMs: 60_000,
    windowMs: 3_600_000,
    ...changes,
  }
}

/** An incident of the shop, claimed as the assessor would. */
export async function claimedShop(test: TestStore, status: 'firing' | 'resolved' = 'firing'): Promise<Claim> {
  await sendAlert(test, status)
  return claimAgain(test)
}

export async function sendAlert(test: TestStore, status: 'firing' | 'resolved' = 'firing'): Promise<void> {
  const { alert } = alertOf('shop', { status, startsAt: '2026-03-01T11:51:00.000Z' })
  await test.store.incidents.ingestAlerts([{ alert, service: 'shop', group: 'shop', provider: 'aws' }], test.at())
}

/** Claims the shop's incident whether or not it is due. */
export async function claimAgain(test: TestStore, agentId = 'agent-a'): Promise<Claim> {
  const [incident] = await test.store.incidents.list({ open: true })
  const claim = incident ? await test.store.incidents.claimAssessment(agentId, 75_000, incident.id) : null
  if (!claim) throw new Error('there is nothing to assess')
  return claim
}
