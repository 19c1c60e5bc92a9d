import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { agentMetrics } from '../../agent/app/metrics.ts'
import { observedNotifier, observedServices, observedTracer } from '../../agent/app/observed.ts'
import { announcePlans, runMetrics } from '../../agent/app/run-metrics.ts'
import { upstreamBoard } from '../../agent/app/upstream-board.ts'
import { Service } from '../../agent/domain/service.ts'
import type { Signal } from '../../agent/domain/signal.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { tryOnce } from '../../agent/lib/retry.ts'
import { noSpans } from '../../agent/lib/spans.ts'
import { noTracer, type TracedCall } from '../../agent/llm/tracer.ts'
import type { Notification } from '../../agent/notify/notifier.ts'
import type { CollectContext, Collector } from '../../collectors/collector.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
import { testServer } from '../store/test-database.ts'
import { catalogueService, delivery, fakeUpstream, post, runningAgent, waitUntil } from './agent-under-test.ts'

const databases = testServer()
const service = Service.parse({ name: 'shop', primary: { provider: 'aws', region: 'eu-west-1' } })
const NOTIFICATION: Notification = {
  id: 'n1',
  dedupeKey: 'n1',
  kind: 'page',
  severity: 'critical',
  title: 'checkout is down',
  service: 'shop',
  reasonLines: [],
  runbookUrl: null,
  overrideCommand: null,
  recordUrl: null,
  at: '2026-03-01T12:00:00.000Z',
}

function contextWith(abort: AbortSignal): CollectContext {
  const unused = async () => Promise.reject(new Error('not used'))
  const window = { from: '2026-03-01T11:00:00.000Z', to: '2026-03-01T12:00:00.000Z' }
  return { window, http: unused, mask: async (text) => text, retry: tryOnce, abort, truncated: () => {} }
}

function observed(collect: Collector['collect']) {
  const metrics = agentMetrics()
  const clock = steppingClock()
  const collector: Collector = {
    name: 'loki:errors',
    source: 'loki',
    observer: 'own_telemetry',
    timeoutMs: 1000,
    collect,
  }
  const entry = { service, collectors: [collector], plans: {}, approvers: [], approvalsNeeded: 1 }
  const book = observedServices(
    { find: () => entry, all: () => [entry] },
    metrics,
    clock,
    noSpans,
    upstreamBoard(() => 0),
  )
  return {
    metrics,
    clock,
    look: (abort = new AbortController().signal) =>
      book.find('shop')!.collectors[0]!.collect({ service }, contextWith(abort)),
  }
}

describe('metrics of collectors', () => {
  it('count and time a look, and tell nothing-found from could-not-look', async () => {
    let answer = async (): Promise<never[]> => []
    const { metrics, clock, look } = observed(() => answer())
    await look()
    answer = async () => {
      clock.advance(2000)
      throw new Fault('upstream_unreachable', 'no route')
    }
    await expect(look()).rejects.toThrow('no route')
    const text = await metrics.registry.metrics()
    expect(text).toContain('failwise_collector_reads_total{source="loki",outcome="empty"} 1')
    expect(text).toContain('failwise_collector_reads_total{source="loki",outcome="network"} 1')
    expect(text).toContain('failwise_collector_seconds_bucket{le="1",source="loki"} 1')
    expect(text).toContain('failwise_collector_seconds_sum{source="loki"} 2')
  })

  it('count one that hangs when its time is over, and only once', async () => {
    const answered = Promise.withResolvers<never[]>()
    const { metrics, look } = observed(() => answered.promise)
    const stop = new AbortController()
    const looking = look(stop.signal)
    stop.abort(new Fault('deadline', 'too late'))
    answered.resolve([])
    await looking
    const text = await metrics.registry.metrics()
    expect(text).toContain('failwise_collector_reads_total{source="loki",outcome="timeout"} 1')
    expect(text).not.toContain('outcome="empty"')
  })
})

