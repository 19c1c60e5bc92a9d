import type { History } from '../../agent/anomaly/train.ts'
import type { Snapshot } from '../../agent/domain/snapshot.ts'
import { instantOf } from '../../agent/domain/time.ts'
import type { GridRange, MetricHistory } from '../../agent/engine/metric-history.ts'
import { clearOutage } from '../policy/inputs.ts'

/** A metrics server with a past: answers ranges as a real one does, and counts the questions. */
export interface FakeHistory extends MetricHistory {
  readonly asked: GridRange[]
  /** Fails while it is set. */
  failure: Error | null
}

/** Serves what a history holds; nothing outside of it. */
export function fakeHistory(history: History): FakeHistory {
  const asked: GridRange[] = []
  return {
    asked,
    failure: null,
    async read({ fromSeconds, toSeconds, stepSeconds }, abort) {
      asked.push({ fromSeconds, toSeconds, stepSeconds })
      abort.throwIfAborted()
      if (this.failure) throw this.failure
      const rows = [...history.atSeconds.keys()].filter(
        (i) => history.atSeconds[i]! >= fromSeconds && history.atSeconds[i]! <= toSeconds,
      )
      return history.metrics.map((metric, j) => ({
        metric,
        atSeconds: rows.map((i) => history.atSeconds[i]!),
        values: rows.map((i) => history.columns[j]![i]!),
      }))
    },
  }
}

/** What collectors would have seen of a history in the hour before a time: one Prometheus query per metric. */
export function snapshotAt(history: History, takenAtSeconds: number, service = 'shop'): Snapshot {
  const rows = [...history.atSeconds.keys()].filter(
    (i) => history.atSeconds[i]! > takenAtSeconds - 3600 && history.atSeconds[i]! <= takenAtSeconds,
  )
  const outage = clearOutage()
  const takenAt = instantOf(takenAtSeconds * 1000)
  return {
    ...{ version: 1, takenAt, service: { ...outage.service, name: service }, alerts: [] },
    evidence: history.metrics.map((metric, j) => ({
      ...{ id: `prometheus:${metric}`, source: 'prometheus', observer: 'own_telemetry', status: 'ok' },
      observedAt: takenAt,
      signals: [
        {
          ...{ kind: 'series', id: `prometheus:${metric}:series-1`, name: metric, unit: '', query: metric, labels: {} },
          ...{ sli: null, stepSeconds: history.stepSeconds },
          points: rows.map((i): [number, number | null] => {
            const value = history.columns[j]![i]!
            return [history.atSeconds[i]!, Number.isNaN(value) ? null : value]
          }),
        },
      ],
    })),
  } satisfies Snapshot
}
