import { afterEach, describe, expect, it } from 'vitest'
import { isFault } from '../../agent/lib/errors.ts'
import { anthropicModel } from '../../agent/llm/anthropic.ts'
import type { ModelProvider, ModelRequest } from '../../agent/llm/model.ts'
import { openAiModel } from '../../agent/llm/openai.ts'
import { readVerdict, verdictSchema } from '../../agent/llm/verdict-reply.ts'
import { KV_VERDICT } from '../fakes/incidents.ts'
import { type ModelServer, type ModelServerOptions, startModelServer } from '../fakes/model-server.ts'

const REQUEST: ModelRequest = {
  system: 'You are an analyst.',
  user: 'The evidence.',
  schema: verdictSchema,
  schemaName: 'verdict',
  maxOutputTokens: 2000,
}
const API_KEY = 'sk-test-0123456789abcdefghij'

const openai = (api: 'auto' | 'responses' | 'chat' | 'instructed') => (url: string) =>
  openAiModel({ model: 'gpt-6-sol', apiKey: API_KEY, baseUrl: `${url}/v1`, api })
const anthropic = (structured: 'auto' | 'output' | 'tool') => (url: string) =>
  anthropicModel({ model: 'claude-opus-5-5', apiKey: API_KEY, baseUrl: url, structured })

const PROVIDERS: [string, (url: string) => ModelProvider][] = [
  ['openai, responses', openai('responses')],
  ['openai, chat with schema', openai('chat')],
  ['openai, by instruction', openai('instructed')],
  ['openai, finding out', openai('auto')],
  ['anthropic, structured output', anthropic('output')],
  ['anthropic, forced tool', anthropic('tool')],
  ['anthropic, finding out', anthropic('auto')],
]

let server: ModelServer | null = null
const start = async (options: ModelServerOptions = {}) => {
  server = await startModelServer(options)
  return server
}
afterEach(async () => {
  const { verify, close } = server ?? { verify: () => {}, close: async () => {} }
  server = null
  await close()
  verify()
})

const never = () => new AbortController().signal
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )

