import { type Incident, incidentFrom } from '../case.ts'
import { below, type Random } from '../random.ts'
import { awsNoise, changeNoise, logNoise, pageNoise, seriesNoise, strangerPage } from './noise-bodies.ts'

/** How much is added for each thing that is there: the relevant is one tenth of what remains. */
const FACTOR = 9

/**
 * Ten times as much evidence, all of it plausible and none of it about this service: other services' series, logs and changes, other
 * regions' events, posts on pages that the service does not depend on. Sections that could not be reached stay so.
 */
export function noisy(incident: Incident, random: Random): Incident {
  const { upstream } = incident
  const now = Date.parse(incident.decidedAt)
  const context = { random, now, incident }
  const series = listOf(upstream.prometheus)
  const logs = listOf(upstream.loki)
  const pages = listOf(upstream.statusPages)
  const changes = listOf(upstream.changes)
  return incidentFrom({
    ...incident,
    upstream: {
      ...upstream,
      ...(series && {
        prometheus: mixed(
          random,
          series,
          times(series.length, (index) => seriesNoise(context, index)),
        ),
      }),
      ...(logs && { loki: logs.map((query) => logNoise(context, query, FACTOR)) }),
      ...(pages && {
        statusPages: mixed(
          random,
          pages.map((page) => pageNoise(context, page, FACTOR)),
          times(pages.length, (index) => strangerPage(context, index)),
        ),
      }),
      ...(changes && {
        changes: mixed(
          random,
          changes,
          times(changes.length, () => changeNoise(context)),
        ),
      }),
      awsHealth: awsNoise(context, upstream.awsHealth, FACTOR),
    },
  })
}

function listOf(section: unknown): readonly unknown[] | null {
  return Array.isArray(section) ? section : null
}

function times(present: number, make: (index: number) => unknown): unknown[] {
  return Array.from({ length: Math.max(1, present) * FACTOR }, (_, index) => make(index))
}

/** Puts each added item at a random place among the others; what was there keeps its order. */
function mixed(random: Random, present: readonly unknown[], added: readonly unknown[]): unknown[] {
  const list = [...present]
  for (const item of added) list.splice(below(random, list.length + 1), 0, item)
  return list
}
