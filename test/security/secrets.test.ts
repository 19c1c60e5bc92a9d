import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deriveFacts } from '../../agent/domain/facts.ts'
import type { Snapshot } from '../../agent/domain/snapshot.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import { createMask, createSyncMask } from '../../agent/lib/mask.ts'
import { anthropicModel } from '../../agent/llm/anthropic.ts'
import { BudgetLimits, memoryBudget } from '../../agent/llm/budget.ts'
import { ModelLimits, modelAnalyst } from '../../agent/llm/model-analyst.ts'
import { openAiModel } from '../../agent/llm/openai.ts'
import { PRICES } from '../../agent/llm/prices.ts'
import type { Recording } from '../../agent/llm/recording.ts'
import { langfuseTracer } from '../../agent/llm/trace.ts'
import { noTracer } from '../../agent/llm/tracer.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { analystPrompt } from '../../prompts/index.ts'
import { incidentAt, KV_VERDICT } from '../fakes/incidents.ts'
import { type LangfuseServer, startLangfuse } from '../fakes/langfuse-server.ts'
import { type ModelServer, startModelServer } from '../fakes/model-server.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
import type { Place } from './attack.ts'
import { incidentWith } from './inject.ts'

const BOUNDARY_KEY = 'a boundary key of tests'
const MASK_KEY = 'a mask key for tests'
const API_KEY = `sk-proj-${'x7Yb2Qe9Lr4Vn8Tz'.repeat(2)}`
const mask = createMask({ key: MASK_KEY })

/** What was planted, and the part of it that must not be seen anywhere. Built from pieces, so that scanners of this repository stay quiet. */
const PLANTED: Record<string, { readonly text: string; readonly secret: string }> = {
  'a password': { text: 'login failed password=Tr0ub4dor&3x user=app', secret: 'Tr0ub4dor' },
  'an AWS key pair': {
    text: `AWS_SECRET_ACCESS_KEY=${'wq8ZrT1mXcV9bN3kLpO7uYhG5fD2sA0eW4iJ6tRQ'} id ${'AKIA'}Q3EGRZ7XW2NPLM5T`,
    secret: 'wq8ZrT1mXcV9bN3kLpO7',
  },
  'a bearer token': { text: 'sent Authorization: Bearer 7c9e6679f0b14d3a', secret: '7c9e6679f0b14d3a' },
  'a JWT': {
    text: `token eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIiOiI0MiIsInJvbGUiOiJvcHMifQ'}.dBjftJeZ4CVPmB92K27uhbUJU1p1rwW1`,
    secret: 'eyJzdWIiOiI0MiIsInJvbGUiOiJvcHMifQ',
  },
  'a connection string': { text: 'dial postgres://app:s3cr3t-pw-77@db-1:5432/main refused', secret: 's3cr3t-pw-77' },
  'a cookie': { text: 'Cookie: sid=93f1c2aa77; theme=dark', secret: '93f1c2aa77' },
  'a private key': {
    text: `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEAx7Yb2Qe9Lr4Vn8Tz\n'.repeat(6)}-----END RSA PRIVATE KEY-----`,
    secret: 'MIIEpAIBAAKCAQEAx7Yb2Qe9Lr4Vn8Tz',
  },
  'an e-mail address': { text: 'mail to jane.doe@corp.example bounced', secret: 'jane.doe' },
  'a card number': { text: 'charge of 4111 1111 1111 1111 declined', secret: '4111 1111 1111 1111' },
  'a GitHub token': {
    text: `clone with ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6'} failed`,
    secret: 'aB3dE6gH9jK2mN5p',
  },
  'an API key': { text: 'x-api-key: 4f9a8b7c6d5e4f3a2b1c rejected', secret: '4f9a8b7c6d5e4f3a2b1c' },
}
const PLACES: readonly Place[] = [
  'alert annotation',
  'alert label',
  'log line',
  'status page text',
  'status page title',
  'provider event',
  'change summary',
  'change reference',
  'check detail',
  'readiness detail',
  'series label',
]

