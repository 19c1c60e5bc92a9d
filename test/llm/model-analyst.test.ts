import { afterEach, describe, expect, it } from 'vitest'
import type { Calibration } from '../../agent/domain/calibration.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import { createMask } from '../../agent/lib/mask.ts'
import type { Analyst } from '../../agent/llm/analyst.ts'
import { anthropicModel } from '../../agent/llm/anthropic.ts'
import { BudgetLimits, memoryBudget } from '../../agent/llm/budget.ts'
import { memoryMemo } from '../../agent/llm/memo.ts'
import { type ModelAnalystOptions, ModelLimits, modelAnalyst } from '../../agent/llm/model-analyst.ts'
import { openAiModel } from '../../agent/llm/openai.ts'
import { PRICES } from '../../agent/llm/prices.ts'
import { recordedAnalyst } from '../../agent/llm/recorded.ts'
import type { Recording } from '../../agent/llm/recording.ts'
import { noTracer } from '../../agent/llm/tracer.ts'
import { judgeHash } from '../../agent/llm/verdict-reply.ts'
import { analystPrompt } from '../../prompts/index.ts'
import { incidentAt, KV_VERDICT } from '../fakes/incidents.ts'
import { type ModelServer, startModelServer } from '../fakes/model-server.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const prompt = analystPrompt({ boundaryKey: 'a boundary key of tests', maxInputTokens: 6000 })
const { snapshot, facts } = await incidentAt('a-kv-usw2')
const never = () => new AbortController().signal

const rules: Analyst = {
  id: 'rules',
  assess: async () => ({
    analyst: 'rules',
    verdict: { ...KV_VERDICT, recommendedAction: 'page_human', confidence: 0.5 },
    abstained: null,
    calibratedConfidence: 0.5,
    promptHash: null,
    notes: ['read by rules'],
    usage: null,
  }),
}

const calibration: Calibration = {
  format: 'calibration/v1',
  analyst: 'openai:gpt-6-sol',
  promptHash: judgeHash(prompt),
  map: {
    method: 'isotonic',
    points: [
      [0, 0],
      [1, 0.8],
    ],
  },
  fittedOn: { cases: 90, casesHash: 'x' },
  crossValidated: { folds: 5, brierBefore: 0.2, brierAfter: 0.1, eceBefore: 0.2, eceAfter: 0.1 },
}

const open: ModelServer[] = []
const server = async () => {
  const started = await startModelServer()
  open.push(started)
  return started
}
afterEach(async () => {
  for (const { close, verify } of open.splice(0)) {
    await close()
    verify()
  }
})

function setUp(providers: ModelAnalystOptions['providers'], more: Partial<ModelAnalystOptions> = {}) {
  const clock = steppingClock({ instantMs: 10_000 })
  const kept: Recording[] = []
  const analyst = modelAnalyst({
    providers,
    prompt,
    mask: createMask({ key: 'a mask key for tests' }),
    fallback: rules,
    calibrations: [calibration],
    prices: PRICES,
    budget: memoryBudget(BudgetLimits.parse({}), clock),
    memo: null,
    recorder: { keep: async (recording) => void kept.push(recording) },
    tracer: noTracer,
    clock,
    random: () => 0,
    limits: ModelLimits.parse({}),
    ...more,
  })
  return { analyst, clock, kept, ask: (): Promise<Opinion> => analyst.assess(snapshot, facts, never()) }
}
const sol = (url: string) => openAiModel({ model: 'gpt-6-sol', apiKey: 'k', baseUrl: `${url}/v1`, api: 'responses' })
const opus = (url: string) =>
  anthropicModel({ model: 'claude-opus-5-5', apiKey: 'k', baseUrl: url, structured: 'output' })

