import type { IDataObject, INodeType } from 'n8n-workflow'
import { describe, expect, it } from 'vitest'
import {
  catalogueService,
  delivery,
  fakeUpstream,
  runningAgent,
  waitUntil,
} from '../../../test/app/agent-under-test.ts'
import { testServer } from '../../../test/store/test-database.ts'
import { built, executionFunctions, type Given, issuesOf } from './n8n-under-test.ts'

const TOKEN = 'n8n-token-0123456789abc'
const INGEST_ONLY = 'ingest-token-0123456789'
const databases = testServer()

/** An agent that serves over HTTP, with one service whose health can be set. */
async function world() {
  const upstream = await fakeUpstream(() => [
    { signal: 'internal_services', status: 'error', checkedAt: new Date(running.clock.now()).toISOString() },
  ])
  const source = { source: 'health-feed', url: `${upstream.url}/health`, checks: ['internal_services'] }
  const running = await runningAgent(databases, {
    catalogue: { services: [catalogueService('shop', [source]), catalogueService('cart', [source])] },
    settings: {
      server: {
        tokens: [
          { name: 'n8n', token: TOKEN, scopes: ['ingest', 'read'] },
          { name: 'alerts', token: INGEST_ONLY, scopes: ['ingest'] },
        ],
      },
    },
  })
  const url = await running.server.listen({ host: '127.0.0.1', port: 0 })
  return { running, url }
}

const failwise = built<INodeType>('dist/nodes/Failwise/Failwise.node.js')
const trigger = built<INodeType>('dist/nodes/FailwiseTrigger/FailwiseTrigger.node.js')

async function execute(given: Omit<Given, 'node' | 'token'> & { token?: string }): Promise<IDataObject[]> {
  const functions = executionFunctions({ node: failwise, token: TOKEN, ...given })
  const [items] = ((await failwise.execute?.call(functions)) ?? []) as { json: IDataObject }[][]
  return (items ?? []).map(({ json }) => json)
}

const quick = { withinSeconds: 15, pollSeconds: 0.2 }

describe('the node', () => {
  it('hands an alert over and answers with the decision of the agent', async () => {
    const { url } = await world()
    const parameters = { operation: 'decide', name: 'ShopDown', service: '={{ $json.service }}', ...quick }
    const [item] = await execute({ url, parameters, items: [{ service: 'shop' }] })
    expect(item).toMatchObject({ status: 'decided', service: 'shop', mode: 'shadow', isCarriedOut: false })
    expect(item?.action).toMatch(/^(observe|page_human)$/)
    expect(((item?.reasons ?? []) as string[]).some((reason) => reason.startsWith('users.observers: '))).toBe(true)

    const [again] = await execute({
      url,
      parameters: { operation: 'getDecision', by: 'decision', decisionId: item?.decisionId as string },
    })
    expect(again).toMatchObject({ decisionId: item?.decisionId, action: item?.action, disposition: item?.disposition })
  })

  it('takes an Alertmanager delivery apart: one item for each incident, in order of the items', async () => {
    const { url } = await world()
    const body = delivery([{ service: 'shop' }, { service: 'cart' }])
    const stored = await execute({
      url,
      parameters: { operation: 'sendAlert', format: 'alertmanager' },
      items: [{ body } as IDataObject],
    })
    expect(stored).toHaveLength(2)
    expect(stored[0]).toMatchObject({ status: 'stored', accepted: 2 })
    const decisions = await execute({ url, parameters: { operation: 'getDecision', ...quick }, items: stored })
    expect(decisions.map(({ service }) => service).sort()).toEqual(['cart', 'shop'])
    expect(decisions.map(({ incidentId }) => incidentId)).toEqual(stored.map(({ incidentId }) => incidentId))
  })

  it('says that nobody has judged it when the alert fits no service, or the time is over', async () => {
    const { url } = await world()
    const unmatched = await execute({
      url,
      parameters: { operation: 'decide', name: 'X', service: 'nobody', ...quick },
    })
    expect(unmatched[0]).toMatchObject({ status: 'unmatched', action: null, isCarriedOut: false })
    const empty = { ...delivery([]), status: 'resolved' }
    const items = [{ body: empty }] as IDataObject[]
    const nothing = await execute({ url, parameters: { operation: 'decide', format: 'alertmanager', ...quick }, items })
    expect(nothing[0]).toMatchObject({ status: 'unmatched', reasons: ['there was no alert in it'] })

    const decision = { id: 'd', decision: { action: 'observe' } }
    const busy = await fakeUpstream(() => ({ incident: { state: 'assessing' }, decisions: [decision] }))
    const parameters = { operation: 'getDecision', incidentId: 'i', withinSeconds: 0.5, pollSeconds: 0.2 }
    const [late] = await execute({ url: busy.url, parameters })
    expect(late).toMatchObject({ status: 'undecided', action: null, isCarriedOut: false })
    expect(busy.asked.length).toBeGreaterThan(1)
  })

  it('shows what Failwise said when it refuses, and which item it was', async () => {
    const { url } = await world()
    const parameters = { operation: 'getDecision', by: 'decision', decisionId: 'dec-nothing' }
    const refused = execute({ url, parameters })
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining('there is no decision "dec-nothing"'),
      context: { itemIndex: 0 },
    })
    await expect(execute({ url, token: INGEST_ONLY, parameters })).rejects.toThrow(/lacks the scope "read"/)
    await expect(execute({ url, token: 'wrong-token-0123456789', parameters })).rejects.toThrow(/credentials are wrong/)
  })

  it('goes on with an item that nobody judged, where the workflow wants that', async () => {
    const { url } = await world()
    const parameters = { operation: 'getDecision', by: 'decision', decisionId: '={{ $json.id }}' }
    const items = await execute({ url, parameters, continueOnFail: true, items: [{ id: 'no' }, { id: '' }] })
    expect(items).toMatchObject([
      { status: 'undecided', isCarriedOut: false, error: expect.stringContaining('there is no decision') },
      { status: 'undecided', error: 'the parameter "decisionId" is empty' },
    ])
  })

  it.each([
    ['text that is no JSON', '{"alerts":'],
    ['a list', '[]'],
    ['a number', '7'],
  ])('refuses a body that is %s', async (_what, body) => {
    const parameters = { operation: 'sendAlert', format: 'alertmanager', body }
    await expect(execute({ url: 'http://127.0.0.1:1', parameters })).rejects.toThrow(/"body" is not a JSON object/)
  })

  it('does not follow redirects, nor take a page for an answer', async () => {
    const parameters = { operation: 'getDecision', by: 'decision', decisionId: 'x' }
    const { createServer } = await import('node:http')
    let status = 302
    const server = createServer((_request, reply) =>
      reply.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('<html>sign in</html>'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    await expect(execute({ url, parameters })).rejects.toThrow(/it answered 302/)
    status = 200
    await expect(execute({ url, parameters })).rejects.toThrow(/not JSON/)
    server.close()
  })

  it('is asked for by n8n itself: what is required, and what hides what', () => {
    const given = { node: failwise, url: '', token: '' }
    const missing = issuesOf({ ...given, parameters: { operation: 'decide' } })
    expect(Object.keys((missing as { parameters: object }).parameters).sort()).toEqual(['name', 'service'])
    expect(issuesOf({ ...given, parameters: { operation: 'decide', name: 'a', service: 'b' } })).toBeNull()
    expect(issuesOf({ ...given, parameters: { operation: 'getDecision', by: 'decision', decisionId: 'd' } })).toBeNull()
    expect(issuesOf({ node: trigger, url: '', token: '' })).toBeNull()
  })
})

