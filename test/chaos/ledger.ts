import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { COMPILED, ROOT } from './agents.ts'
import { STAGES } from './configuration.ts'
import { DATABASE_URL } from './database.ts'
import { eventually, type Scene } from './scene.ts'

/** What one row came to, counted from the database, the effects and the messages that arrived. */
export interface Counts {
  readonly sent: number
  readonly stored: number
  readonly incidents: number
  readonly decisions: number
  readonly runs: number
  readonly effects: number
  readonly refusedLate: number
  readonly messages: number
  readonly repeatedMessages: number
  readonly auditEntries: number
  readonly takenOver: number
}

export interface Verdict {
  readonly counts: Counts
  /** What was lost, done twice, or permitted wrongly; empty when nothing was. */
  readonly wrong: readonly string[]
}

const SETTLED = `
  select (select count(*) from incidents where closed_at is null and (claim_token is not null or assessments = 0))::int
    + (select count(*) from notifications where state in ('waiting', 'sending'))::int
    + (select count(*) from runs where state in ('pending', 'running', 'paused', 'rolling_back'))::int as open`

/** Waits until nothing is in hand any more, then counts. */
export async function account(scene: Scene, allowsQuestions: boolean): Promise<Verdict> {
  const client = new pg.Client({ connectionString: DATABASE_URL, statement_timeout: 10_000 })
  await client.connect()
  const rows = async (text: string) => (await client.query(text)).rows as Record<string, unknown>[]
  const number = async (text: string) => Number(Object.values((await rows(text))[0] ?? {})[0])
  try {
    await eventually(
      () => number(SETTLED),
      (open) => open === 0,
      120_000,
      'everything to be settled',
    )
    const wrong: string[] = []
    const stored = new Set(
      (await rows(`select alert::jsonb ->> 'name' as name from incident_alerts`)).map(({ name }) => name),
    )
    const lost = [...scene.acknowledged].filter((name) => !stored.has(name))
    if (lost.length > 0) wrong.push(`${lost.length} acknowledged alerts are lost (${lost.slice(0, 3).join(', ')})`)

    const check = async (problem: string, text: string) => {
      const found = await number(text)
      if (found > 0) wrong.push(`${found} ${problem}`)
    }
    await check(
      'incidents count other assessments than they have decisions',
      `select count(*) from incidents i
      where assessments <> (select count(*) from decisions d where d.incident_id = i.id)`,
    )
    await check(
      'decisions stand on the record not exactly once',
      `select count(*) from decisions d where 1 <> (select count(*)
      from audit_log where kind = 'decision_made' and entry::jsonb ->> 'decisionId' = d.id)`,
    )
    await check('decisions act without a person', `select count(*) from decisions where disposition = 'act'`)
    if (!allowsQuestions)
      await check('decisions ask to move something', `select count(*) from decisions where disposition = 'ask'`)
    await check(
      'runs have no approval',
      `select count(*) from runs r where not exists (select from approvals a
      where a.id = r.approval_id and a.status = 'approved')`,
    )
    await check(
      'approvals have more than one run',
      `select count(*) from (select approval_id from runs group by 1
      having count(*) > 1) as twice`,
    )
    await check('runs did not succeed', `select count(*) from runs where state <> 'succeeded'`)
    await check(
      'approvals were counted for one person twice',
      `select count(*) from (select approval_id, person from approval_votes
      group by 1, 2 having count(*) > 1) as twice`,
    )
    await check(
      'lines of journals go back to an older generation',
      `select count(*) from (select generation, max(generation)
      over (partition by run_id order by seq) as newest from run_journal) as lines where generation < newest`,
    )
    await check('messages were given up', `select count(*) from notifications where state = 'given_up'`)
    const keys = (await rows(`select distinct payload::jsonb #>> '{notification,id}' as key from notifications`)).map(
      ({ key }) => String(key),
    )
    const unheard = keys.filter((key) => !scene.world.messages.has(key))
    if (unheard.length > 0) wrong.push(`${unheard.length} messages did not arrive`)

    const { landings, messages } = scene.world
    const runs = (await rows(`select id from runs where state = 'succeeded'`)).map(({ id }) => String(id))
    for (const run of runs)
      for (const effect of STAGES) {
        const times = landings.filter(
          (one) => one.run === run && one.effect === effect && one.outcome === 'landed',
        ).length
        if (times !== 1) wrong.push(`the effect ${effect} happened ${times} times`)
      }
    const audit = await verified(scene)
    wrong.push(...audit.problems)
    const counts: Counts = {
      sent: scene.acknowledged.size,
      stored: [...scene.acknowledged].filter((name) => stored.has(name)).length,
      incidents: await number('select count(*) from incidents'),
      decisions: await number('select count(*) from decisions'),
      runs: runs.length,
      effects: landings.filter(({ outcome }) => outcome === 'landed').length,
      refusedLate: landings.filter(({ outcome }) => outcome === 'refused').length,
      messages: keys.length,
      repeatedMessages: [...messages.values()].reduce((sum, times) => sum + times - 1, 0),
      auditEntries: audit.entries,
      takenOver: await number(`select count(*) from audit_log where kind = 'agent_taken_over'`),
    }
    return { counts, wrong }
  } finally {
    await client.end()
  }
}

/** The chain, by the command that people use, held against the heads that each agent has anchored outside of the database. */
async function verified(scene: Scene): Promise<{ entries: number; problems: string[] }> {
  const problems: string[] = []
  let entries = 0
  for (const name of new Set(scene.agents.map((agent) => agent.name))) {
    const args = [join(ROOT, 'agent/cli.ts'), '--config', join(scene.folder, name), 'audit', 'verify', '--json']
    const env = { ...process.env, ...COMPILED, DATABASE_URL }
    const out = await promisify(execFile)(process.execPath, args, { env }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; message: string }) =>
        error.stdout || JSON.stringify({ ok: false, problem: { detail: error.message } }),
    )
    const answer = JSON.parse(out) as { ok: boolean; entries?: number; problem?: { detail: string } | null }
    if (!answer.ok)
      problems.push(`the audit chain does not verify with the anchors of ${name}: ${answer.problem?.detail}`)
    entries = answer.entries ?? entries
  }
  return { entries, problems }
}
