import type { DetectorName } from '../anomaly/detector.ts'
import { opinionFrom } from '../anomaly/opinion.ts'
import type { TrainDetector } from '../anomaly/training-thread.ts'
import type { AnomalyOpinion } from '../domain/anomaly.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault } from '../lib/errors.ts'
import type { NewId } from '../lib/ids.ts'
import type { AnomalyModelRecord, AnomalyScope } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { type Fed, feedHistory, feedSnapshot } from './anomaly-rows.ts'
import { anomalyShelf, type OpenedDetector } from './anomaly-shelf.ts'
import { type GridRange, type MetricHistory, onGrid, readGrid } from './metric-history.ts'

export interface AnomalyKeeperOptions {
  readonly historyDays: number
  readonly stepSeconds: number
  readonly retrainHours: number
  readonly detector: DetectorName
  /** Models kept in memory, in bytes. */
  readonly cacheBytes: number
}

export interface AnomalyKeeperDeps {
  readonly store: Pick<Store, 'anomalyModels' | 'agents' | 'incidents'>
  readonly clock: Clock
  readonly newId: NewId
  /** Services whose metrics have a past, and where it is. */
  readonly histories: ReadonlyMap<string, MetricHistory>
  readonly train: TrainDetector
  readonly options: AnomalyKeeperOptions
  readonly observe: AnomalyObserver
}

/** Is told what the keeper does. */
export interface AnomalyObserver {
  trained(outcome: 'trained' | 'abstained' | 'failed'): void
  read(rows: number): void
  opinion(status: AnomalyOpinion['status']): void
  problem(service: string, error: unknown): void
}

/** What a training came to. */
export type TrainingOutcome =
  | { readonly outcome: 'trained'; readonly model: AnomalyModelRecord }
  | { readonly outcome: 'abstained'; readonly reason: string }
  /** Another agent trains this service now. */
  | { readonly outcome: 'busy' }

export interface AnomalyKeeper {
  /** The opinion on a snapshot, from the stored model and the snapshot alone; null for a service without metrics to learn from. */
  opinion(snapshot: Snapshot): Promise<AnomalyOpinion | null>
  /** The opinion on the metrics as they are now, outside of any decision; nothing is stored. */
  opinionNow(service: string, abort: AbortSignal): Promise<AnomalyOpinion>
  /** Trains a service now; the new model is in use at once. */
  train(service: string, abort: AbortSignal, onPart?: (share: number) => void): Promise<TrainingOutcome>
  /** Trains every service that is due, one after the other. */
  trainDue(abort: AbortSignal): Promise<void>
  /** Reads every stream up to now and stores where it was left; returns how many rows were read. */
  advance(abort: AbortSignal): Promise<number>
}

/** After a training that gave no model; history grows slowly, and a server that is away is asked rarely. */
const RETRY_SECONDS = 3600
/** A stream that was left for longer goes on after a gap. */
const MOST_CATCHING_UP_SECONDS = 86_400
const ADVANCED_AT_ONCE = 4

