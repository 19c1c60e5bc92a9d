import type { Readings } from './readings.ts'
import type { SeriesReading } from './series-reading.ts'

/** One of several callers, tenants or jobs that suddenly takes most of what all share. */
export interface Consumer {
  readonly name: string
  readonly evidence: string
}

/** Growth beyond what a busy hour makes of one caller among many. */
const GROWTH = 4
const MOST = 0.4

/**
 * Finds a caller whose use grew many times over and is now the largest part, while the others ask for what they always did: the room is
 * gone because of one, whoever it is. Ratios do not add up, so only amounts are compared.
 */
export function findConsumer(readings: Readings): Consumer | null {
  const groups = new Map<string, { value: string; reading: SeriesReading }[]>()
  for (const reading of readings.series) {
    if (reading.meaning.isShare || reading.meaning.kind === 'latency' || reading.now === null) continue
    for (const [key, value] of Object.entries(reading.signal.labels)) {
      if (PLACES.test(key)) continue
      const group = `${reading.signal.name}|${key}`
      groups.set(group, [...(groups.get(group) ?? []), { value, reading }])
    }
  }
  for (const members of groups.values()) {
    const distinct = new Set(members.map((member) => member.value))
    if (distinct.size < 2 || distinct.size !== members.length) continue
    const total = members.reduce((sum, { reading }) => sum + (reading.now ?? 0), 0)
    const grown = members.filter((member) => growthOf(member.reading) >= GROWTH)
    const rest = members.filter((member) => !grown.includes(member))
    const [one] = grown
    if (!one || grown.length > 1 || total <= 0 || (one.reading.now ?? 0) < MOST * total) continue
    if (rest.some((member) => growthOf(member.reading) > 2)) continue
    return { name: one.value, evidence: one.reading.signal.id }
  }
  return null
}

/** A place that gets more took over from another; a status is not somebody who asks. */
const PLACES =
  /^(?:zone|az|region|location|site|dc|version|release|revision|rev|pod|instance|node|host|le|code|status|rcode|result|cache|quantile)$/i

function growthOf({ signal, now }: SeriesReading): number {
  const known = signal.points.map((point) => point[1]).filter((value) => value !== null)
  const early = known.slice(0, Math.max(1, Math.ceil(known.length / 3))).sort((a, b) => a - b)
  const before = early[Math.floor(early.length / 2)] ?? 0
  return now === null || now <= 0 ? 0 : before <= 0 ? Number.POSITIVE_INFINITY : now / before
}

/** Whether a name is the consumer's: the same, or one holds the other as a whole word. */
export function isConsumer(name: string, consumer: Consumer): boolean {
  const words = (text: string) =>
    ` ${text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ' ')
      .trim()} `
  const [said, wanted] = [words(name), words(consumer.name)]
  return wanted.trim().length >= 3 && said.trim().length >= 3 && (said.includes(wanted) || wanted.includes(said))
}
