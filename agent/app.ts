import { hostname } from 'node:os'
import type { CollectorPorts } from '../collectors/shared/ports.ts'
import { systemPorts } from '../collectors/shared/system-ports.ts'
import type { Agent, AgentOptions } from './app/agent.ts'
import { buildAnalyst } from './app/analyst.ts'
import { anomalyKeeperOf, anomalyObserver } from './app/anomaly.ts'
import { readCalibrations } from './app/calibrations.ts'
import { countAssessment } from './app/count.ts'
import { countedServices } from './app/counted-services.ts'
import { startDelivery } from './app/delivering.ts'
import { drillCalendar } from './app/drill-calendar.ts'
import { startEvents } from './app/events.ts'
import { type Every, keepHouse } from './app/housekeeping.ts'
import { intakeFor, metricsKeeper } from './app/intake.ts'
import { probeIsolation } from './app/isolation-probe.ts'
import { assessmentFields, entryFields } from './app/log-fields.ts'
import { agentMetrics } from './app/metrics.ts'
import { notifiersOf } from './app/notifiers.ts'
import { observedNotifier, observedServices, observedTracer } from './app/observed.ts'
import { openConfiguredStore } from './app/open-store.ts'
import { planBook } from './app/plan-book.ts'
import { policyKeeper } from './app/policy-keeper.ts'
import { runDesk } from './app/run-desk.ts'
import { secretKeyIn } from './app/secret-key.ts'
import { serviceBook } from './app/service-book.ts'
import { slackAsking } from './app/slack-asking.ts'
import { storeBudget } from './app/store-budget.ts'
import { spanningTracer, spansOf, stageSpans } from './app/tracing.ts'
import { upstreamBoard } from './app/upstream-board.ts'
import { peopleOf } from './approval/people.ts'
import { channelOrder } from './config/notify-settings.ts'
import { dataFolderOf, recordingsFolderOf } from './config.ts'
import type { Action } from './domain/action.ts'
import type { Isolation } from './engine/agent-state.ts'
import { type AssessDeps, type Assessment, assess, claimLeaseMs } from './engine/assess.ts'
import { startAssessor } from './engine/assessor.ts'
import { announce, type LifeDeps, startLife } from './engine/life.ts'
import { type Loop, startLoop } from './engine/loop.ts'
import { watchOnce } from './engine/watch.ts'
import { nats } from './events/nats.ts'
import { systemClock } from './lib/clock.ts'
import { HttpClientOptions, httpClient } from './lib/http-client.ts'
import { sortableIds } from './lib/ids.ts'
import { createMask } from './lib/mask.ts'
import { retrying } from './lib/retry.ts'
import { traceIdOfIncident } from './lib/spans.ts'
import { processIdentity } from './store/process-identity.ts'

const RETRY = { attempts: 2, firstDelayMs: 200, maxDelayMs: 2000 }
const CHANGES_PER_LOOK = 200
/** Orchestrators kill after 30 seconds. */
const FINISH_WITHIN_MS = 20_000