/** Keeps the anomaly models of all services: trained, read up to now, and asked. Everything that counts is in the store, so agents share it. */
export function anomalyKeeper(deps: AnomalyKeeperDeps): AnomalyKeeper {
  const { store, clock, histories, options, observe } = deps
  const shelf = anomalyShelf(store, options.cacheBytes)
  const silentUntil = new Map<string, number>()
  const nowSeconds = () => clock.now() / 1000

  const historyOf = (service: string): MetricHistory => {
    const history = histories.get(service)
    if (history) return history
    throw new Fault('not_found', `service "${service}" has no Prometheus queries to learn from`, {
      hint: 'Add a source of the kind prometheus to it in services.yaml.',
    })
  }

  const trainAlone = async (
    service: string,
    abort: AbortSignal,
    onPart?: (share: number) => void,
  ): Promise<TrainingOutcome> => {
    const { stepSeconds, historyDays, detector } = options
    const toSeconds = onGrid(nowSeconds(), stepSeconds)
    const range = { fromSeconds: toSeconds - onGrid(historyDays * 86_400, stepSeconds), toSeconds, stepSeconds }
    const { history, leftOut } = await readGrid(historyOf(service), range, abort, onPart)
    const training = await deps.train(history, detector, abort)
    abort.throwIfAborted()
    const at = instantOf(clock.now())
    if (training.status === 'abstained') {
      await store.anomalyModels.refuse(service, at, training.reason)
      observe.trained('abstained')
      return { outcome: 'abstained', reason: training.reason }
    }
    const { trainedOn, metrics, threshold, bytes, version } = training
    const metadata = {
      ...{
        detector,
        stepSeconds,
        threshold,
        bytes: bytes.length,
        rows: trainedOn.rows,
        metrics: [...metrics],
        leftOut,
      },
      ...{ from: instantOf(trainedOn.fromSeconds * 1000), to: instantOf(trainedOn.toSeconds * 1000) },
    }
    const model = { id: deps.newId('anm'), service, version, trainedAt: at, metadata }
    await store.anomalyModels.save(model, bytes)
    observe.trained('trained')
    return { outcome: 'trained', model }
  }

  const train: AnomalyKeeper['train'] = async (service, abort, onPart) => {
    historyOf(service)
    const done = await store.agents.alone(`anomaly:${service}`, () => trainAlone(service, abort, onPart))
    return done ?? { outcome: 'busy' }
  }

  const isDue = (scope: AnomalyScope | undefined): boolean => {
    if (!scope) return true
    const sinceAttempt = nowSeconds() - epochMs(scope.attemptedAt) / 1000
    if (sinceAttempt < RETRY_SECONDS) return false
    if (scope.refusal !== null || !scope.model) return true
    const { detector, stepSeconds } = scope.model.metadata
    const isOther = detector !== options.detector || stepSeconds !== options.stepSeconds
    return isOther || sinceAttempt >= options.retrainHours * 3600
  }

  const trainIfDue = async (service: string, abort: AbortSignal) => {
    await store.agents.alone(`anomaly:${service}`, async () => {
      // Another agent may have trained it since the round began.
      const [scope] = await store.anomalyModels.scopes([service])
      if (!isDue(scope)) return
      // Trained now, it would learn the trouble as normal and end its own alarm.
      if (scope?.model && (await store.incidents.list({ service, open: true, limit: 1 })).length > 0) return
      try {
        await trainAlone(service, abort)
      } catch (error) {
        if (abort.aborted) throw error
        observe.trained('failed')
        observe.problem(service, error)
        await store.anomalyModels.refuse(service, instantOf(clock.now()), asFault(error).message)
      }
    })
  }

  /** The rows between what was read and now; the newest one may not be complete on the server yet. */
  const readOn = async (
    service: string,
    { detector }: OpenedDetector,
    toSeconds: number,
    abort: AbortSignal,
  ): Promise<Fed> => {
    const { lastAtSeconds, stepSeconds, metrics } = detector.reading()
    const oldest = onGrid(nowSeconds() - MOST_CATCHING_UP_SECONDS, stepSeconds)
    const range: GridRange = {
      fromSeconds: Math.max(lastAtSeconds + stepSeconds, oldest),
      toSeconds: onGrid(toSeconds, stepSeconds),
      stepSeconds,
    }
    if (range.fromSeconds > range.toSeconds) return { rows: 0, missing: [] }
    const { history } = await readGrid(historyOf(service), range, abort)
    return history.atSeconds.length === 0 ? { rows: 0, missing: metrics } : feedHistory(detector, history)
  }

  const advanceOne = async (service: string, abort: AbortSignal): Promise<number> => {
    if ((silentUntil.get(service) ?? 0) > nowSeconds()) return 0
    try {
      const opened = await shelf.open(service)
      if (!opened) return 0
      const { stepSeconds } = opened.detector.reading()
      const { rows } = await readOn(service, opened, nowSeconds() - stepSeconds, abort)
      if (rows === 0) return 0
      const { detector, modelId } = opened
      const at = instantOf(detector.reading().lastAtSeconds * 1000)
      await store.anomalyModels.saveStream(service, { modelId, at, bytes: detector.stream() })
      observe.read(rows)
      silentUntil.delete(service)
      return rows
    } catch (error) {
      if (abort.aborted) throw error
      // One server that is away must not hold up the streams of all others every time.
      silentUntil.set(service, nowSeconds() + RETRY_SECONDS / 4)
      observe.problem(service, error)
      return 0
    }
  }

  const abstain = async (service: string, at: string): Promise<AnomalyOpinion> => {
    const [scope] = await store.anomalyModels.scopes([service])
    const reason = scope?.refusal ?? 'no model has been trained yet'
    return { status: 'abstained', scope: service, at, reason, modelVersion: null, trainedOn: null }
  }

  const seen = <T extends AnomalyOpinion>(opinion: T): T => {
    observe.opinion(opinion.status)
    return opinion
  }

  return {
    train,
    opinion: async (snapshot) => {
      const { service, takenAt } = snapshot
      if (!histories.has(service.name)) return null
      const opened = await shelf.open(service.name)
      if (!opened) return seen(await abstain(service.name, takenAt))
      const { detector } = opened
      const streamReadTo = instantOf(detector.reading().lastAtSeconds * 1000)
      const { missing } = feedSnapshot(detector, snapshot)
      const context = { scope: service.name, atSeconds: epochMs(takenAt) / 1000, missing }
      const opinion = opinionFrom(detector.reading(), context)
      return seen(opinion.status === 'ok' ? { ...opinion, streamReadTo } : opinion)
    },
    opinionNow: async (service, abort) => {
      historyOf(service)
      const opened = await shelf.open(service)
      if (!opened) return abstain(service, instantOf(clock.now()))
      const atSeconds = nowSeconds()
      const { missing } = await readOn(service, opened, atSeconds, abort)
      return opinionFrom(opened.detector.reading(), { scope: service, atSeconds, missing })
    },
    trainDue: async (abort) => {
      if (histories.size === 0) return
      const scopes = new Map((await store.anomalyModels.scopes()).map((scope) => [scope.service, scope]))
      const waitedSince = (service: string) => scopes.get(service)?.attemptedAt ?? ''
      const due = [...histories.keys()].filter((service) => isDue(scopes.get(service)))
      for (const service of due.sort((a, b) => (waitedSince(a) < waitedSince(b) ? -1 : 1))) {
        abort.throwIfAborted()
        await trainIfDue(service, abort)
      }
    },
    advance: async (abort) => {
      if (histories.size === 0) return 0
      const advanced = await store.agents.alone('anomaly-streams', async () => {
        const scopes = (await store.anomalyModels.scopes()).filter(
          ({ service, model }) => model !== null && histories.has(service),
        )
        const oldestFirst = scopes.sort((a, b) => ((a.streamAt ?? '') < (b.streamAt ?? '') ? -1 : 1))
        let rows = 0
        let next = 0
        const work = async () => {
          while (next < oldestFirst.length && !abort.aborted)
            rows += await advanceOne(oldestFirst[next++]!.service, abort)
        }
        await Promise.all(Array.from({ length: ADVANCED_AT_ONCE }, work))
        return rows
      })
      return advanced ?? 0
    },
  }
}
