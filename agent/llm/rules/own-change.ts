import type { ChangeSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { Argument } from './argument.ts'
import { didWhatFails, namedIn, wordsIn } from './change-words.ts'
import type { Impact } from './impact.ts'
import type { LogReading, Topic } from './log-reading.ts'
import { versionsInLogs } from './log-versions.ts'
import type { Readings } from './readings.ts'
import { isRelated, neededProducts } from './relevance.ts'
import type { Split } from './splits.ts'
import { COSMETIC, IRREVERSIBLE, NOT_PRODUCTION } from './vocabulary.ts'

/** A change of ours and how much speaks for it as the cause. */
export interface Suspect {
  readonly change: ChangeSignal
  /** Minutes before the onset; negative when it came later. */
  readonly leadMinutes: number
  readonly score: number
  readonly arguments: readonly Argument[]
  readonly isCode: boolean
  readonly isReversible: boolean
  /** It has to do with the service or with what fails. */
  readonly isConnected: boolean
  /** Something besides the hour points at it. */
  readonly isCorroborated: boolean
}

/** Kinds of entries that announce, steer or undo, and are no cause by themselves. */
const NOT_A_CAUSE =
  /^(?:maintenance|calendar|rollback|revert|access|traffic|drill|exercise|incident|ticket|note|mitigation|autoscaling|scaling)$/i
const CODE = /^(?:deploy(?:ment)?|release|build|image|rollout|app)$/i

/** What a change touches, and the errors that show it. */
const TOUCHES: readonly [RegExp, readonly Topic[]][] = [
  [/\bdns\b|resolver|name server|\bzone\b|records?\b|forward/i, ['names']],
  [
    /egress|ingress|firewall|security group|\bsg-|\bacl\b|routes?\b|routing|dhcp|subnet|\bnat\b|\bmtu\b|peering|tunnel|iptables|network|vpc|polic(?:y|ies)|connection tracking|packet/i,
    ['connectivity', 'denied'],
  ],
  [
    /\biam\b|roles?\b|polic(?:y|ies)|permission|privilege|token|secret|passwords?\b|rotat(?:e|es|ed|ion)|credential|authz|auth\b|keys?\b|scope|claim|rbac|perimeter|grants?\b/i,
    ['denied'],
  ],
  [/\btls\b|certificate|\bcert\b|\bca\b|mtls|cipher/i, ['certificate']],
  [
    /memory|heap|limit|pool|connections?\b|replicas|shards?\b|partitions?\b|batch|bulk|backfill|parallel|autoscal|capacity|quota|cpu|threads|workers|concurrency/i,
    ['capacity'],
  ],
]

const OWN_CODE = 'errors are raised in own code'

/** Weighs every recent change; the most suspicious one first. */
export function suspectChanges(readings: Readings, impact: Impact): Suspect[] {
  return readings.changes
    .filter((change) => !NOT_A_CAUSE.test(change.changeKind))
    .map((change) => weigh(change, readings, impact))
    .sort((a, b) => b.score - a.score || (a.change.ref < b.change.ref ? -1 : 1))
}

/** Minutes by which a change came before the onset. */
function leadOf(change: ChangeSignal, readings: Readings): number {
  return minutesBetween(change.at, readings.snapshot.takenAt) - readings.onsetMinutes
}

function weigh(change: ChangeSignal, readings: Readings, impact: Impact): Suspect {
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null = change.id) =>
    list.push({ hypothesis: 'own_change', weight, note, evidence })
  const lead = leadOf(change, readings)
  timeOf(change, lead, readings.onsetIsKnown ? 0 : 5, add)

  const text = `${change.changeKind} ${change.service} ${change.summary}`
  const isCode = CODE.test(change.changeKind)
  const named = namedIn(change, readings)
  const relation = relationOf(change, readings)
  const isOwn = relation === 'ours'
  const touched = TOUCHES.some(
    ([pattern, topics]) =>
      pattern.test(text) && readings.logs.some((log) => log.isError && topics.some((topic) => log.topics.has(topic))),
  )
  if (named.length > 0) add(1.6, `error lines or failing measures name ${named.slice(0, 3).join(', ')}`)
  const handled = didWhatFails(change, readings)
  if (handled) add(1.6, `its own run handled ${handled.name}, which error lines name`, handled.evidence)
  const words = named.length === 0 && !handled ? wordsIn(change, readings) : []
  if (words.length > 0) add(0.8, `new error lines speak of ${words.slice(0, 3).join(', ')}`)
  if (isOwn) add(0.6, `${change.service} is among what fails or what we need`)
  else if (relation === 'strange' && !handled && (isCode || !touched))
    add(-1.5, `${change.service} is not among what fails`)
  if (touched && !isCode) add(1.2, 'what it touches is what fails')
  if (
    isCode &&
    relation !== 'strange' &&
    readings.logs.some((log) => log.isError && log.nearness !== 'elsewhere' && log.topics.has('exception'))
  )
    add(1.2, OWN_CODE)
  if (COSMETIC.test(change.summary) && named.length === 0) add(-0.7, 'by its title it can hardly break anything')
  if (NOT_PRODUCTION.test(change.summary)) add(-3, 'it did not reach production')
  const percent = change.rolloutPercent
  if (percent !== null && percent < 40 && impact.severity > (percent / 100) * 1.8 + 0.04)
    add(-2.5, `it reached ${percent} % while ${Math.round(impact.severity * 100)} % fails`)
  const isSound = ['node_states', 'provider_api'].every((check) => readings.checks.get(check)?.status === 'ok')
  if (isSound) add(0.5, 'machines and provider calls are well', null)
  partings(change, isCode, isOwn, readings, add)
  // A full rollout of the very service in the minutes of the onset, on sound machines, is more than an accident of time.
  const isAtOnset =
    (isOwn || complains(change, readings)) &&
    isSound &&
    readings.onsetIsKnown &&
    lead >= -1.5 &&
    lead <= 5 &&
    (percent ?? 100) >= 40 &&
    !COSMETIC.test(change.summary)
  const score = list.reduce((sum, item) => sum + item.weight, 0)
  const parted = list.some((item) => item.weight >= 2 && item.evidence !== change.id)
  return {
    change,
    leadMinutes: lead,
    // Hours apart, words in common prove little: what fails was there before.
    score: lead > 180 && !parted ? Math.min(score, 2) : score,
    arguments: list,
    isCode,
    isReversible: !IRREVERSIBLE.test(change.summary),
    isConnected:
      isOwn ||
      touched ||
      handled !== null ||
      named.length > 0 ||
      (relation === 'maybe' && COMMON_GROUND.test(change.service)),
    isCorroborated:
      named.length > 0 ||
      handled !== null ||
      words.length > 0 ||
      parted ||
      isAtOnset ||
      (touched && !isCode) ||
      list.some((item) => item.note === OWN_CODE),
  }
}

