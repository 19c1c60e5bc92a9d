import type { ChangeSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { Argument } from './argument.ts'
import type { Impact } from './impact.ts'
import type { Readings } from './readings.ts'
import { COSMETIC, INSTRUCTION, NOT_PRODUCTION } from './vocabulary.ts'

/** A change of ours and how much speaks for it as the cause. */
export interface Suspect {
  readonly change: ChangeSignal
  /** Minutes before the onset; negative when it came later. */
  readonly leadMinutes: number
  readonly score: number
  readonly arguments: readonly Argument[]
  readonly isCode: boolean
}

/** Kinds of entries that announce or steer, and are no cause by themselves. */
const NOT_A_CAUSE = /^(?:maintenance|calendar|rollback|revert|access|job|traffic|drill|exercise|incident|ticket|note)$/i

const TOPICS: readonly [RegExp, (readings: Readings) => boolean][] = [
  [/\bdns\b|resolver|name server|zone\b|records?\b|forward/i, (r) => errorTopic(r, 'names')],
  [
    /egress|ingress|firewall|security group|\bsg-|\bacl\b|route|dhcp|subnet|\bnat\b|\bmtu\b|peering|tunnel|iptables|network|vpc|policy/i,
    (r) => errorTopic(r, 'connectivity') || errorTopic(r, 'denied'),
  ],
  [
    /\biam\b|role|polic(?:y|ies)|permission|privilege|token|secret|credential|authz|auth\b|key rotation|\bscope|claim|rbac/i,
    (r) => errorTopic(r, 'denied'),
  ],
  [/\btls\b|certificate|\bcert\b|\bca\b|mtls|cipher/i, (r) => errorTopic(r, 'certificate')],
  [
    /memory|heap|limit|pool|connections?\b|replicas|autoscal|capacity|quota|cpu|threads|workers|concurrency/i,
    (r) => errorTopic(r, 'capacity'),
  ],
  [
    /schema|migration|index|column|table|query|vacuum|database|postgres|mysql/i,
    (r) => r.logs.some((log) => log.isError && /sql|query|column|relation|lock|deadlock/i.test(log.text)),
  ],
]

function errorTopic(
  readings: Readings,
  topic: 'names' | 'connectivity' | 'denied' | 'certificate' | 'capacity',
): boolean {
  return readings.logs.some((log) => log.isError && log.topics.has(topic))
}

/** Weighs every recent change; the most suspicious one first. */
export function suspectChanges(readings: Readings, impact: Impact): Suspect[] {
  return readings.changes
    .filter((change) => !NOT_A_CAUSE.test(change.changeKind))
    .map((change) => weigh(change, readings, impact))
    .sort((a, b) => b.score - a.score || (a.change.id < b.change.id ? -1 : 1))
}

function weigh(change: ChangeSignal, readings: Readings, impact: Impact): Suspect {
  const lead = minutesBetween(change.at, readings.snapshot.takenAt) - readings.onsetMinutes
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null = change.id) =>
    list.push({ hypothesis: 'own_change', weight, note, evidence })
  const name = `${change.changeKind} ${change.ref} of ${change.service}`
  const uncertain = readings.onsetIsKnown ? 0 : 5
  if (lead < -3 - uncertain) add(-6, `${name} came ${Math.round(-lead)} min after the onset`)
  else if (lead <= 12 + uncertain) add(2.5, `${name} came ${Math.max(0, Math.round(lead))} min before the onset`)
  else if (lead <= 30) add(1.4, `${name} came ${Math.round(lead)} min before the onset`)
  else if (lead <= 75) add(0.6, `${name} came ${Math.round(lead)} min before the onset`)
  else if (lead <= 1800) add(0, `${name} is ${Math.round(lead / 60)} h older than the onset`)
  else add(-0.5, `${name} is more than a day older than the onset`)

  const words = tokensOf(change)
  const failing = failingText(readings)
  const named = words.filter((word) => failing.includes(word))
  if (named.length > 0) add(1.6, `error lines or failing measures name ${named.slice(0, 3).join(', ')}`)
  const own = change.service.toLowerCase()
  const isOwn =
    own === readings.snapshot.service.name.toLowerCase() ||
    readings.logs.some((log) => log.isError && Object.values(log.signal.stream).some((value) => related(value, own))) ||
    impact.bad.some((reading) => reading.signal.query.toLowerCase().includes(`"${own}"`))
  if (isOwn) add(0.6, `${change.service} is among what fails`)

  const text = `${change.changeKind} ${change.service} ${change.summary}`
  const isCode = /^(?:deploy|release|build|image|rollout)$/i.test(change.changeKind)
  const topic = TOPICS.find(([pattern, shows]) => pattern.test(text) && shows(readings))
  if (topic && !isCode) add(1.2, 'what it touches is what fails')
  if (isCode && isOwn && readings.logs.some((log) => log.isError && log.topics.has('exception')))
    add(1.2, 'errors are raised in own code')
  if (COSMETIC.test(change.summary) && named.length === 0) add(-0.7, 'by its title it can hardly break anything')
  if (NOT_PRODUCTION.test(change.summary)) add(-3, 'it did not reach production')
  if (INSTRUCTION.test(change.summary)) add(-2, 'its text tries to give orders')

  const percent = change.rolloutPercent
  if (percent !== null && percent < 40 && impact.severity > (percent / 100) * 1.8 + 0.04)
    add(-2.5, `it reached ${percent} % while ${Math.round(impact.severity * 100)} % fails`)

  for (const split of readings.splits.filter((item) => item.dimension === 'version')) {
    const carries = (value: string) => versionsMatch(value, change)
    const split1 = split.failing[0] ?? split.healthy[0]
    const evidence = split1?.reading.signal.id ?? null
    if (split.healthy.length === 0) add(isCode ? -3 : -0.5, 'old and new versions fail alike', evidence)
    else if (split.failing.some((part) => carries(part.value))) add(3, 'only the new version fails', evidence)
    else if (split.healthy.some((part) => carries(part.value))) add(-3, 'the new version is the healthy one', evidence)
    else if (isCode && isOwn) add(1.5, 'failures part by version', evidence)
  }
  for (const split of readings.splits.filter((item) => item.dimension === 'network')) {
    if (split.healthy.length > 0 && split.failing.some((part) => text.toLowerCase().includes(part.value.toLowerCase())))
      add(2, `only ${split.failing[0]?.value} fails, which it changed`, split.failing[0]?.reading.signal.id ?? null)
  }
  return { change, leadMinutes: lead, score: list.reduce((sum, item) => sum + item.weight, 0), arguments: list, isCode }
}