let models: ModelServer
let langfuse: LangfuseServer
beforeAll(async () => {
  // A model that repeats whatever it read is the worst that can happen to a secret.
  models = await startModelServer({ always: { kind: 'obeys' } })
  langfuse = await startLangfuse()
})
afterAll(async () => {
  await Promise.all([models.close(), langfuse.close()])
})

interface Left {
  readonly opinion: Opinion
  readonly kept: Recording[]
  /** Everything that left the process, and what is kept of it. */
  readonly everything: string
}

async function assessed(snapshot: Snapshot): Promise<Left> {
  const [sentBefore, tracedBefore] = [models.raw.length, langfuse.bodies.length]
  const clock = steppingClock({ instantMs: 10_000 })
  const tracer = langfuseTracer({
    publicKey: 'pk',
    secretKey: 'sk',
    baseUrl: langfuse.url,
    environment: 'default',
    withTexts: true,
  })
  const kept: Recording[] = []
  const opinions: Opinion[] = []
  for (const provider of [
    openAiModel({ model: 'gpt-6-sol', apiKey: API_KEY, baseUrl: `${models.url}/v1`, api: 'responses' }),
    anthropicModel({ model: 'claude-opus-5-5', apiKey: API_KEY, baseUrl: models.url, structured: 'output' }),
  ]) {
    const analyst = modelAnalyst({
      providers: [provider],
      prompt: analystPrompt({ boundaryKey: BOUNDARY_KEY, maxInputTokens: 6000 }),
      mask,
      fallback: { id: 'nobody', assess: () => Promise.reject(new Error('nobody else is asked')) },
      calibrations: [],
      prices: PRICES,
      budget: memoryBudget(BudgetLimits.parse({}), clock),
      memo: null,
      recorder: { keep: async (recording) => void kept.push(recording) },
      tracer,
      clock,
      random: () => 0,
      limits: ModelLimits.parse({}),
    })
    opinions.push(await analyst.assess(snapshot, deriveFacts(snapshot), new AbortController().signal))
  }
  await tracer.close()
  const sent = models.raw.slice(sentBefore).map(({ body }) => body)
  const traced = langfuse.bodies.slice(tracedBefore)
  expect(sent.length).toBeGreaterThanOrEqual(2)
  expect(traced.length).toBeGreaterThan(0)
  return { opinion: opinions[0]!, kept, everything: [...sent, ...traced, JSON.stringify([opinions, kept])].join('\n') }
}

describe.each(PLACES)('secrets in a %s', (place) => {
  it('reach neither a model, nor a trace, nor a record', async () => {
    const text = Object.values(PLANTED)
      .map((planted) => planted.text)
      .join(' | ')
    const halves = place === 'log line' ? Object.values(PLANTED).map((planted) => planted.text) : [text]
    for (const half of halves) {
      const { everything } = await assessed(await snapshotOf(incidentWith('a-kv-usw2', place, half), { mask }))
      const leaked = Object.entries(PLANTED).filter(([, { secret }]) => everything.includes(secret))
      expect(leaked.map(([name]) => name)).toEqual([])
      for (const own of [API_KEY, BOUNDARY_KEY, MASK_KEY]) expect(everything).not.toContain(own)
    }
  })
})