/** The changed thing itself, by its very name, writes new errors where the service may write. */
function complains(change: ChangeSignal, readings: Readings): boolean {
  const own = change.service.toLowerCase()
  return readings.logs.some(
    (log) => log.isError && log.nearness !== 'elsewhere' && log.signal.stream.app?.toLowerCase() === own,
  )
}

type Add = (weight: number, note: string, evidence?: string | null) => void

function timeOf(change: ChangeSignal, lead: number, slack: number, add: Add): void {
  const name = `${change.changeKind} ${change.ref} of ${change.service}`
  if (lead < -3 - slack) add(-6, `${name} came ${Math.round(-lead)} min after the onset`)
  else if (lead <= 15 + slack) add(2.5, `${name} came ${Math.max(0, Math.round(lead))} min before the onset`)
  else if (lead <= 30) add(1.4, `${name} came ${Math.round(lead)} min before the onset`)
  else if (lead <= 75) add(0.6, `${name} came ${Math.round(lead)} min before the onset`)
  else if (lead > 1800) add(-0.5, `${name} is more than a day older than the onset`)
}

/** How failures part by version or by network tells for or against a change. */
function partings(change: ChangeSignal, isCode: boolean, isOwn: boolean, readings: Readings, add: Add): void {
  const carries = (value: string) => versionsMatch(value, change)
  for (const split of readings.splits.filter((item) => item.dimension === 'version' && !isRollout(item))) {
    const evidence = (split.failing[0] ?? split.healthy[0])?.reading.signal.id ?? null
    if (split.healthy.length === 0) add(isCode ? -3 : -0.5, 'old and new versions fail alike', evidence)
    else if (split.failing.some((part) => carries(part.value))) add(3, 'only the new version fails', evidence)
    else if (split.healthy.some((part) => carries(part.value))) add(-3, 'the new version is the healthy one', evidence)
    else if (isCode && isOwn) add(1.5, 'failures part by version', evidence)
  }
  const lone = readings.series.find(
    (reading) =>
      reading.state !== 'bad' &&
      reading.meaning.kind === 'errors' &&
      carries(String(reading.signal.labels.version ?? '\n')),
  )
  if (isCode && lone) add(-2, 'its own error ratio is flat', lone.signal.id)
  if (isCode) versionsOf(carries, readings, add)
  for (const split of readings.splits.filter((item) => item.dimension === 'network')) {
    const failing = split.failing[0]
    const text = `${change.service} ${change.summary}`.toLowerCase()
    if (split.healthy.length > 0 && failing && text.includes(failing.value.toLowerCase()))
      add(2, `only ${failing.value} fails, which it changed`, failing.reading.signal.id)
  }
}