describe('model analyst', () => {
  it('returns the verdict with its use, cost and calibrated confidence', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const opinion = await setUp([sol(url)]).ask()
    expect(opinion.analyst).toBe('openai:gpt-6-sol')
    expect(opinion.verdict).toEqual(KV_VERDICT)
    expect(opinion.calibratedConfidence).toBe(0.688)
    expect(opinion.promptHash).toBe(judgeHash(prompt))
    // 2200 fresh at 2 $, 1200 cached at 0.20 $, 420 out at 10 $ per million.
    expect(opinion.usage).toMatchObject({
      inputTokens: 3400,
      cachedInputTokens: 1200,
      outputTokens: 420,
      costUsd: 0.00884,
    })
    expect(opinion.notes).toEqual([])
  })

  it('gives no calibrated confidence without a map for this model and prompt', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT }, { kind: 'verdict', verdict: KV_VERDICT })
    expect((await setUp([opus(url)]).ask()).calibratedConfidence).toBeNull()
    const older = { ...calibration, promptHash: 'another prompt' }
    expect((await setUp([sol(url)], { calibrations: [older] }).ask()).calibratedConfidence).toBeNull()
  })

  it('applies no calibration when another model answered than the one asked', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT, model: 'gpt-6-luna' })
    const opinion = await setUp([sol(url)]).ask()
    expect(opinion.calibratedConfidence).toBeNull()
    expect(opinion.notes.join()).toMatch(/answered by gpt-6-luna/)
  })

  it('takes the dated name of a model for the model', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT, model: 'gpt-6-sol-2026-09-22' })
    expect((await setUp([sol(url)]).ask()).calibratedConfidence).toBe(0.688)
  })

  it('repairs a reply once', async () => {
    const { url, script, asked } = await server()
    script({ kind: 'text', text: '{"confidence":7}' }, { kind: 'verdict', verdict: KV_VERDICT })
    const opinion = await setUp([sol(url)]).ask()
    expect(opinion.verdict).toEqual(KV_VERDICT)
    expect(opinion.usage?.outputTokens).toBe(840)
    expect(opinion.notes[0]).toMatch(/asked to repair its reply/)
    expect(asked[1]?.turns).toHaveLength(3)
  })

  it('abstains when the repaired reply is no better, and searches no prose for a verdict', async () => {
    const { url, script } = await server()
    const fenced = `\`\`\`json\n${JSON.stringify(KV_VERDICT)}\n\`\`\``
    script({ kind: 'text', text: fenced }, { kind: 'text', text: fenced })
    const opinion = await setUp([sol(url)]).ask()
    expect(opinion.verdict).toBeNull()
    expect(opinion.abstained).toEqual({ reason: 'invalid_reply', detail: 'the reply is not JSON' })
  })

  it.each([
    ['refused', { kind: 'text', text: 'No.', end: 'refused' }],
    ['truncated', { kind: 'text', text: '{"reas', end: 'truncated' }],
    ['empty_reply', { kind: 'text', text: '' }],
    ['reasoning_only', { kind: 'text', text: '', hasReasoned: true }],
  ] as const)('abstains as %s without asking anybody else', async (reason, step) => {
    const [first, second] = [await server(), await server()]
    first.script(step)
    const opinion = await setUp([sol(first.url), opus(second.url)]).ask()
    expect(opinion.abstained?.reason).toBe(reason)
    expect(second.raw).toHaveLength(0)
  })

  it('waits as long as an overloaded provider asks', async () => {
    const { url, script } = await server()
    script(
      { kind: 'status', status: 429, headers: { 'retry-after': '9' } },
      { kind: 'status', status: 529 },
      { kind: 'verdict', verdict: KV_VERDICT },
    )
    const { ask, clock } = setUp([sol(url)])
    const opinion = await ask()
    expect(opinion.verdict).not.toBeNull()
    expect(clock.waits).toContain(9000)
    expect(opinion.notes[0]).toMatch(/answered 429 .*tried again after 9000 ms/)
  })

  it('asks the next provider when the wait would not fit into the deadline', async () => {
    const [first, second] = [await server(), await server()]
    first.script({ kind: 'status', status: 429, headers: { 'retry-after': '60' } })
    second.script({ kind: 'verdict', verdict: KV_VERDICT })
    const opinion = await setUp([sol(first.url), opus(second.url)]).ask()
    expect(opinion.analyst).toBe('anthropic:claude-opus-5-5')
    expect(opinion.notes[0]).toMatch(/openai:gpt-6-sol answered 429/)
  })

  it('asks the next provider after a call without an answer, and not the same again', async () => {
    const [first, second] = [await server(), await server()]
    first.script({ kind: 'silence' })
    second.script({ kind: 'verdict', verdict: KV_VERDICT })
    const { ask, clock } = setUp([sol(first.url), opus(second.url)])
    const pending = ask()
    await expect.poll(() => first.asked.length).toBe(1)
    clock.advance(25_000)
    const opinion = await pending
    expect(opinion.analyst).toBe('anthropic:claude-opus-5-5')
    expect(opinion.notes[0]).toMatch(/no answer within 25000 ms/)
  })

  it('asks the rules when no provider answers, and says so', async () => {
    const [first, second] = [await server(), await server()]
    first.script({ kind: 'status', status: 401 })
    second.script({ kind: 'reset' }, { kind: 'reset' }, { kind: 'status', status: 500 })
    const opinion = await setUp([sol(first.url), opus(second.url)]).ask()
    expect(opinion.analyst).toBe('rules')
    expect(opinion.verdict?.recommendedAction).toBe('page_human')
    const notes = opinion.notes.join('\n')
    expect(notes).toMatch(/openai:gpt-6-sol answered 401/)
    expect(notes).toMatch(/anthropic:claude-opus-5-5 answered 500/)
    expect(notes).toMatch(/asked rules instead of a model\nread by rules/)
  })

  it('abstains when it is given up while waiting', async () => {
    const { url, script, asked } = await server()
    script({ kind: 'silence' })
    const { analyst } = setUp([sol(url)])
    const stop = new AbortController()
    const pending = analyst.assess(snapshot, facts, stop.signal)
    await expect.poll(() => asked.length).toBe(1)
    stop.abort()
    expect((await pending).abstained?.reason).toBe('deadline')
  })

  it('never throws, whatever is handed to it', async () => {
    const broken: Analyst = { id: 'rules', assess: () => Promise.reject(new Error('password=hunter2')) }
    const opinion = await setUp([], { fallback: broken }).ask()
    expect(opinion.abstained).toEqual({ reason: 'unavailable', detail: 'the analyst failed: internal' })
  })

  it('sends nothing once the budget of the incident is used up, and says so', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const clock = steppingClock()
    const budget = memoryBudget(BudgetLimits.parse({ tokensPerIncident: 13_000 }), clock)
    const { ask } = setUp([sol(url)], { budget })
    expect((await ask()).analyst).toBe('openai:gpt-6-sol')
    const second = await ask()
    expect(second.analyst).toBe('rules')
    expect(second.notes[0]).toMatch(/was not asked: the budget of tokens for this incident \(13000\) is used up/)
  })

  it('is not asked twice about the same facts, and holds the old verdict against the new snapshot', async () => {
    const { url, script, asked } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const { analyst, ask } = setUp([sol(url)], { memo: memoryMemo() })
    await ask()
    const again = await analyst.assess(
      { ...snapshot, evidence: snapshot.evidence.filter(({ id }) => id !== 'health:external_uptime') },
      facts,
      never(),
    )
    expect(asked).toHaveLength(1)
    expect(again.usage).toBeNull()
    expect(again.notes.join()).toMatch(/was not asked again/)
    expect(again.notes.join()).toMatch(/dropped a citation of health:external_uptime:1/)
  })

  it('keeps going when the call cannot be recorded, and says so', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const recorder = { keep: () => Promise.reject(new Error('disk full')) }
    const opinion = await setUp([sol(url)], { recorder }).ask()
    expect(opinion.verdict).not.toBeNull()
    expect(opinion.notes).toContain('the call could not be recorded')
  })
})