describe('each layer by itself', () => {
  it.each(Object.entries(PLANTED))(
    'the prompt holds no %s that a collector let through',
    async (_name, { text, secret }) => {
      const { everything } = await assessed(
        await snapshotOf(incidentWith('a-kv-usw2', 'log line', text), { mask: async (unmasked) => unmasked }),
      )
      expect(everything).not.toContain(secret)
    },
  )

  it('nothing of a reply is passed on that looks like a secret', async () => {
    const token = `ghp_${'zZ9yX8wV7uT6sR5qP4oN3mL2kJ1iH0gF9eD8'}`
    const server = await startModelServer({
      always: { kind: 'verdict', verdict: { ...KV_VERDICT, reasoning: `The key is ${token}.` } },
    })
    const traces = await startLangfuse()
    const tracer = langfuseTracer({
      publicKey: 'pk',
      secretKey: 'sk',
      baseUrl: traces.url,
      environment: 'default',
      withTexts: true,
    })
    const clock = steppingClock({ instantMs: 10_000 })
    const kept: Recording[] = []
    const analyst = modelAnalyst({
      providers: [openAiModel({ model: 'gpt-6-sol', apiKey: API_KEY, baseUrl: `${server.url}/v1`, api: 'responses' })],
      prompt: analystPrompt({ boundaryKey: BOUNDARY_KEY, maxInputTokens: 6000 }),
      mask,
      fallback: { id: 'nobody', assess: () => Promise.reject(new Error('nobody else is asked')) },
      calibrations: [],
      prices: [],
      budget: memoryBudget(BudgetLimits.parse({}), clock),
      memo: null,
      recorder: { keep: async (recording) => void kept.push(recording) },
      tracer,
      clock,
      random: () => 0,
      limits: ModelLimits.parse({}),
    })
    const { snapshot, facts } = await incidentAt('a-kv-usw2')
    const opinion = await analyst.assess(snapshot, facts, new AbortController().signal)
    await tracer.close()
    await Promise.all([server.close(), traces.close()])
    expect(opinion.verdict?.reasoning).toMatch(/^The key is <secret:github:[0-9a-f]{4}>\.$/)
    expect(JSON.stringify([opinion, kept, traces.bodies])).not.toContain(token)
  })
})

describe('a text that is cut', () => {
  it('does not show half of a secret', async () => {
    const sent: string[] = []
    const analyst = modelAnalyst({
      providers: [
        {
          id: 'listener:x',
          complete: async ({ user }) => {
            sent.push(user)
            throw new Error('heard enough')
          },
        },
      ],
      prompt: analystPrompt({ boundaryKey: BOUNDARY_KEY, maxInputTokens: 6000 }),
      mask,
      fallback: { id: 'nobody', assess: () => Promise.reject(new Error('nobody else is asked')) },
      calibrations: [],
      prices: [],
      budget: memoryBudget(BudgetLimits.parse({ tokensPerIncident: 1e9, tokensPerDay: 1e9 }), steppingClock()),
      memo: null,
      recorder: null,
      tracer: noTracer,
      clock: steppingClock(),
      random: () => 0,
      limits: ModelLimits.parse({}),
    })
    const halves = Object.values(PLANTED).map(({ secret }) => secret.slice(0, Math.ceil(secret.length / 2)))
    for (const { text } of Object.values(PLANTED))
      for (let pad = 150; pad < 220; pad += 7) {
        const annotation = `${'ab '.repeat(Math.ceil(pad / 3)).slice(0, pad)}${text}`
        const snapshot = await snapshotOf(incidentWith('b-blind-desk', 'alert annotation', annotation), { mask })
        await analyst.assess(snapshot, deriveFacts(snapshot), new AbortController().signal)
      }
    expect(sent.length).toBeGreaterThan(100)
    for (const half of halves) expect(sent.filter((prompt) => prompt.includes(half))).toEqual([])
  })
})

describe('the snapshot', () => {
  it.each(PLACES.filter((place) => !place.startsWith('alert')))('holds no secret that came in a %s', async (place) => {
    for (const { text, secret } of Object.values(PLANTED)) {
      const snapshot = await snapshotOf(incidentWith('a-kv-usw2', place, text), { mask })
      expect(JSON.stringify(snapshot)).not.toContain(secret)
    }
  })
})

describe('a log line', () => {
  it.each(Object.entries(PLANTED))('holds no %s', (_name, { text, secret }) => {
    const line = JSON.stringify({
      level: 30,
      msg: 'upstream refused',
      error: { message: text, cause: JSON.stringify({ text }) },
    })
    const masked = createSyncMask({ key: MASK_KEY })(line)
    expect(masked).not.toContain(secret)
    expect(JSON.parse(masked).level).toBe(30)
  })
})

describe('the search itself', () => {
  it('finds what is not masked', async () => {
    const { everything } = await assessed(
      await snapshotOf(incidentWith('a-kv-usw2', 'log line', 'the word XYLOPHONE77 is no secret'), { mask }),
    )
    expect(everything).toContain('XYLOPHONE77')
  })
})
