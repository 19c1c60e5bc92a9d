import { minutesBetween } from '../../domain/time.ts'
import type { Argument, Hypothesis } from './argument.ts'
import { productWords, speaksOf } from './products.ts'
import type { Readings } from './readings.ts'

/** A dependency that others run for us and that fails: from what its vendor says and from what our own measures say. */
export interface FailingDependency {
  readonly name: string
  readonly vendor: string
  /** The company whose page speaks of it. */
  readonly company: string
  readonly kind: Extract<Hypothesis, 'edge' | 'third_party' | 'provider'>
  readonly weight: number
  readonly arguments: readonly Argument[]
}

const EDGE = /cdn|edge|dns|waf|front[-_ ]?door|spectrum|workers|challenge|cache|cloudfront|load[-_]?balanc|gateway/i
/** Services of a cloud that one region shares with the next. */
const WORLDWIDE = /iam|identity|entra|directory|service-control|sts|organi[sz]ation|global/i
const CLOUDS: ReadonlySet<string> = new Set(['aws', 'azure', 'gcp'])

/** Whether a product stands in front of the servers. */
export function isFront(product: string): boolean {
  return EDGE.test(product)
}

/** Which dependencies fail, worst first; what targets share is looked at as well. */
export function failingDependencies(readings: Readings): FailingDependency[] {
  const { service } = readings.snapshot
  const names = new Set([...service.dependsOn, ...readings.readiness.flatMap((item) => item.sharedDependencies)])
  return [...names]
    .filter((name) => !name.startsWith('own:') && !name.startsWith('self:'))
    .map((name) => weighDependency(name, readings))
    .filter((item) => item.weight >= 1)
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))
}

function weighDependency(name: string, readings: Readings): FailingDependency {
  const [vendor = '', product = ''] = name.split(/:(.*)/)
  const isThird = vendor === 'third_party'
  const company = isThird ? product : vendor
  const kind = isThird ? 'third_party' : EDGE.test(product) ? 'edge' : 'provider'
  const list: Argument[] = []
  const add: Add = (weight, note, evidence, isDirect = false) =>
    list.push({ hypothesis: kind, weight, note, evidence, isDirect })
  const words = productWords(vendor, product)
  sayOfVendor(readings, company, isThird ? null : words, add)

  // The primary's own cloud is named everywhere; another vendor must be named, not only the kind of thing it sells.
  const isHome = company === readings.snapshot.service.primary.provider
  const vendorSpoke = list.length > 0
  const names = isHome || vendorSpoke ? words : CLOUDS.has(company) ? [] : [company]
  const lines = readings.logs.filter(
    (log) => log.isError && log.minutesSinceLast < 15 && speaksOf(log.text, isThird ? [company] : names),
  )
  const kinds = new Set(lines.map((log) => log.signal.pattern)).size
  if (kinds > 0 && (kind === 'edge' || !isHome || WORLDWIDE.test(product)))
    add(isThird || kinds === 1 ? 0.6 : 1, `our error lines name ${company}`, lines[0]?.signal.id ?? null)
  const series = readings.series.find(
    (reading) => reading.state === 'bad' && speaksOf(describe(reading.signal), isThird ? [company] : names),
  )
  if (series && (kind !== 'provider' || vendorSpoke))
    add(0.8, `${series.signal.name} points at ${name}`, series.signal.id)
  if (isThird) {
    const split = readings.splits.find(
      (item) => item.failing.some((part) => part.value.toLowerCase() === company) && item.healthy.length > 0,
    )
    if (split) add(2, `calls through ${company} fail and others do not`, split.failing[0]?.reading.signal.id ?? null)
    const update = updateOf(readings, company)
    if (update) add(3, `${company} brought an update to our hosts at the onset`, update)
    const nodes = readings.checks.get('node_states')
    if (update && nodes?.status === 'error') add(0.6, 'machines fail with it', nodes.id)
  }
  return { name, vendor, company, kind, weight: list.reduce((sum, item) => sum + item.weight, 0), arguments: list }
}

type Add = (weight: number, note: string, evidence: string | null, isDirect?: boolean) => void

/** What the vendor's page says; many small notes do not make one outage. */
function sayOfVendor(readings: Readings, company: string, words: readonly string[] | null, add: Add): void {
  const components = readings.components.filter(
    (item) => item.provider === company && (words === null || speaksOf(item.name, words)),
  )
  const down = components.find((item) => item.status === 'major_outage' || item.status === 'partial_outage')
  const degraded = components.find((item) => item.status === 'degraded')
  if (down) add(1.5, `${company} reports ${down.name} down`, down.id, true)
  else if (degraded && words !== null) add(0.7, `${company} reports ${degraded.name} degraded`, degraded.id)
  const events = readings.events.filter((event) => {
    if (
      event.provider !== company ||
      event.category !== 'issue' ||
      (event.state !== 'open' && event.state !== 'monitoring')
    )
      return false
    const about = words === null || event.products.length === 0 || event.products.some((item) => speaksOf(item, words))
    const starts = event.startedAt
      ? minutesBetween(event.startedAt, readings.snapshot.takenAt)
      : Number.POSITIVE_INFINITY
    return about && Math.abs(starts - readings.onsetMinutes) <= 25
  })
  const serious = events.find((event) => event.severity !== 'low')
  if (serious) add(1.5, `${company} has an incident since the same minutes`, serious.id, true)
  else if (events[0] && words !== null) add(0.4, `${company} has a small incident since the same minutes`, events[0].id)
}

/** An agent of the vendor on our hosts took an update in the minutes of the onset. */
function updateOf(readings: Readings, company: string): string | null {
  const line = readings.logs.find(
    (log) =>
      Math.abs(log.minutesSinceFirst - readings.onsetMinutes) <= 6 &&
      speaksOf(`${log.text} ${Object.values(log.signal.stream).join(' ')}`, [company]) &&
      /updat|content|definition|signature|channel|polic(?:y|ies)|version/i.test(log.text) &&
      /receiv|appl|install|load|activ/i.test(log.text),
  )
  return line?.signal.id ?? null
}

function describe(signal: { name: string; query: string; labels: Readonly<Record<string, string>> }): string {
  return `${signal.name.replaceAll('_', ' ')} ${signal.query.replaceAll('_', ' ')} ${Object.values(signal.labels).join(' ')}`
}
