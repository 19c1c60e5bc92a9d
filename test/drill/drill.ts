import { stagesOf } from '../../actions/index.ts'
import type { Look } from '../../actions/stage.ts'
import { deriveFacts, type Facts } from '../../agent/domain/facts.ts'
import type { Plan } from '../../agent/domain/plan.ts'
import { planHash } from '../../agent/domain/plan.ts'
import type { JournalEntry, Run, RunState } from '../../agent/domain/run.ts'
import type { RunReport } from '../../agent/domain/run-report.ts'
import { Service } from '../../agent/domain/service.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { executeRun } from '../../agent/engine/execute.ts'
import { measureLoss, type StampLoss } from '../../agent/engine/write-stamps.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import type { Store } from '../../agent/store/store.ts'
import { realPorts } from '../parts/failover-servers.ts'
import { clearOutage } from '../policy/inputs.ts'
import { PLACES } from './plans.ts'
import type { Users } from './users.ts'

const SHOP = Service.parse({
  name: 'shop',
  primary: PLACES.main,
  dr: PLACES.dr,
})

/** A run that stops to wait for a person has failed here: there is none. */
const LIMIT_MS = 150_000

export interface DrillResult {
  readonly run: Run
  readonly state: RunState | null
  readonly journal: readonly JournalEntry[]
  readonly report: RunReport | null
  /** From the order to the end, by a watch of its own. */
  readonly elapsedMs: number
  /** The longest time in which no write of any user succeeded. */
  readonly longestSilenceMs: number
}

/** Carries a plan out as the agent does, with users' own success as the metrics that it looks at. */
export async function carryOut(
  store: Store,
  plan: Plan,
  users: Users,
  options: {
    /** Ids of the writes that are there, where users are served after the run. */
    readonly present: () => Promise<readonly string[]>
    readonly isDryRun?: boolean
    readonly consentedSeconds?: number | null
    /** When users began to be hurt, by the wall clock. */
    readonly onsetMs?: number
    readonly onEntry?: (entry: JournalEntry) => void
  },
): Promise<DrillResult> {
  const asked = await store.runs.request({
    ...{
      service: SHOP.name,
      group: SHOP.name,
      action: plan.action as 'dr_failover',
      target: 'dr',
      planHash: planHash(plan),
    },
    ...{ factsHash: null, incidentId: null, decisionId: null, by: { kind: 'person', id: 'drill', via: 'cli' } },
    startBefore: instantOf(systemClock.now() + 60_000),
    cooldownSeconds: 0,
    isDryRun: options.isDryRun ?? false,
    dataLossConsentSeconds: options.consentedSeconds ?? null,
  })
  if ('refused' in asked) throw new Error(asked.refused)
  const run = await store.runs.start('drill', { maximumRunning: 1 })
  if (!run) throw new Error('the run did not start')
  const followed = followUsers(users)
  const beganMs = performance.now()
  let report: RunReport | null = null
  try {
    const state = await executeRun(
      run,
      {
        agentId: 'drill',
        store,
        plan,
        stages: stagesOf(plan),
        service: SHOP,
        groupServices: [SHOP.name],
        approvers: [],
        decidedOn: options.onsetMs === undefined ? null : knownSince(options.onsetMs),
        look: async () => followed.look(),
        ports: realPorts,
        measureLoss: async () => {
          // Copied before it is looked: what is acknowledged meanwhile cannot be in what was read.
          const followed = [...users.acknowledged]
          return lossOf(followed, await options.present())
        },
        clock: systemClock,
        mask: async (text) => text,
        channels: [],
        onEntry: (_run, entry) => options.onEntry?.(entry),
        onReport: (_run, measured) => {
          report = measured
        },
        pollMs: 200,
      },
      AbortSignal.timeout(LIMIT_MS),
    )
    const elapsedMs = performance.now() - beganMs
    const journal = await store.runs.journalOf(run.id)
    return { run, state, journal, report, elapsedMs, longestSilenceMs: longestSilence(users, beganMs) }
  } finally {
    followed.stop()
  }
}

/** The facts of an outage that began then. */
function knownSince(onsetMs: number): Facts {
  const facts = deriveFacts(clearOutage())
  return { ...facts, onset: { ...facts.onset, at: instantOf(onsetMs) } }
}

/** Users' success as two series with a value every quarter of a second. */
function followUsers(users: Users) {
  const points: [at: number, share: number, total: number][] = []
  const timer = setInterval(() => {
    const { total, failedShare } = users.rate()
    points.push([systemClock.now() / 1000, failedShare, total])
    if (points.length > 400) points.shift()
  }, 250)
  const look = (): Look => {
    const takenAt = instantOf(systemClock.now())
    const series = (name: string, pick: (point: [number, number, number]) => number) => ({
      kind: 'series' as const,
      id: `users:${name}`,
      name,
      query: name,
      labels: {},
      unit: null,
      stepSeconds: 0.25,
      points: points.map((point): [number, number] => [point[0], pick(point)]),
    })
    const outage = clearOutage()
    const signals = [series('failed_share', (point) => point[1]), series('users', (point) => point[2])]
    const evidence = {
      id: 'users',
      source: 'users',
      observer: 'outside_probe' as const,
      status: 'ok' as const,
      observedAt: takenAt,
      signals,
    }
    const snapshot = { ...outage, takenAt, evidence: [...outage.evidence, evidence] } as unknown as Look['snapshot']
    return { snapshot, facts: deriveFacts(outage) }
  }
  return { look, stop: () => clearInterval(timer) }
}

function lossOf(followed: Users['acknowledged'], present: readonly string[]): StampLoss {
  const found = new Map<string, number>()
  for (const id of present) found.set(id, (found.get(id) ?? 0) + 1)
  return measureLoss(followed, found)
}

/** The longest time since then in which no write of any user succeeded. */
export function longestSilence({ acknowledged }: Users, sinceMs: number): number {
  let longest = 0
  let last = sinceMs
  for (const { atMs } of acknowledged) {
    if (atMs < sinceMs) continue
    longest = Math.max(longest, atMs - last)
    last = atMs
  }
  return longest
}

export interface Count {
  readonly acknowledged: number
  readonly failed: number
  readonly lost: number
  readonly duplicated: number
}

/** What became of every write that a user was told had succeeded. */
export function countWrites(users: Users, present: readonly string[]): Count {
  const times = new Map<string, number>()
  for (const id of present) times.set(id, (times.get(id) ?? 0) + 1)
  return {
    acknowledged: users.acknowledged.length,
    failed: users.failedAtMs.length,
    lost: users.acknowledged.filter(({ id }) => !times.has(id)).length,
    duplicated: [...times.values()].filter((count) => count > 1).length,
  }
}
