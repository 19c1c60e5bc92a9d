import { describe, expect, it } from 'vitest'
import { otlpSpans } from '../../agent/app/otlp-spans.ts'
import { spanningTracer, spansOf, stageSpans, tracedCollector } from '../../agent/app/tracing.ts'
import { loadConfig } from '../../agent/config.ts'
import { JournalEntry, Run } from '../../agent/domain/run.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { noSpans, traceIdOfIncident } from '../../agent/lib/spans.ts'
import { noTracer, type TracedCall } from '../../agent/llm/tracer.ts'
import type { Collector } from '../../collectors/collector.ts'
import { otlpReceiver } from '../fakes/otlp-receiver.ts'
import { testServer } from '../store/test-database.ts'
import {
  catalogueService,
  delivery,
  fakeUpstream,
  post,
  runningAgent,
  temporaryFolder,
  waitUntil,
} from './agent-under-test.ts'

const databases = testServer()
const AT = Date.parse('2026-03-01T12:00:00.000Z')

function tracing(endpoint: string) {
  const time = { now: AT, elapsed: 0 }
  const clock = { now: () => time.now, elapsed: () => time.elapsed }
  const options = { endpoint, headers: { 'x-tenant': 'ops' }, serviceName: 'failwise' }
  const spans = otlpSpans(options, { agentId: 'agent-1', version: '1.2.3', clock })
  const pass = (ms: number) => {
    time.now += ms
    time.elapsed += ms
  }
  return { spans, time, pass }
}

const run = Run.parse({
  ...{ id: 'run-1', incidentId: 'inc-1', decisionId: null, approvalId: null, service: 'shop', group: 'shop' },
  ...{ action: 'region_failover', target: 'secondary', planHash: 'h', factsHash: null, requestedBy: 'alice' },
  ...{
    requestedAt: '2026-03-01T12:00:00.000Z',
    startBefore: '2026-03-01T12:10:00.000Z',
    state: 'running',
    generation: 4,
  },
  ...{
    agentId: 'agent-1',
    startedAt: null,
    finishedAt: null,
    isDryRun: false,
    dataLossConsentSeconds: null,
    cooldownSeconds: 1,
  },
})
const entry = (stage: string, kind: JournalEntry['kind']) =>
  JournalEntry.parse({
    ...{
      runId: 'run-1',
      seq: 1,
      at: '2026-03-01T12:00:00.000Z',
      generation: 4,
      stage,
      kind,
      detail: 'secret words',
      data: {},
    },
  })

describe('an agent with a receiver for traces', () => {
  it('sends an assessment with every look, the judging and the decision, in the trace that the log names', async () => {
    const receiver = await otlpReceiver()
    const upstream = await fakeUpstream((path) =>
      path === '/broken'
        ? 'no list'
        : [{ signal: 'internal_services', status: 'error', checkedAt: new Date().toISOString() }],
    )
    const feed = (path: string, check: string) => ({
      source: 'health-feed',
      url: `${upstream.url}${path}`,
      checks: [check],
    })
    const running = await runningAgent(databases, {
      catalogue: {
        services: [catalogueService('shop', [feed('/fine', 'internal_services'), feed('/broken', 'external_uptime')])],
      },
      settings: { tracing: { endpoint: receiver.url } },
    })
    const { body } = await post(running, delivery([{ service: 'shop' }]))
    await waitUntil(() => running.assessed.length === 1, 'the assessment')
    await running.stop()

    expect(receiver.mistakes).toEqual([])
    const [incident = ''] = body.incidents as string[]
    const traceId = traceIdOfIncident(incident)
    const [root] = receiver.spans.filter(({ name }) => name === 'assess')
    const [assessment] = running.assessed
    expect(root).toMatchObject({ traceId, parentSpanId: undefined, error: null })
    expect(root?.attributes).toMatchObject({ incident, service: 'shop', decision: assessment?.recorded.id })
    const looks = receiver.spans.filter(({ name }) => name.startsWith('collect '))
    expect(looks.map(({ parentSpanId }) => parentSpanId)).toEqual([root?.spanId, root?.spanId])
    expect(looks.map(({ error }) => error).sort()).toEqual([null, 'malformed'].sort())
    expect(receiver.spans.find(({ name }) => name === 'judge')).toMatchObject({ parentSpanId: root?.spanId })

    const line = running.logLines.map((one) => JSON.parse(one)).find(({ msg }) => msg === 'decided')
    expect(line).toMatchObject({ incident, trace: traceId, decision: assessment?.recorded.id, service: 'shop' })
  })
})