/**
 * Builds an agent. Long and straight on purpose: this is the one place where parts meet, and it should read in the order in which they need
 * each other.
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { config, environment, purpose } = options
  const { settings } = config
  const clock = options.clock ?? systemClock
  const cleanups: (() => Promise<void>)[] = []
  const newId = sortableIds(clock)
  const id = options.id ?? settings.agentId ?? newId('agent')
  const log = options.log.child({ agent: id })

  const spans = await spansOf(config, environment, { agentId: id, version: options.version, clock })
  cleanups.push(() => spans.close())
  const metrics = agentMetrics()
  metrics.info.set({ version: options.version, mode: settings.mode }, 1)
  const onAnchorFailure = () => metrics.anchorFailures.inc()
  const opened = await openConfiguredStore(config, { clock, log, purpose, onAnchorFailure })
  cleanups.push(opened.close)
  const { store } = opened

  const key = settings.maskKey ?? secretKeyIn(dataFolderOf(config))
  const mask = createMask({ key })
  const http = httpClient(HttpClientOptions.parse({}))
  const retry = retrying({ clock, random: Math.random }, RETRY)
  const recentChanges: CollectorPorts['recentChanges'] = async (services, window) => {
    const changes = await store.changes.within(services, window)
    return changes.slice(-CHANGES_PER_LOOK).map(({ changeKind, ...change }) => ({ ...change, kind: changeKind }))
  }
  const board = upstreamBoard(() => clock.now())
  const plans = planBook(config.plans)
  const catalogue = serviceBook(config.catalogue, plans, systemPorts({ clock, recentChanges }))
  const people = peopleOf(settings.people, settings.groups)
  const services = countedServices(observedServices(catalogue, metrics, clock, spans, board), people)

  const { analyst, prompt, tracer } = buildAnalyst(options.analyst ?? 'auto', {
    settings: settings.analyst,
    environment,
    boundaryKey: key,
    mask,
    clock,
    random: Math.random,
    calibrations: readCalibrations(),
    recordingsFolder: recordingsFolderOf(config),
    budget: (limits) => storeBudget(limits, store, clock),
    observeTracer: (inner) => spanningTracer(observedTracer(inner, metrics, board), spans),
  })
  cleanups.push(() => tracer.close())
  log.info({ analyst: analyst.id, mode: settings.mode, services: services.all().length }, 'agent built')

  const observe = anomalyObserver(metrics, log)
  const anomaly = settings.anomaly.enabled
    ? anomalyKeeperOf(config, { store, http, mask, retry, clock, newId, observe })
    : null

  const policy = policyKeeper(config, { store, clock, log, agentId: id })
  let isolation: Isolation = { recoverySiteReachable: null, neutralAnchorReachable: null }

  const messages = {
    channels: channelOrder(settings.notify),
    baseUrl: settings.publicUrl ?? null,
    mode: settings.mode,
    deadlineSeconds: settings.assess.deadlineSeconds,
  }
  const assessDeps: AssessDeps = {
    agentId: id,
    store,
    services,
    http,
    retry,
    mask,
    clock,
    newId,
    analyst,
    policy: policy.inForce,
    healthScore: settings.healthScore,
    anomaly: anomaly?.opinion ?? null,
    isolation: () => isolation,
    mode: settings.mode,
    messages,
    deadlineMs: settings.assess.deadlineSeconds * 1000,
    windowMs: settings.assess.windowMinutes * 60_000,
    spans,
    ...(options.progress && { progress: options.progress }),
  }
  const assessNow = async (incidentId: string): Promise<Assessment | null> => {
    const claim = await store.incidents.claimAssessment(id, claimLeaseMs(assessDeps.deadlineMs), incidentId)
    if (claim === null) return null
    const assessment = await assess(claim, assessDeps)
    if (assessment) onAssessed(assessment)
    return assessment
  }
  const planOf = (hash: string) => {
    const plan = plans.byHash(hash)?.plan
    return plan ? { stages: plan.stages.map(({ stage }) => stage), budgetSeconds: plan.objectives.rtoSeconds } : null
  }
  let showing: Loop | null = null
  const answering = {
    ...{ store, people, clock },
    policyHash: policy.hash,
    planHashOf: (service: string, action: Action) => services.find(service)?.plans[action]?.hash ?? null,
    startWithinMs: () => policy.inForce().policy.approval.expiresMinutes * 60_000,
    settings: settings.approval,
    nudge: () => assessor?.nudge(),
  }
  const asking = settings.slack
    ? slackAsking(
        {
          ...{ ...answering, log, mask, prompt, planOf, config, services, options: settings.slack },
          baseUrl: messages.baseUrl,
          assessNow,
        },
        () => showing?.nudge(),
      )
    : null
  if (asking) cleanups.push(() => asking.stop())

  const intake = intakeFor(config.catalogue.services, store, mask)
  const broker = settings.events.nats ? nats(settings.events.nats, id) : null
  if (broker) cleanups.push(() => broker.close())

  const loops: Loop[] = []
  let assessor: Loop | null = null
  const onAssessed = (assessment: Assessment) => {
    countAssessment(metrics, assessment)
    log.info(assessmentFields(assessment), 'decided')
    if (assessment.recorded.runId !== null) for (const loop of running) loop.nudge()
    options.onAssessed?.(assessment)
  }
  const onError = (name: string, error: unknown) => {
    metrics.failures.inc({ loop: name })
    log.warn({ loop: name, err: error }, 'background round failed, trying again')
  }
  const every: Every = (name, intervalMs, round) => {
    const wrapped = async (abort: AbortSignal) => {
      await round(abort)
      return false
    }
    loops.push(startLoop({ name, clock, intervalMs, round: wrapped, onError }))
  }

  const stages = stageSpans(spans)
  const runs = runDesk({
    ...{ config, environment, agentId: id, store, services, plans, http, mask, retry, clock, onError },
    policy: () => policy.inForce().policy,
    registry: metrics.registry,
    onEntry: (run, entry) => {
      stages(run, entry)
      log.info(entryFields(run, entry), 'run')
      showing?.nudge()
    },
  })
  let running: Loop[] = []
  let life: Loop | null = null
  const lifeDeps: LifeDeps = {
    ...{ store, clock, onError, self: { id, host: hostname(), pid: process.pid, version: options.version } },
    isGone: async (other) => other.host === hostname() && (await processIdentity(other.pid)) === null,
    onBuried: (buried) => {
      const { id: dead, ...work } = buried
      log.warn({ dead, ...work }, 'agent is dead, its work is taken over')
      metrics.buried.inc()
      assessor?.nudge()
      for (const loop of running) loop.nudge()
    },
    onTakenForDead: () =>
      log.error({}, 'was silent for so long that others took over; what was in hand here is theirs'),
  }

  async function startRuns(): Promise<void> {
    await announce(lifeDeps)
    life = startLife(lifeDeps)
    running = runs.start()
    loops.push(...running)
  }

  async function start(): Promise<void> {
    await startRuns()
    const actor = { kind: 'agent', id, via: null } as const
    const at = new Date(clock.now()).toISOString()
    await store.audit.append([{ kind: 'agent_started', at, actor, version: options.version, mode: settings.mode }])
    await policy.recordStart()

    const onFailed = (incident: string) => {
      metrics.assessmentFailures.inc()
      log.warn({ incident, trace: traceIdOfIncident(incident) }, 'no decision was reached, people are told')
    }
    const { concurrency } = settings.assess
    assessor = startAssessor(assessDeps, {
      ...{ concurrency, pollMs: 500, onAssessed, onFailed, onError },
      finishWithinMs: FINISH_WITHIN_MS,
    })
    loops.push(assessor)
    if (settings.watch.enabled) {
      const watch = {
        ...{ store, services, http, retry, mask, clock, healthScore: settings.healthScore },
        openAtScore: settings.healthScore.levels.selfHeal,
        sustained: { evaluations: 3, seconds: 60 },
        deadlineMs: (settings.watch.intervalSeconds * 1000) / 2,
        concurrency: settings.watch.concurrency,
      }
      every('watch', settings.watch.intervalSeconds * 1000, async (abort) => {
        const { opened: incidents } = await watchOnce(watch, abort)
        if (incidents.length > 0) assessor?.nudge()
      })
    }
    const { recoverySiteUrl, neutralAnchorUrl } = settings.isolation
    if (recoverySiteUrl !== undefined || neutralAnchorUrl !== undefined)
      every('isolation', 10_000, async (abort) => {
        const limited = AbortSignal.any([abort, AbortSignal.timeout(5000)])
        isolation = await probeIsolation(settings.isolation, http, limited)
      })
    if (anomaly) {
      every('anomaly', settings.anomaly.advanceSeconds * 1000, anomaly.advance)
      every('anomaly-training', 60_000, anomaly.trainDue)
    }
    every('policy', 2000, () => policy.reload())
    if (settings.drills.length > 0) {
      const calendar = { config, services, plans, policy, store, http, clock, runs, log, agentId: id }
      every('drills', 15_000, drillCalendar(calendar))
    }
    if (asking) {
      await asking.start()
      every('slack', 2000, () => asking.show())
      showing = loops.at(-1) ?? null
    }
    keepHouse(
      { config, store, services, people, clock, log, metrics, messages, showDrills: () => runs.showDrills() },
      every,
    )

    if (broker && settings.events.nats)
      loops.push(
        ...startEvents({
          ...{ broker, store, metrics, clock, log, intake, onError, source: settings.events.source },
          isPublishing: settings.events.nats.publish !== undefined,
          isConsuming: settings.events.nats.consume !== undefined,
          skewToleranceSeconds: settings.server.skewToleranceSeconds,
          keepMetrics: metricsKeeper(config.catalogue.services, store),
          nudge: () => assessor?.nudge(),
        }),
      )
    const notifiers = notifiersOf(settings.notify, { http, clock }).map((one) => observedNotifier(one, metrics, board))
    loops.push(startDelivery({ store, agentId: id, notifiers, clock, log }, settings.notify.delivery))
  }

  return {
    ...{ id, config, store, services, policy, metrics, clock, log, http, mask, prompt, assessDeps, start },
    ...{ plans, runs, people, startRuns },
    intake,
    upstreams: board.view,
    answering: { ...answering, members: asking ? (group) => asking.slack.web.members(group) : null },
    nudge: () => assessor?.nudge(),
    nudgeAll: () => {
      for (const loop of running) loop.nudge()
      showing?.nudge()
    },
    assessNow,
    stop: async () => {
      await Promise.all(loops.reverse().map((loop) => loop.stop()))
      // Alive until the last work is done; what it could not finish is anybody's from here on.
      await life?.stop()
      if (life) await store.agents.remove(id).catch(() => undefined)
      for (const cleanup of cleanups.reverse()) await cleanup()
    },
  }
}