/** Counts of copies per version move with every rollout: the old one going down is no failure of it. */
function isRollout(split: Split): boolean {
  return [...split.failing, ...split.healthy].every(
    ({ reading: { meaning } }) => !meaning.isShare && (meaning.badWhen === 'low' || meaning.kind === 'other'),
  )
}

/** Lines that state the version of the program that wrote them tell as much as a measure by version, if both versions are seen. */
function versionsOf(carries: (value: string) => boolean, readings: Readings, add: Add): void {
  const { failing, working } = versionsInLogs(readings.logs)
  const guilty = [...failing].find(([version]) => carries(version))
  const oldFails = [...failing.keys()].some((version) => !carries(version))
  const oldWorks = [...working.keys()].some((version) => !carries(version))
  const newWorks = [...working.keys()].some(carries)
  if (guilty && !oldFails && oldWorks && !newWorks) add(2, 'only lines of the new version are errors', guilty[1])
  else if (guilty && oldFails) add(-1.5, 'old and new versions write the same errors', guilty[1])
}

/** What everything stands on: a change to it may reach the service under any name. */
const COMMON_GROUND =
  /\b(?:identity|iam|platform|network|dns|gateway|edge|infra(?:structure)?|cluster|mesh|core|security|policy|secrets?|certs?|certificates?|proxy|firewall|vpc|resolver|org|base)\b/i

/** Whether the changed thing is the service, one of its parts that fails, or something it is declared to need. */
function relationOf(change: ChangeSignal, readings: Readings): 'ours' | 'maybe' | 'strange' {
  const own = change.service.toLowerCase()
  if (isRelated(own, readings.names) || neededProducts(readings.snapshot.service).has(own)) return 'ours'
  const streams = (nearness: LogReading['nearness']) =>
    readings.logs
      .filter(
        (log) => log.nearness === nearness && (log.isError || log.minutesSinceFirst <= readings.onsetMinutes + 10),
      )
      .flatMap((log) => (log.isError ? Object.values(log.signal.stream) : [log.signal.stream.app ?? '']))
      .map((value) => value.toLowerCase())
  if (isRelated(own, new Set(streams('own')))) return 'ours'
  return isRelated(own, new Set(streams('maybe'))) || (!CODE.test(change.changeKind) && COMMON_GROUND.test(own))
    ? 'maybe'
    : 'strange'
}

function versionsMatch(value: string, change: ChangeSignal): boolean {
  const bare = (text: string) => ` ${text.toLowerCase().replace(/[^a-z0-9.]+/g, ' ')} `.replace(/ v(?=\d)/g, ' ')
  const wanted = bare(value).trim()
  return wanted !== '' && `${bare(change.ref)}${bare(change.summary)}`.includes(` ${wanted} `.trimEnd())
}