describe('metrics of what was measured', () => {
  const check = { kind: 'health_check', id: 'c', check: 'cross_cloud_probe', detail: null, checkedAt: null } as const
  const lag = (target: 'secondary' | 'dr', replicationLagSeconds: number | null, exists = true): Signal => ({
    ...{ kind: 'readiness', id: target, target, exists, healthy: true, capacity: 'ok', replicationLagSeconds },
    ...{ sharedDependencies: [], lastBackupAt: null, lastRestoreTestAt: null, checkedAt: null, detail: null },
  })

  it('show how long a check took, and forget it when the next one measured nothing', async () => {
    let signals: Signal[] = [{ ...check, status: 'degraded', latencyMs: 250 }]
    const { metrics, look } = observed(async () => signals)
    await look()
    const labels = '{service="shop",check="cross_cloud_probe"}'
    expect(await metrics.registry.metrics()).toContain(`failwise_check_latency_seconds${labels} 0.25`)
    signals = [{ ...check, status: 'error', latencyMs: null }]
    await look()
    const text = await metrics.registry.metrics()
    expect(text).not.toContain('failwise_check_latency_seconds{')
    expect(text).toContain(`failwise_check_status${labels} 2`)
  })

  it('show the lag of each target, infinite where nobody could measure it', async () => {
    const { metrics, look } = observed(async () => [lag('secondary', 4), lag('dr', null)])
    await look()
    const text = await metrics.registry.metrics()
    expect(text).toMatch(/failwise_target_lag_seconds\{service="shop",target="secondary"\} 4\n/)
    expect(text).toMatch(/failwise_target_lag_seconds\{service="shop",target="dr"\} \+Inf\n/)
  })

  it('show nothing of a target that does not exist', async () => {
    const { metrics, look } = observed(async () => [lag('dr', null, false)])
    await look()
    expect(await metrics.registry.metrics()).not.toContain('failwise_target_lag_seconds{')
  })
})

describe('metrics of models', () => {
  it('count tokens, cost and time, and calls that came to nothing', async () => {
    const metrics = agentMetrics()
    const tracer = observedTracer(
      noTracer,
      metrics,
      upstreamBoard(() => 0),
    )
    const base: TracedCall = {
      ...{
        analyst: 'openai:gpt-x',
        promptHash: 'p',
        snapshotHash: 's',
        incident: 'i',
        service: 'shop',
        system: '',
        user: '',
      },
      ...{ call: null, error: 'no answer', opinion: null, before: 0 },
      ...{ startedAt: '2026-03-01T12:00:00.000Z', endedAt: '2026-03-01T12:00:20.000Z' },
    }
    tracer.call(base)
    const usage = { inputTokens: 1000, outputTokens: 50, cachedInputTokens: 400 }
    const about = { requestHash: 'r', text: '', model: 'gpt-x', requestId: null, costUsd: 0.25, latencyMs: 1500 }
    tracer.call({ ...base, error: null, call: { ...about, outcome: 'complete', usage } })
    const text = await metrics.registry.metrics()
    expect(text).toContain('failwise_model_calls_total{analyst="openai:gpt-x",outcome="failed"} 1')
    expect(text).toContain('failwise_model_calls_total{analyst="openai:gpt-x",outcome="complete"} 1')
    expect(text).toContain('failwise_model_tokens_total{analyst="openai:gpt-x",kind="input"} 1000')
    expect(text).toContain('failwise_model_cost_usd_total{analyst="openai:gpt-x"} 0.25')
    expect(text).toContain('failwise_model_seconds_sum{analyst="openai:gpt-x"} 21.5')
  })
})