describe('spans', () => {
  it('go out with the headers and the agent they are of, as the protocol says', async () => {
    const receiver = await otlpReceiver()
    const { spans, pass } = tracing(receiver.url)
    const span = spans.begin('assess', 'inc-1', { incident: 'inc-1', attempt: 2, ok: true, share: 0.5 })
    pass(1500)
    span.end()
    span.end({ error: 'a second end counts for nothing' })
    await spans.close()
    expect(receiver.mistakes).toEqual([])
    expect(receiver.spans).toMatchObject([
      { name: 'assess', ms: 1500, error: null, traceId: traceIdOfIncident('inc-1') },
    ])
    expect(receiver.headers[0]).toMatchObject({ 'x-tenant': 'ops' })
    expect(receiver.resources[0]).toMatchObject({ 'service.instance.id': 'agent-1', 'service.version': '1.2.3' })
  })

  it('belong to the assessment in which they were begun, however many are under way', async () => {
    const receiver = await otlpReceiver()
    const { spans } = tracing(receiver.url)
    const look = async (id: string) => {
      const span = spans.begin('assess', id, {})
      await spans.within(span, async () => {
        await Promise.resolve()
        spans.child('collect', { of: id }).end()
      })
      span.end()
    }
    await Promise.all(['a', 'b', 'c'].map(look))
    spans.child('collect', { of: 'nobody' }).end()
    await spans.close()
    const children = receiver.spans.filter(({ name }) => name === 'collect')
    expect(children).toHaveLength(3)
    for (const { traceId, attributes, parentSpanId } of children) {
      expect(traceId).toBe(traceIdOfIncident(String(attributes.of)))
      expect(receiver.spans.find(({ spanId }) => spanId === parentSpanId)?.traceId).toBe(traceId)
    }
  })

  it('say when a clock was set back, by keeping to the time that passed', async () => {
    const receiver = await otlpReceiver()
    const { spans, time } = tracing(receiver.url)
    const span = spans.begin('assess', 'inc-1', {})
    Object.assign(time, { now: AT - 3_600_000, elapsed: 800 })
    span.end()
    await spans.close()
    expect(receiver.spans).toMatchObject([{ ms: 800 }])
  })

  it('cost a decision nothing when nobody receives them', async () => {
    const { spans } = tracing('http://127.0.0.1:1')
    for (let index = 0; index < 5000; index++) spans.begin('assess', `inc-${index}`, {}).end()
    await spans.close()
  })
})

describe('a look', () => {
  const collector = (collect: Collector['collect']) =>
    ({ name: 'loki', source: 'loki', observer: 'own_telemetry', timeoutMs: 1000, collect }) satisfies Collector

  async function looked(collect: Collector['collect']) {
    const receiver = await otlpReceiver()
    const { spans } = tracing(receiver.url)
    const stop = new AbortController()
    const ctx = { abort: stop.signal } as Parameters<Collector['collect']>[1]
    const scope = { service: { name: 'shop' } } as Parameters<Collector['collect']>[0]
    const root = spans.begin('assess', 'inc-1', {})
    const work = spans.within(root, () => tracedCollector(collector(collect), spans).collect(scope, ctx))
    return { receiver, spans, stop, work }
  }

  it('says how it ended, by a word of a closed set', async () => {
    const { receiver, spans, work } = await looked(async () => {
      throw new Fault('unauthenticated', 'token s3cr3t-word is wrong')
    })
    await expect(work).rejects.toThrow()
    await spans.close()
    expect(receiver.spans).toMatchObject([{ name: 'collect loki', error: 'auth' }])
    expect(receiver.bodies.join()).not.toContain('s3cr3t')
  })

  it('ends when its time is over, though its collector hangs', async () => {
    const { receiver, spans, stop } = await looked(() => new Promise(() => {}))
    stop.abort(new Fault('deadline', 'no answer'))
    await spans.close()
    expect(receiver.spans).toMatchObject([{ name: 'collect loki', error: 'timeout' }])
  })
})

