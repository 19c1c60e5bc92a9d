import { join } from 'node:path'
import { dataFolderOf } from '../../agent/config.ts'
import type { Action } from '../../agent/domain/action.ts'
import type { Actor } from '../../agent/domain/audit.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { requestManualRun } from '../../agent/engine/manual-run.ts'
import { sortableIds } from '../../agent/lib/ids.ts'
import { KEPT_FOLDER } from '../../evals/kept-reports.ts'
import { DEFAULT_OPTIONS, type EvalIo } from '../../evals/options.ts'
import { runEvals } from '../../evals/run.ts'
import { OUTCOME_ACT } from '../../evals/shadow-read.ts'
import { type Scene, scene } from './scene.ts'

const APPROVERS = ['alice', 'bob']

/** Recorded incidents that show what there is to see: failovers that were asked for, and everything that only looked like one. */
const SEEDS = [
  { file: 'a-basket-euw1', approvers: APPROVERS },
  { file: 'c-ledger-ase1-signed', approvers: APPROVERS },
  { file: 'a-kv-usw2', approvers: APPROVERS },
  { file: 'd-new-password' },
  { file: 'b-cdn-early' },
  { file: 'c-parcel-cac1-nodata' },
] as const
type File = (typeof SEEDS)[number]['file']

/** What people did about them in the end. */
const OUTCOMES: readonly (readonly [file: File, did: Action, right: Action | null])[] = [
  ['a-basket-euw1', 'rollback_change', null],
  ['b-cdn-early', 'page_human', null],
  ['d-new-password', 'dr_failover', 'rollback_change'],
]
const DAY_MS = 86_400_000
const ALICE: Actor = { kind: 'person', id: 'alice', via: 'cli' }

export interface Lived extends Scene {
  /** Addresses by name, one for each thing worth looking at. */
  readonly screens: Readonly<Record<string, string>>
}

/** An agent with some life behind it: an approved run, a drill, outcomes, and evaluations of cases that a filter names. */
export async function lived(databaseUrl: string, evalFilter = ''): Promise<Lived> {
  const people = APPROVERS.map((name) => ({ name }))
  const one = await scene(databaseUrl, SEEDS, {}, { mode: 'live', people })
  const { agent } = one
  const { store } = agent
  const now = () => instantOf(agent.clock.now())
  const decided = async (file: File) => {
    const record = await store.decisions.get(one.decisions.get(file) ?? '')
    if (!record) throw new Error(`nothing was decided about ${file}`)
    return record
  }

  const { incidentId } = await decided('a-kv-usw2')
  const [question] = await store.approvals.list({ status: 'pending', incidentId: incidentId ?? '' })
  if (!question) throw new Error('nobody was asked')
  const { factsHash, planHash, id: approvalId } = question
  const comment = 'the provider confirms it'
  const voted = { person: 'alice', answer: 'approve', via: 'console', comment, factsHash, planHash } as const
  const approved = await store.approvals.answer({ ...voted, approvalId }, 60_000)
  if (approved.outcome !== 'approved') throw new Error(`the approval was ${JSON.stringify(approved)}`)
  await ended(one, approved.run.id)
  const drilled = await drill(one, (await decided('c-ledger-ase1-signed')).service)

  for (const [file, action, right] of OUTCOMES) {
    const { incidentId: incident, service } = await decided(file)
    const details = { incident, action, actedAt: now(), right }
    await store.audit.append([
      { kind: 'administrative_act', at: now(), actor: ALICE, act: OUTCOME_ACT, service, reason: 'review', details },
    ])
  }
  const folder = join(dataFolderOf(agent.config), KEPT_FOLDER)
  for (const [daysAgo, analyst, without] of [
    [20, 'thresholds', []],
    [9, 'rules', ['changes']],
    [0, 'rules', []],
  ] as const) {
    const options = { ...DEFAULT_OPTIONS, analyst, without, filter: evalFilter, keep: folder }
    await runEvals(options, quietIo(folder, agent.clock.now() - daysAgo * DAY_MS))
  }
  const decision = (file: File) => `/decisions/${one.decisions.get(file)}`
  return {
    ...one,
    screens: {
      now: '/',
      incidents: '/incidents',
      incident: `/incidents/${incidentId}`,
      'decision-own-deploy': decision('a-basket-euw1'),
      'decision-asked': decision('c-ledger-ase1-signed'),
      'decision-run': decision('a-kv-usw2'),
      'decision-no-data': decision('c-parcel-cac1-nodata'),
      audit: '/audit',
      report: '/report',
      plans: '/plans',
      run: `/runs/${approved.run.id}`,
      drill: `/runs/${drilled}`,
      evals: '/evals',
    },
  }
}

/** A rehearsal of the first plan of a service, on a person's order. */
async function drill(one: Scene, service: string): Promise<string> {
  const { agent } = one
  const entry = agent.services.find(service)
  const plan = agent.plans.all().find((loaded) => loaded.plan.service === service)
  if (!entry || !plan) throw new Error(`${service} has no plan`)
  const snapshot = await agent.runs.look(entry, null, AbortSignal.timeout(20_000))
  const isolation = { recoverySiteReachable: null, neutralAnchorReachable: null }
  const outcome = await requestManualRun(
    { entry, plan, snapshot, by: ALICE, isDryRun: true, acceptedDataLossSeconds: null },
    {
      ...{ store: agent.store, services: agent.services, policy: agent.policy.inForce(), mode: 'live', isolation },
      ...{ healthScore: agent.config.settings.healthScore, newId: sortableIds(agent.clock) },
    },
  )
  if (outcome.outcome === 'refused') throw new Error(`the drill was refused: ${outcome.why}`)
  await ended(one, outcome.run.id)
  return outcome.run.id
}

const PATIENCE_MS = 60_000
const LOOK_MS = 100

async function ended({ agent }: Scene, runId: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (performance.now() < end) {
    if ((await agent.store.runs.get(runId))?.finishedAt) return
    await agent.clock.sleep(LOOK_MS)
  }
  throw new Error(`run ${runId} did not end`)
}

function quietIo(folder: string, nowMs: number): EvalIo {
  return {
    ...{ write: () => undefined, writeProgress: () => undefined, isTerminal: false, scores: null },
    ...{ now: () => nowMs, elapsed: () => performance.now(), abort: AbortSignal.timeout(120_000) },
    ...{ workFolder: folder, artifacts: folder, readme: join(folder, 'README.md') },
    analystNamed: async (name, prompt) =>
      (await import('../../evals/analysts.ts')).analystNamed(name, prompt, { configFolder: folder, environment: {} }),
  }
}
