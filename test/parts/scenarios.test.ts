import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../../agent/domain/plan.ts'
import type { Assessment } from '../../agent/engine/assess.ts'
import { RUNBOOK_URL, writeAgentFolder } from '../drill/agent-folder.ts'
import { carryOut } from '../drill/drill.ts'
import { type Monitoring, QUERIES, startMonitoring } from '../drill/monitoring.ts'
import { awayPlan } from '../drill/plans.ts'
import { type Sites, startSites } from '../drill/sites.ts'
import { startStore } from '../drill/store.ts'
import { startUsers, type Users } from '../drill/users.ts'
import { sql } from './failover-servers.ts'
import { type PartsAgent, startAgent } from './parts-agent.ts'
import { freePort, removeFolder, scratchFolder, waitUntil } from './servers.ts'
import { TOKEN } from './world.ts'

/** Each trouble has users, and so metrics, of its own: what the one before left behind is nobody's past. */
const SERVICES = ['one-server', 'corruption', 'partition', 'deletion', 'region']

let sites: Sites
let users: Users | undefined
let monitoring: Monitoring
let running: PartsAgent
let folder: string

beforeAll(async () => {
  sites = await startSites({ hasSpareServer: true, isCuttable: true })
  const port = await freePort()
  const webhookUrl = `http://127.0.0.1:${port}/v1/alerts/alertmanager`
  monitoring = await startMonitoring({ sites, services: SERVICES, webhookUrl, token: TOKEN })
  folder = scratchFolder('scenarios')
  writeAgentFolder({ folder, port, sites, monitoring, services: SERVICES, isWatching: false })
  running = await startAgent(folder)
})

afterAll(async () => {
  await running?.stop()
  await monitoring?.stop()
  await sites?.stop()
  if (folder) removeFolder(folder)
})

// What one trouble leaves behind would be the next one's.
afterEach(async () => {
  await users?.stop()
  sites.outside.mend()
})

/** Users of a service who are well, and then meet a trouble. */
async function meet(service: string, trouble: () => Promise<unknown> | unknown): Promise<Users> {
  const started = startUsers(sites, 2, service)
  users = started
  monitoring.follow(service, started)
  await untilServed(service)
  await trouble()
  return started
}