describe('a call to a model', () => {
  it('is a span with figures and without a word of what was said', async () => {
    const receiver = await otlpReceiver()
    const { spans } = tracing(receiver.url)
    const traced = {
      ...{ analyst: 'openai:m', promptHash: 'p', snapshotHash: 's', incident: 'i', service: 'shop' },
      ...{ system: 'SYSTEM TEXT', user: 'USER TEXT', error: null, opinion: null, before: 0 },
      ...{ startedAt: '2026-03-01T12:00:00.000Z', endedAt: '2026-03-01T12:00:02.000Z' },
      call: { outcome: 'complete', model: 'm-1', text: 'REPLY TEXT', usage: { inputTokens: 900, outputTokens: 40 } },
    } as unknown as TracedCall
    const told: TracedCall[] = []
    const tracer = spanningTracer({ ...noTracer, call: (call) => void told.push(call) }, spans)
    await spans.within(spans.begin('assess', 'inc-1', {}), async () => tracer.call(traced))
    tracer.call(traced)
    await spans.close()
    expect(told).toHaveLength(2)
    expect(receiver.spans).toMatchObject([{ name: 'model openai:m', ms: 2000, traceId: traceIdOfIncident('inc-1') }])
    expect(receiver.spans[0]?.attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 900, outcome: 'complete' })
    expect(receiver.bodies.join()).not.toMatch(/TEXT/)
  })
})

describe('the stages of a run', () => {
  it('are spans from intent to outcome, and so is their undoing', async () => {
    const receiver = await otlpReceiver()
    const { spans, pass } = tracing(receiver.url)
    const on = stageSpans(spans)
    const lines: [string, JournalEntry['kind'], number][] = [
      ['run', 'note', 0],
      ['fence-source', 'intent', 1000],
      ['fence-source', 'effect', 1000],
      ['fence-source', 'verified', 0],
      ['switch-dns', 'intent', 3000],
      // Taken up again after a crash: it has begun already.
      ['switch-dns', 'intent', 1000],
      ['switch-dns', 'failed', 0],
      ['fence-source', 'undo_intent', 500],
      ['fence-source', 'undone', 0],
    ]
    for (const [stage, kind, ms] of lines) {
      on(run, entry(stage, kind))
      pass(ms)
    }
    await spans.close()
    expect(receiver.spans.map(({ name, ms, error }) => [name, ms, error])).toEqual([
      ['stage fence-source', 2000, null],
      ['stage switch-dns', 4000, 'failed'],
      ['undo fence-source', 500, null],
    ])
    for (const { traceId, attributes } of receiver.spans) {
      expect(traceId).toBe(traceIdOfIncident('inc-1'))
      expect(attributes).toMatchObject({ run: 'run-1', service: 'shop', generation: 4, rehearsal: false })
    }
    expect(receiver.bodies.join()).not.toContain('secret words')
  })
})

describe('the configuration', () => {
  const ports = { agentId: 'a', version: '1', clock: { now: () => AT, elapsed: () => 0 } }
  it('traces nothing unless there is somewhere to send to', async () => {
    const config = loadConfig(temporaryFolder(), {})
    expect(await spansOf(config, {}, ports)).toBe(noSpans)
    expect(await spansOf(config, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, ports)).toBe(noSpans)
    const receiver = await otlpReceiver()
    const spans = await spansOf(config, { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/` }, ports)
    spans.begin('assess', 'i', {}).end()
    await spans.close()
    expect(receiver.mistakes).toEqual([])
    expect(receiver.spans).toHaveLength(1)
  })
})