describe('metrics of channels', () => {
  it('tell a refusal from a failure that may pass', async () => {
    const metrics = agentMetrics()
    const outcomes = [null, new Fault('upstream_unreachable', 'away'), new Fault('upstream_refused', 'no')]
    const send = async () => {
      const next = outcomes.shift()
      if (next) throw next
    }
    const notifier = observedNotifier(
      { name: 'pagerduty', send },
      metrics,
      upstreamBoard(() => 0),
    )
    const attempt = () => notifier.send(NOTIFICATION, new AbortController().signal).catch((fault: Fault) => fault.code)
    expect([await attempt(), await attempt(), await attempt()]).toEqual([
      undefined,
      'upstream_unreachable',
      'upstream_refused',
    ])
    const text = await metrics.registry.metrics()
    for (const outcome of ['sent', 'failed', 'refused'])
      expect(text).toContain(`failwise_notifications_total{channel="pagerduty",outcome="${outcome}"} 1`)
  })
})

describe('metrics of a whole agent', () => {
  it('show one alert from the request to its decision, and how the store stands', async () => {
    const upstream = await fakeUpstream(() => [])
    const collect = [{ source: 'changes-feed', url: upstream.url }]
    const running = await runningAgent(databases, { catalogue: { services: [catalogueService('shop', collect)] } })
    await post(running, delivery([{ service: 'shop' }]))
    await waitUntil(() => running.assessed.length === 1, 'the assessment')
    const scrape = async () => (await running.server.inject({ url: '/metrics' })).body
    await waitUntil(async () => (await scrape()).includes('failwise_live_agents 1'), 'the figures of the store')
    const text = await scrape()
    expect(text).toContain('failwise_http_requests_total{method="POST",route="/v1/alerts/alertmanager",status="202"} 1')
    expect(text).toContain('failwise_http_request_seconds_count{method="POST",route="/v1/alerts/alertmanager"} 1')
    expect(text).toContain('failwise_collector_reads_total{source="changes-feed",outcome="empty"} 1')
    expect(text).toMatch(/failwise_opinions_total\{analyst="rules",outcome="\w+"\} 1/)
    expect(text).toContain('failwise_first_decision_seconds_count 1')
    expect(text).toContain('failwise_agent_info{version="0.0.0-test",mode="shadow"} 1')
    expect(text).toMatch(/failwise_audit_head [1-9]/)
    expect(text).toContain('failwise_audit_broken 0')
    expect(text).toMatch(/failwise_audit_verified_timestamp_seconds [1-9]/)
  })

  it('say that the audit chain is broken when somebody changed it', async () => {
    const first = await runningAgent(databases, { catalogue: { services: [] } })
    await first.stop()
    await first.sql('alter table audit_log disable trigger all')
    await first.sql(`update audit_log set entry = replace(entry, '0.0.0-test', '6.6.6') where kind = 'agent_started'`)
    const second = await runningAgent(databases, { after: first })
    const scrape = async () => (await second.server.inject({ url: '/metrics' })).body
    await waitUntil(async () => (await scrape()).includes('\nfailwise_audit_broken 1'), 'the check of the chain')
    expect(second.logLines.join()).toContain('audit chain does not verify')
  })

  it('do not let whoever asks choose a label', async () => {
    const running = await runningAgent(databases, { catalogue: { services: [] } })
    for (const url of ['/nowhere-1', '/nowhere-2?token=secret', '/v1/incidents/made-up-id'])
      await running.server.inject({ url })
    const text = (await running.server.inject({ url: '/metrics' })).body
    expect(text).toContain('failwise_http_requests_total{method="any",route="unknown",status="404"} 2')
    expect(text).toContain('route="/v1/incidents/:id",status="404"} 1')
    expect(text).not.toMatch(/nowhere|made-up|secret/)
  })
})

describe('metrics of runs', () => {
  it('stand at 0 before the first run, so that an increase can be seen', async () => {
    const registry = new Registry()
    announcePlans(runMetrics(registry), ['move-shop'])
    const text = await registry.metrics()
    expect(text).toContain('failwise_run_objectives_total{plan="move-shop",objective="rto",result="missed"} 0')
    expect(text).toContain('failwise_runs_total{plan="move-shop",kind="rehearsal",state="succeeded"} 0')
  })
})