describe('the trigger', () => {
  async function poll(url: string, memory: IDataObject, more: Partial<Given> = {}): Promise<IDataObject[]> {
    const functions = executionFunctions({ node: trigger, url, token: TOKEN, memory, ...more })
    return ((await trigger.poll?.call(functions))?.[0] ?? []).map(({ json }) => json)
  }

  it('starts with what is decided from now on, once each, and after the filters', async () => {
    const { url, running } = await world()
    const send = (service: string) =>
      execute({ url, parameters: { operation: 'decide', name: 'Down', service, ...quick } })
    await send('shop')
    const memory: IDataObject = {}
    const filtered: IDataObject = {}
    expect(await poll(url, memory)).toEqual([])
    await poll(url, filtered)

    const [decided] = await send('cart')
    const elsewhere = { parameters: { service: 'shop' } }
    expect(await poll(url, { ...memory }, elsewhere)).toEqual([])
    expect(await poll(url, filtered, { parameters: { dispositions: ['act'] } })).toEqual([])
    const found = await poll(url, memory)
    expect(found).toMatchObject([{ decisionId: decided?.decisionId, service: 'cart' }])
    expect(await poll(url, memory)).toEqual([])

    running.clock.advance(60_000)
    running.agent.nudge()
    await waitUntil(() => running.assessed.length > 2, 'another decision')
    expect((await poll(url, memory)).length).toBeGreaterThan(0)
    expect(await poll(url, memory)).toEqual([])
  })

  it('starts with the first decision ever when it looked before that', async () => {
    const { url } = await world()
    const memory: IDataObject = {}
    expect(await poll(url, memory)).toEqual([])
    await execute({ url, parameters: { operation: 'decide', name: 'Down', service: 'shop', ...quick } })
    expect(await poll(url, memory)).toHaveLength(1)
  })

  it('shows the newest decision to somebody who tries the workflow out, and forgets that', async () => {
    const { url } = await world()
    await execute({ url, parameters: { operation: 'decide', name: 'Down', service: 'shop', ...quick } })
    const memory: IDataObject = {}
    expect(await poll(url, memory, { mode: 'manual' })).toHaveLength(1)
    expect(memory).toEqual({})
  })
})
