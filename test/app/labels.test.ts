import { describe, expect, it } from 'vitest'
import { parseRecordedIncident } from '../../evals/recorded-incident.ts'
import { testServer } from '../store/test-database.ts'
import { catalogueService, delivery, post, type Running, runningAgent, waitUntil } from './agent-under-test.ts'

const databases = testServer()

/** An agent that has decided about an alert of a service without any evidence: a person is paged. */
async function decided(): Promise<{ running: Running; path: string }> {
  const running = await runningAgent(databases, { catalogue: { services: [catalogueService('checkout')] } })
  await post(running, delivery([{ service: 'checkout' }]))
  await waitUntil(() => running.assessed.length > 0, 'a decision')
  return { running, path: `/v1/decisions/${running.assessed[0]?.recorded.id}` }
}

const label = (running: Running, path: string, body: Record<string, unknown>) => post(running, body, `${path}/labels`)

async function caseOf({ server }: Running, path: string) {
  const answer = await server.inject({ method: 'GET', url: `${path}/case` })
  return { status: answer.statusCode, body: answer.json() as { label: Record<string, unknown> } }
}

const WRONG = {
  ...{ label: 'wrong', best: 'rollback_change', acceptable: ['page_human'], tolerable: ['observe'] },
  ...{ category: 'internal_deploy', why: 'the deploy of 11:55 was it' },
}

describe('a label', () => {
  it('that a decision was wrong makes an evaluation case of it, with every action in one tier', async () => {
    const { running, path } = await decided()
    expect(await caseOf(running, path)).toMatchObject({ status: 404 })
    expect(await label(running, path, WRONG)).toMatchObject({ status: 201, body: { best: 'rollback_change' } })
    const { status, body } = await caseOf(running, path)
    expect(status).toBe(200)
    const recorded = parseRecordedIncident(body, 'the case')
    expect(recorded).toMatchObject({ service: { name: 'checkout' }, label: { category: 'internal_deploy' } })
    expect(body.label).toMatchObject({
      ...{ best: 'rollback_change', acceptable: ['page_human'], tolerable: ['observe'] },
      forbidden: ['no_action', 'self_heal', 'region_failover', 'dr_failover'],
      why: WRONG.why,
    })
  })

  it('that a decision was right names what was decided, and the newest one counts', async () => {
    const { running, path } = await decided()
    await label(running, path, WRONG)
    running.clock.advance(1000)
    expect(await label(running, path, { label: 'right', why: 'on second thoughts' })).toMatchObject({ status: 201 })
    expect((await caseOf(running, path)).body.label).toMatchObject({ best: 'page_human', why: 'on second thoughts' })
    const [newest] = await running.agent.store.audit.list({ kinds: ['administrative_act'], limit: 1 })
    expect(newest?.entry).toMatchObject({ act: 'verdict_labelled', reason: 'on second thoughts' })
  })

  it('that says too little is refused, and nothing is kept', async () => {
    const { running, path } = await decided()
    const wanting = {
      'wrong without what would have been right': { label: 'wrong', why: 'no' },
      'wrong with what was decided': { ...WRONG, best: 'page_human', acceptable: [] },
      'without a reason': { label: 'right', why: '  ' },
      'of a word that is none': { label: 'maybe', why: 'x' },
    }
    for (const [name, body] of Object.entries(wanting))
      expect([name, (await label(running, path, body)).status]).toEqual([name, 400])
    expect(await caseOf(running, path)).toMatchObject({ status: 404 })
  })
})
