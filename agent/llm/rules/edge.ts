import type { Argument } from './argument.ts'
import type { Readings } from './readings.ts'

const FRONT = /edge|cdn|entry|frontdoor|balancer|\blb\b|elb|gateway|rum_|dns|by name/i
const BEHIND = /origin|backend|target_|direct|by[-_]address|upstream_ok|internal/i

/** Arguments that the fault lies between users and servers that are well: at a CDN, an entry, or the names. */
export function argueEdge(readings: Readings): Argument[] {
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null) =>
    list.push({ hypothesis: 'edge', weight, note, evidence })
  const textOf = (name: string, query: string) => `${name} ${query}`
  const front = readings.series.find(
    (reading) =>
      reading.state === 'bad' &&
      FRONT.test(textOf(reading.signal.name, reading.signal.query)) &&
      !BEHIND.test(reading.signal.name),
  )
  const behind = readings.series.find(
    (reading) =>
      reading.state === 'good' &&
      BEHIND.test(reading.signal.name) &&
      (reading.meaning.kind === 'errors' || reading.meaning.kind === 'success'),
  )
  if (front && behind) add(2, `${front.signal.name} fails while ${behind.signal.name} is flat`, front.signal.id)
  for (const check of readings.checks.values()) {
    if (check.status === 'ok' || !check.detail) continue
    const parted =
      /(?:straight|direct|by (?:\w+ )?address|private|inside|cluster address)[^;,]{0,60}(?:: ?|\b)(?:200|ok|\d+ of \d+)/i.test(
        check.detail,
      )
    if (parted) {
      add(1.2, 'asked directly, the servers answer', check.id)
      break
    }
  }
  const nodes = readings.checks.get('node_states')?.status
  const api = readings.checks.get('provider_api')?.status
  if (list.length > 0 && nodes === 'ok' && api === 'ok') add(0.5, 'machines and provider calls are well', null)
  return list
}