describe.each(PROVIDERS)('%s', (_name, create) => {
  it('returns a reply that satisfies the schema, with its use', async () => {
    const { url, script, asked } = await start()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const provider = create(url)
    const reply = await provider.complete(REQUEST, never())
    expect(reply.outcome).toBe('complete')
    expect(readVerdict(reply.text).verdict).toEqual(KV_VERDICT)
    expect(reply.usage).toEqual({ inputTokens: 3400, outputTokens: 420, cachedInputTokens: 1200 })
    expect(reply.requestId).toBe('req_1')
    expect(`${provider.id.split(':')[1]}`).toBe(reply.model)
    expect(asked[0]?.system).toContain(REQUEST.system)
    expect(asked[0]?.turns).toEqual([{ role: 'user', content: 'The evidence.' }])
  })

  it('shows the earlier reply and its problem in a repair', async () => {
    const { url, script, asked } = await start()
    script({ kind: 'verdict', verdict: KV_VERDICT })
    await create(url).complete({ ...REQUEST, repair: { reply: '{"a":1}', problem: 'reasoning: missing' } }, never())
    expect(asked[0]?.turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(asked[0]?.turns[1]?.content).toBe('{"a":1}')
    expect(asked[0]?.turns[2]?.content).toContain('reasoning: missing')
  })

  it('tells refused, truncated, empty and only-thought replies apart', async () => {
    const { url, script } = await start()
    const provider = create(url)
    const outcomes: string[] = []
    script(
      { kind: 'text', text: 'I cannot help with that.', end: 'refused' },
      { kind: 'text', text: '{"reasoning":"the prim', end: 'truncated' },
      { kind: 'text', text: '' },
      { kind: 'text', text: '', hasReasoned: true },
      { kind: 'text', text: '', hasReasoned: true, end: 'truncated' },
    )
    for (let call = 0; call < 5; call++) outcomes.push((await provider.complete(REQUEST, never())).outcome)
    expect(outcomes).toEqual(['refused', 'truncated', 'empty', 'reasoning_only', 'reasoning_only'])
  })

  it('hands malformed and schema-violating text on as it is', async () => {
    const { url, script } = await start()
    script({ kind: 'text', text: 'Sure! Here is the verdict: {' }, { kind: 'text', text: '{"confidence":2}' })
    const provider = create(url)
    const malformed = await provider.complete(REQUEST, never())
    expect(readVerdict(malformed.text).problem).toBe('the reply is not JSON')
    const violating = await provider.complete(REQUEST, never())
    expect(readVerdict(violating.text).problem).toMatch(/does not satisfy the schema: reasoning/)
  })

  it('names the model that really answered', async () => {
    const { url, script } = await start()
    script({ kind: 'verdict', verdict: KV_VERDICT, model: 'cheap-model-1' })
    expect((await create(url).complete(REQUEST, never())).model).toBe('cheap-model-1')
  })

  it.each([
    ['429 with seconds', { status: 429, headers: { 'retry-after': '7' } }, 7000],
    ['429 with milliseconds', { status: 429, headers: { 'retry-after-ms': '250' } }, 250],
    [
      '429 with a date',
      {
        status: 429,
        headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:05 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' },
      },
      5000,
    ],
    ['529', { status: 529 }, undefined],
    ['500', { status: 500 }, undefined],
    ['503 with seconds', { status: 503, headers: { 'retry-after': '2' } }, 2000],
  ])('says on %s that it is worth trying again, and when', async (_case, step, retryAfterMs) => {
    const { url, script, asked } = await start()
    script({ kind: 'status', ...step })
    const error = await failure(create(url).complete(REQUEST, never()))
    expect(isFault(error, 'model_unavailable') && error.retryable).toBe(true)
    expect(isFault(error) && error.retryAfterMs).toBe(retryAfterMs)
    expect(asked).toHaveLength(1)
  })

  it('says on a dropped connection that it is worth trying again', async () => {
    const { url, script } = await start()
    script({ kind: 'reset' })
    const error = await failure(create(url).complete(REQUEST, never()))
    expect(isFault(error, 'model_unavailable') && error.retryable).toBe(true)
  })

  it('takes a web page for what it is', async () => {
    const { url, script } = await start()
    script({ kind: 'page' })
    const error = await failure(create(url).complete(REQUEST, never()))
    expect(isFault(error, 'model_unavailable')).toBe(true)
    expect(String(error)).toMatch(/something else than its API documents|could not be reached/)
  })

  it.each([401, 403])('does not try again on %d, and leaks neither key nor body', async (status) => {
    const { url, script } = await start()
    script({ kind: 'status', status })
    const error = await failure(create(url).complete(REQUEST, never()))
    expect(isFault(error, 'model_rejected') && error.retryable).toBe(false)
    expect(isFault(error) ? `${error.message} ${error.hint} ${JSON.stringify(error.details)}` : '').not.toMatch(/sk-/)
  })

  it('does not wait for credit that has run out', async () => {
    const { url, script } = await start()
    script({ kind: 'status', status: 429, code: 'insufficient_quota' })
    const error = await failure(create(url).complete(REQUEST, never()))
    expect(isFault(error, 'model_rejected') && error.hint).toMatch(/credit/)
  })

  it('stops at once when it is given up', async () => {
    const { url, script, raw } = await start()
    script({ kind: 'silence' })
    const stop = new AbortController()
    const pending = failure(create(url).complete(REQUEST, stop.signal))
    await expect.poll(() => raw.length).toBe(1)
    stop.abort()
    expect(isFault(await pending, 'deadline')).toBe(true)
  })

  it('says that nobody listens at the address', async () => {
    const gone = await startModelServer()
    await gone.close()
    const error = await failure(create(gone.url).complete(REQUEST, never()))
    expect(isFault(error, 'model_unavailable')).toBe(true)
  })
})

describe('finding out what a server speaks', () => {
  it('goes on to chat completions where there is no Responses API, and remembers it', async () => {
    const { url, script, raw } = await start({ lacks: ['responses'] })
    script({ kind: 'verdict', verdict: KV_VERDICT }, { kind: 'verdict', verdict: KV_VERDICT })
    const provider = openai('auto')(url)
    await provider.complete(REQUEST, never())
    await provider.complete(REQUEST, never())
    expect(raw.map(({ path }) => path)).toEqual(['/v1/responses', '/v1/chat/completions', '/v1/chat/completions'])
  })

  it('asks for JSON by instruction where schemas are unknown', async () => {
    const { url, script, asked } = await start({ lacks: ['responses'], lacksSchema: true })
    script({ kind: 'verdict', verdict: KV_VERDICT })
    await openai('auto')(url).complete(REQUEST, never())
    expect(asked[0]?.structured).toBe('instruction')
    expect(asked[0]?.system).toContain('"recommendedAction"')
  })

  it('forces a tool where structured output is unknown', async () => {
    const { url, script, asked } = await start({ lacksSchema: true })
    script({ kind: 'verdict', verdict: KV_VERDICT })
    const reply = await anthropic('auto')(url).complete(REQUEST, never())
    expect(asked[0]?.structured).toBe('tool')
    expect(readVerdict(reply.text).verdict).toEqual(KV_VERDICT)
  })

  it('does not look for another way when the server is only busy', async () => {
    const { url, script, raw } = await start()
    script({ kind: 'status', status: 503 })
    await failure(openai('auto')(url).complete(REQUEST, never()))
    expect(raw).toHaveLength(1)
  })
})