/** Words rare enough that finding them in an error line is no accident: versions, flags, references, addresses. */
function tokensOf(change: ChangeSignal): string[] {
  const words = `${change.ref} ${change.summary}`.toLowerCase().match(/[a-z0-9][\w./:-]*[a-z0-9]/g) ?? []
  return [
    ...new Set(
      words.filter(
        (word) =>
          word.length >= 4 &&
          /\d|_/.test(word) &&
          /[a-z._-]/.test(word) &&
          !/^\d+(?:ms|s|m|h|min|mb|gb|%)?$/.test(word),
      ),
    ),
  ]
}

function failingText(readings: Readings): string {
  const lines = readings.logs.filter((log) => log.isError && !log.isInstruction).map((log) => log.text)
  const notes = readings.logs
    .filter((log) => !log.isError && /lease|reload|applied|REJECT|deny|loaded|config/i.test(log.text))
    .map((log) => log.text)
  const series = readings.series
    .filter((reading) => reading.state === 'bad')
    .map((reading) => `${reading.signal.name} ${reading.signal.query} ${JSON.stringify(reading.signal.labels)}`)
  return [...lines, ...notes, ...series].join('\n').toLowerCase()
}

function related(value: string, service: string): boolean {
  const a = value.toLowerCase()
  return a === service || (a.length > 4 && service.startsWith(a)) || (service.length > 4 && a.startsWith(service))
}

function versionsMatch(value: string, change: ChangeSignal): boolean {
  const bare = (text: string) =>
    text
      .toLowerCase()
      .replace(/^v/, '')
      .replace(/[^a-z0-9.]/g, '.')
  const wanted = bare(value)
  return wanted.length >= 1 && ` ${bare(`${change.ref} `)}${change.summary.toLowerCase()}`.includes(wanted)
}
