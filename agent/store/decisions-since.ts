import type { Instant } from '../domain/time.ts'
import type { DecisionSummary } from './records.ts'
import type { Store } from './store.ts'

const PAGE = 500

/** Every decision since a moment, oldest first, read in pages. */
export async function* decisionsSince(
  store: Pick<Store, 'decisions'>,
  since: Instant,
): AsyncGenerator<DecisionSummary> {
  const found: DecisionSummary[] = []
  let before: Instant | undefined
  for (;;) {
    const page = await store.decisions.list({ limit: PAGE, ...(before && { before }) })
    const inTime = page.filter(({ decidedAt }) => decidedAt >= since)
    found.push(...inTime)
    const last = page.at(-1)
    if (!last || inTime.length < page.length || page.length < PAGE) break
    before = last.decidedAt
  }
  yield* found.reverse()
}
