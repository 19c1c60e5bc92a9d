import type { Argument } from './argument.ts'
import type { Readings } from './readings.ts'
import type { SeriesReading } from './series-reading.ts'

const FRONT = /edge|cdn|entry|front[-_ ]?door|balancer|(?:^|_)lb(?:_|\b)|elb|gateway|rum_|dns/i
const BEHIND = /origin|backend|target_|direct|by[-_]address|internal/i

/** Arguments that the fault lies between users and servers that are well: at a CDN, an entry, or the names. */
export function argueEdge(readings: Readings): Argument[] {
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null) =>
    list.push({ hypothesis: 'edge', weight, note, evidence })
  const failsOrFailed = (reading: SeriesReading) =>
    reading.state === 'bad' || (reading.recovered > 0.5 && reading.worst > 0.1)
  const front = readings.series.find(
    (reading) =>
      failsOrFailed(reading) &&
      FRONT.test(`${reading.signal.name} ${reading.signal.query}`) &&
      !BEHIND.test(reading.signal.name),
  )
  const behind = readings.series.find(
    (reading) =>
      reading.state === 'good' &&
      reading.worst < 0.05 &&
      BEHIND.test(reading.signal.name) &&
      (reading.meaning.kind === 'errors' || reading.meaning.kind === 'success'),
  )
  if (front && behind) add(2, `${front.signal.name} fails while ${behind.signal.name} is flat`, front.signal.id)
  const parted = [...readings.checks.values()].find(
    (check) =>
      check.status !== 'ok' &&
      /(?:straight|direct|by (?:\w+ )?address|private|inside|cluster address)[^;,]{0,60}(?:: ?|\b)(?:200|ok|\d+ of \d+)/i.test(
        check.detail ?? '',
      ),
  )
  if (parted) add(1.2, 'asked directly, the servers answer', parted.id)
  const status = (name: string) => readings.checks.get(name)?.status
  const outside = readings.checks.get('external_uptime')
  if (status('internal_services') === 'ok' && status('node_states') === 'ok' && outside?.status === 'error')
    add(1.5, 'the servers are well inside while users outside get errors', outside.id)
  if (list.length > 0 && status('node_states') === 'ok' && status('provider_api') === 'ok')
    add(0.5, 'machines and provider calls are well', null)
  return list
}