describe('recorded analyst', () => {
  it('repeats an opinion exactly, with its repair and notes, from what was kept', async () => {
    const { url, script } = await server()
    script({ kind: 'status', status: 503 }, { kind: 'text', text: '{}' }, { kind: 'verdict', verdict: KV_VERDICT })
    const { ask, kept } = setUp([sol(url)])
    const opinion = await ask()
    const recordings = JSON.parse(JSON.stringify(kept)) as Recording[]
    const replay = recordedAnalyst({ recordings, prompt, calibrations: [calibration] })
    expect(await replay.assess(snapshot, facts, never())).toEqual(opinion)
  })

  it('says that nothing was recorded, and apart from it that a recording is stale', async () => {
    const { url, script } = await server()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const { ask, kept } = setUp([sol(url)])
    await ask()
    const nothing = recordedAnalyst({ recordings: [], prompt, calibrations: [] })
    expect((await nothing.assess(snapshot, facts, never())).abstained).toMatchObject({
      reason: 'not_recorded',
      detail: expect.stringMatching(/no model was recorded/),
    })
    const stale = recordedAnalyst({ recordings: kept, prompt: { hash: 'newer' }, calibrations: [] })
    expect((await stale.assess(snapshot, facts, never())).abstained?.detail).toMatch(/stale/)
  })
})
