import { findConsumer } from './consumer.ts'
import { failingDependencies } from './dependency.ts'
import type { Topic } from './log-reading.ts'
import { hasSurge } from './planned.ts'
import type { Readings } from './readings.ts'

/** What error lines may say that explains an outage by itself, without anybody having changed anything. */
const BY_ITSELF: readonly Topic[] = ['certificate', 'hardware', 'data', 'security', 'providerFault', 'capacity']

/**
 * Whether something besides a change would explain the failures: then the hour alone does not convict a change. What ends, fills up, breaks,
 * comes in crowds or is attacked needs no change; neither does a vendor that fails, or a fault that stops at one of several like parts.
 */
export function hasRival(readings: Readings): boolean {
  const told = readings.logs.some(
    (log) => log.isError && log.nearness !== 'elsewhere' && BY_ITSELF.some((topic) => log.topics.has(topic)),
  )
  const parts = readings.splits.some(
    (split) =>
      (split.dimension === 'zone' || split.dimension === 'age' || split.dimension === 'part') &&
      split.failing.length > 0 &&
      split.healthy.length > 0,
  )
  const remedy = readings.logs.some((log) => log.topics.has('restartCures') && log.minutesSinceFirst <= 60)
  return (
    told ||
    parts ||
    remedy ||
    hasSurge(readings) ||
    findConsumer(readings) !== null ||
    failingDependencies(readings).length > 0
  )
}
