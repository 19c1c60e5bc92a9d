import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HealthScoreOptions } from '../../agent/domain/health-score.ts'
import { groupOf } from '../../agent/domain/service.ts'
import { type AssessDeps, assess } from '../../agent/engine/assess.ts'
import { parseAlertmanager } from '../../agent/ingest/alertmanager.ts'
import { type Clock, systemClock } from '../../agent/lib/clock.ts'
import { sortableIds } from '../../agent/lib/ids.ts'
import { createMask } from '../../agent/lib/mask.ts'
import { tryOnce } from '../../agent/lib/retry.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { readPolicy } from '../../agent/policy/policy-file.ts'
import { anchorFile } from '../../agent/store/anchors.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import type { Store } from '../../agent/store/store.ts'
import { collectorsFor } from '../../collectors/index.ts'
import { httpOnlyPorts } from '../../collectors/shared/ports.ts'
import { loadRecordedIncidents, type RecordedIncident } from '../../evals/recorded-incident.ts'
import { recordedEntry } from '../../evals/recorded-scope.ts'
import { recordedUpstream } from '../../evals/recorded-upstream.ts'
import { type Figure, figureOf } from './figures.ts'

export const INCIDENTS = join(import.meta.dirname, '../../evals/incidents')
const POLICY_TEXT = readFileSync(join(import.meta.dirname, '../../policy.yaml'), 'utf8')

export function benchPolicy() {
  const read = readPolicy(POLICY_TEXT, 'policy.yaml')
  if (!read.ok) throw new Error('policy.yaml has mistakes')
  return read.value
}

/** Incidents that are assessed before anything counts, and the fewest that count. */
const WARM_UP = 20
const FEWEST_SAMPLES = 20

interface Sample {
  readonly totalMs: number
  readonly collectMs: number
  readonly judgeMs: number
}

/**
 * What an assessment costs besides waiting: the recorded upstreams answer in process at once and the rules give the opinion, so everything measured
 * is our own reading, masking, judging and recording on a real PostgreSQL.
 */
export async function benchOverhead(rounds: number, budgetSeconds = 25): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-bench-'))
  await chmod(folder, 0o755)
  const incidents = await loadRecordedIncidents(INCIDENTS)
  const server = await startEmbedded({ folder, purpose: 'serve', clock: systemClock })
  const time = { nowMs: Date.parse('2026-03-01T12:00:00.000Z') }
  const clock: Clock = { ...systemClock, now: () => time.nowMs }
  const store = await openStore({
    databaseUrl: server.url,
    clock,
    options: StoreOptions.parse({ eventGroups: 1000 }),
    anchors: [anchorFile(join(folder, 'anchors.ndjson'))],
    onAnchorFailure: (fault) => {
      throw fault
    },
  })
  try {
    const first: Sample[] = []
    const again: Sample[] = []
    const startedAt = performance.now()
    const isLate = () => performance.now() - startedAt > budgetSeconds * 1000
    for (let round = 0; round <= rounds; round += 1)
      for (const [index, incident] of incidents.entries()) {
        // On a busy machine fewer samples will do; the warm-up is cut first.
        if ((round === 0 && index >= WARM_UP) || (isLate() && first.length >= FEWEST_SAMPLES)) break
        time.nowMs = Date.parse(incident.decidedAt) + round * 1000
        const deps = depsOf(incident, store, clock)
        const opened = await openIncident(incident, store, clock, round)
        const samples = [await measure(opened, deps), await measure(opened, deps)]
        await store.incidents.closeByPerson(opened, { kind: 'system', id: 'bench', via: null }, 'measured')
        if (round === 0) continue
        first.push(samples[0]!)
        again.push(samples[1]!)
      }
    const of = (samples: readonly Sample[], pick: (sample: Sample) => number) => samples.map(pick)
    return [
      figureOf(
        'assessment, first look',
        of(first, (one) => one.totalMs),
        'ms',
      ),
      figureOf(
        'assessment, looking again with the same facts',
        of(again, (one) => one.totalMs),
        'ms',
      ),
      figureOf(
        'of a first look: reading and masking the sources',
        of(first, (one) => one.collectMs),
        'ms',
      ),
      figureOf(
        'of a first look: opinions and gate',
        of(first, (one) => one.judgeMs),
        'ms',
      ),
      figureOf(
        'of a first look: claim, state and record',
        of(first, (one) => one.totalMs - one.collectMs - one.judgeMs),
        'ms',
      ),
    ]
  } finally {
    await store.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(incidentId: string, deps: AssessDeps): Promise<Sample> {
  const startedAt = performance.now()
  const claim = await deps.store.incidents.claimAssessment('bench', 75_000, incidentId)
  const assessment = claim && (await assess(claim, deps))
  const totalMs = performance.now() - startedAt
  if (!assessment) throw new Error(`${incidentId} was not assessed`)
  const { collectMs, judgeMs } = assessment.timings
  return { totalMs, collectMs, judgeMs }
}

async function openIncident(incident: RecordedIncident, store: Store, clock: Clock, round: number): Promise<string> {
  const { service } = incident
  const alerts = parseAlertmanager(incident.alert).map((alert) => ({
    alert: { ...alert, fingerprint: `${alert.fingerprint}-${incident.id}-${round}` },
    service: service.name,
    group: groupOf(service),
    provider: service.primary.provider,
  }))
  const { incidents } = await store.incidents.ingestAlerts(alerts, new Date(clock.now()).toISOString())
  const [opened] = incidents
  if (!opened) throw new Error(`${incident.id} opened no incident`)
  return opened.incidentId
}

const mask = createMask({ key: 'a mask key for figures' })

function depsOf(incident: RecordedIncident, store: Store, clock: Clock): AssessDeps {
  const { service, collectors } = recordedEntry(incident)
  const plan = (name: string) => ({ name, hash: `plan:${name}`, isIrreversible: false, isUnfenced: false })
  const entry = {
    service,
    collectors: collectorsFor({ collectors }, httpOnlyPorts(clock)),
    plans: { region_failover: plan('move'), dr_failover: plan('recover'), self_heal: plan('restart') },
    approvers: ['alice'],
    approvalsNeeded: 1,
  }
  const policy = benchPolicy()
  return {
    ...{ agentId: 'bench', store, clock, mask, retry: tryOnce, newId: sortableIds(clock) },
    services: { find: () => entry, all: () => [entry] },
    http: recordedUpstream(incident, undefined, { anyTime: true }).http,
    analyst: rulesAnalyst(),
    policy: () => ({ policy, text: POLICY_TEXT }),
    healthScore: HealthScoreOptions.parse({}),
    anomaly: null,
    isolation: () => ({ recoverySiteReachable: true, neutralAnchorReachable: true }),
    mode: 'shadow',
    messages: { channels: ['chat'], baseUrl: null, mode: 'shadow', deadlineSeconds: 60 },
    ...{ deadlineMs: 60_000, windowMs: 3_600_000 },
  }
}
