import { captureCase } from '../../evals/capture.ts'
import { exchangesOf } from '../app/kept-exchanges.ts'
import { labelsOf } from '../app/labels.ts'
import { Action } from '../domain/action.ts'
import { minutesBetween } from '../domain/time.ts'
import type { DecisionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** A decision as an evaluation case, by the newest label that says what would have been best; null without one. */
export async function labelledCase(record: DecisionRecord, store: Store): Promise<object | null> {
  const label = (await labelsOf(record, store)).find(({ best }) => best !== null)
  if (!label || label.best === null) return null
  const { best, acceptable, tolerable, why } = label
  const named = new Set<Action>([best, ...acceptable, ...tolerable])
  const forbidden = Action.options.filter((action) => !named.has(action))
  const { id, snapshot } = record
  const firstAlert = snapshot.alerts[0]
  return captureCase(
    { id, snapshot, bodies: await exchangesOf(record, store), alertBodies: [] },
    { best, acceptable, tolerable, forbidden, category: label.category ?? 'unknown', why },
    {
      title: `${record.service}: ${firstAlert?.name ?? 'sustained health score'}`,
      tags: [],
      difficulty: 'unrated',
      minutesSinceOnset: firstAlert ? Math.round(minutesBetween(firstAlert.startsAt, record.decidedAt)) : null,
    },
  )
}