/** Until the metrics say that users write, and that no write fails any more. */
async function untilServed(service: string): Promise<void> {
  const measured = async (query: string) => {
    const answer = await fetch(`${monitoring.prometheus.url}/api/v1/query?${new URLSearchParams({ query })}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1] ?? Number.NaN)
  }
  const isServed = async () =>
    (await measured(QUERIES.writes(service))) > 5 && (await measured(QUERIES.failedShare(service))) === 0
  await waitUntil(isServed, 60_000, 'metrics of users who are served')
}

/** What the agent makes of an alert about a service, on what its collectors find. */
async function assessed(service: string): Promise<Assessment> {
  const startsAt = new Date().toISOString()
  await monitoring.alertmanager.send({ alertname: 'Trouble', service, severity: 'critical' }, { startsAt })
  let found: Assessment | undefined
  const isThere = () => {
    found = running.assessed.findLast(({ incident }) => incident.service === service)
    return found !== undefined
  }
  await waitUntil(isThere, 60_000, `an assessment of ${service}`)
  return found!
}

/** Until a share of the writes of the last moments fails. */
async function untilHurt(users: Users): Promise<void> {
  const before = users.failedAtMs.length
  await waitUntil(() => users.failedAtMs.length > before + 30, 30_000, 'users who are hurt')
  // The rates look back over four scrapes.
  const until = performance.now() + 6000
  await waitUntil(() => performance.now() > until, 10_000, 'metrics of users who are hurt')
}

const moves = ({ judgement: { decision } }: Assessment) =>
  /failover/.test(decision.action) && ['act', 'ask'].includes(decision.disposition)
const checkIn = ({ judgement }: Assessment, name: string) =>
  judgement.facts.checks.find(({ check }) => check === name)?.status

describe('the five classic troubles on real servers', () => {
  it('one server dies: the other serves, and nothing is moved', async () => {
    const users = await meet('one-server', sites.loseServer)
    const before = users.acknowledged.length
    await waitUntil(() => users.acknowledged.length > before + 100, 30_000, 'users whom the other server serves')
    await untilServed('one-server')
    const assessment = await assessed('one-server')
    await users.stop()
    expect(moves(assessment)).toBe(false)
    expect(assessment.judgement.facts.hurt.overall).toBe('no')
    expect(assessment.judgement.decision.action).not.toMatch(/failover/)
  })

  it('the data is corrupted, and so on the standby: users are hurt, and nobody is moved', async () => {
    const mangle = `CREATE FUNCTION mangle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.sum := NULL; NEW.sum := ''0''; RETURN NEW; END';
      CREATE TRIGGER mangle BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION mangle();
      UPDATE orders SET sum = '0'`
    const users = await meet('corruption', () => sql(sites.main.database, mangle))
    await untilHurt(users)
    const assessment = await assessed('corruption')
    await users.stop()
    const corrupt = 'SELECT count(*)::int AS rows FROM orders WHERE sum <> md5(id)'
    const [standby] = await sql(sites.dr.database, corrupt)
    expect(standby?.rows).toBeGreaterThan(20)
    const { facts, opinion } = assessment.judgement
    expect(facts.hurt.own_telemetry.state).toBe('yes')
    expect(checkIn(assessment, 'data_integrity')).toBe('error')
    expect(opinion.verdict?.rootCause.category).toBe('internal_data')
    expect(moves(assessment)).toBe(false)
    expect(assessment.judgement.decision).toMatchObject({ action: 'page_human', disposition: 'notify' })
    await sql(sites.main.database, 'DROP FUNCTION mangle CASCADE; UPDATE orders SET sum = md5(id)')
  })

  it('the network parts: users are well on a primary that we cannot see, and whoever orders a move is stopped by the fence', async () => {
    const users = await meet('partition', () => sites.outside.cut())
    const before = users.acknowledged.length
    await waitUntil(() => users.acknowledged.length > before + 50, 20_000, 'users whom the far side serves')
    const assessment = await assessed('partition')
    expect(checkIn(assessment, 'external_uptime')).toBe('error')
    expect(checkIn(assessment, 'provider_api')).toBe('error')
    expect(assessment.judgement.facts.hurt.own_telemetry.state).not.toBe('yes')
    expect(moves(assessment)).toBe(false)

    // A person is sure, and wrong.
    const order = async (plan: Plan) => {
      // The running agent would take over what it finds in its own store.
      const { store, stop } = await startStore()
      try {
        const { state, journal } = await carryOut(store, plan, users, { present: async () => [] })
        return { state, told: journal.map(({ detail }) => detail).join('\n') }
      } finally {
        await stop()
      }
    }
    const withoutProof = await order(awayPlan(sites))
    expect(withoutProof.state).not.toBe('succeeded')
    expect(withoutProof.told).toContain('nobody consented to the loss')
    const withoutPower = await order(awayPlan(sites, { powerOff: ['/bin/false'] }))
    expect(withoutPower.state).not.toBe('succeeded')
    expect(withoutPower.told).toContain('/bin/false')
    expect(withoutPower.told).not.toContain('promote postgres')
    expect(await sql(sites.dr.database, 'SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }])
    const later = users.acknowledged.length
    await waitUntil(() => users.acknowledged.length > later + 50, 20_000, 'users who are still served by the primary')
    await users.stop()
    sites.outside.mend()
    const follows = async () => (await sql(sites.dr.database, 'SELECT 1 FROM pg_stat_wal_receiver')).length === 1
    await waitUntil(follows, 30_000, 'the standby to follow again')
  })

  it('the tables are deleted, and so on the standby: nobody is moved, and the page names how to restore', async () => {
    await sql(sites.main.database, 'CREATE TABLE kept AS TABLE orders')
    const users = await meet('deletion', () => sql(sites.main.database, 'DROP TABLE orders'))
    await untilHurt(users)
    const assessment = await assessed('deletion')
    await users.stop()
    expect(await sql(sites.dr.database, "SELECT to_regclass('public.orders') AS orders")).toEqual([{ orders: null }])
    expect(checkIn(assessment, 'data_present')).toBe('error')
    expect(assessment.judgement.opinion.verdict?.rootCause.category).toBe('internal_data')
    expect(moves(assessment)).toBe(false)
    expect(assessment.judgement.decision).toMatchObject({ action: 'page_human', disposition: 'notify' })
    expect(assessment.snapshot.service.runbookUrl).toBe(RUNBOOK_URL)
    await sql(sites.main.database, 'ALTER TABLE kept RENAME TO orders; GRANT ALL ON orders TO app')
  })

  it('the whole region is lost: the same agent asks for the move that it kept from the others', async () => {
    const users = await meet('region', sites.loseMain)
    await untilHurt(users)
    const assessment = await assessed('region')
    await users.stop()
    const { decision, opinion } = assessment.judgement
    const said = JSON.stringify([opinion, decision.reasons.filter(({ outcome }) => outcome === 'block')], null, 1)
    expect(decision, said).toMatchObject({ action: 'dr_failover', disposition: 'ask' })
    expect(opinion.verdict?.rootCause.category).toBe('aws_infrastructure')
    const asked = await running.agent.store.approvals.list({ status: 'pending', limit: 10 })
    const [question] = asked.filter(({ service }) => service === 'region')
    expect(question).toMatchObject({ action: 'dr_failover', approvers: ['bob'] })
    expect(await running.agent.store.runs.list({ limit: 10 })).toEqual([])
  })
})
