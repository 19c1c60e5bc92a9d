import { afterEach, describe, expect, it, vi } from 'vitest'
import { langfuseTracer } from '../../agent/llm/trace.ts'
import { type TracedCall, traceIdOf } from '../../agent/llm/tracer.ts'
import { KV_VERDICT } from '../fakes/incidents.ts'
import { type LangfuseServer, startLangfuse } from '../fakes/langfuse-server.ts'

const open: LangfuseServer[] = []
const receiver = async (options = {}) => {
  const started = await startLangfuse(options)
  open.push(started)
  return started
}
afterEach(async () => {
  for (const { close } of open.splice(0)) await close()
})

const traced: TracedCall = {
  analyst: 'openai:gpt-6-sol',
  promptHash: 'p'.repeat(64),
  snapshotHash: 's'.repeat(64),
  incident: 'incident-7',
  service: 'parcel-track',
  system: 'the system text',
  user: 'the evidence',
  call: {
    requestHash: 'r',
    outcome: 'complete',
    text: '{"reasoning":"…"}',
    model: 'gpt-6-sol-2026-09-22',
    requestId: 'req_1',
    usage: { inputTokens: 3400, outputTokens: 420, cachedInputTokens: 1200 },
    costUsd: 0.00884,
    latencyMs: 4200,
  },
  error: null,
  opinion: {
    analyst: 'openai:gpt-6-sol',
    verdict: KV_VERDICT,
    abstained: null,
    calibratedConfidence: null,
    promptHash: null,
    notes: [],
    usage: null,
  },
  startedAt: '2026-03-01T12:00:00.000Z',
  endedAt: '2026-03-01T12:00:04.200Z',
  before: 0,
}
const tracerFor = (url: string, more = {}) =>
  langfuseTracer({ publicKey: 'pk', secretKey: 'sk', baseUrl: url, environment: 'default', withTexts: true, ...more })

describe('langfuse tracer', () => {
  it('sends one trace per call with what it was about, and scores to the same trace later', async () => {
    const { url, events, authorizations } = await receiver()
    const tracer = tracerFor(url)
    tracer.call(traced)
    tracer.score(traced, { name: 'human', value: 'approved', comment: 'by jo' })
    await tracer.close()
    expect(authorizations[0]).toBe(`Basic ${Buffer.from('pk:sk').toString('base64')}`)
    // The order in which events arrive is not promised.
    const byType = Object.fromEntries(events.map(({ type, body }) => [type, body]))
    expect(byType['trace-create']).toMatchObject({
      id: traceIdOf(traced),
      sessionId: 'incident-7',
      version: 'pppppppppppp',
      output: KV_VERDICT,
      metadata: { snapshotHash: traced.snapshotHash, promptHash: traced.promptHash, model: 'gpt-6-sol-2026-09-22' },
    })
    expect(byType['generation-create']).toMatchObject({
      traceId: traceIdOf(traced),
      model: 'gpt-6-sol-2026-09-22',
      usage: { input: 3400, output: 420, totalCost: 0.00884 },
    })
    expect(byType['score-create']).toMatchObject({ traceId: traceIdOf(traced), name: 'human', value: 'approved' })
  })

  it('gives each call of an assessment its own trace, and marks the one that failed', async () => {
    const { url, events } = await receiver()
    const tracer = tracerFor(url)
    tracer.call({ ...traced, call: null, error: 'answered 529', opinion: null, before: 1 })
    tracer.call(traced)
    await tracer.close()
    const traces = events.filter(({ type }) => type === 'trace-create').map(({ body }) => body.id)
    expect(traces).toEqual([`${traceIdOf(traced)}-1`, traceIdOf(traced)])
    const failed = events.find(({ type, body }) => type === 'generation-create' && body.level === 'ERROR')
    expect(failed?.body.statusMessage).toBe('answered 529')
  })

  it('can keep texts at home', async () => {
    const { url, bodies } = await receiver()
    const tracer = tracerFor(url, { withTexts: false })
    tracer.call(traced)
    await tracer.close()
    expect(bodies.join()).not.toMatch(/the system text|the evidence/)
  })

  it.each([true, false])('neither throws nor speaks when the receiver is %s broken', async (isBroken) => {
    const { url, close } = await receiver({ isBroken })
    if (!isBroken) await close()
    const spoken = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log'), vi.spyOn(console, 'warn')]
    for (const spy of spoken) spy.mockImplementation(() => {})
    const tracer = tracerFor(url)
    for (let call = 0; call < 40; call++) tracer.call(traced)
    await tracer.close()
    for (const spy of spoken) expect(spy.mock.calls.flat().join()).not.toMatch(/the evidence|pk:sk/)
    for (const spy of spoken) spy.mockRestore()
  })
})
