import type { ChangeSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { LogReading } from './log-reading.ts'
import type { Readings } from './readings.ts'
import { programOf } from './relevance.ts'

/** Rare words of a change that error lines or failing measures name. */
export function namedIn(change: ChangeSignal, readings: Readings): string[] {
  const said = `${change.ref} ${change.summary}`.toLowerCase()
  const words = [...(said.match(/[a-z0-9][\w./:-]*[a-z0-9]/g) ?? []), ...(said.match(/\d+\.\d+(?:\.\d+)+/g) ?? [])]
  const { primary, secondary, dr } = readings.snapshot.service
  const rare = words.filter(
    (word) =>
      word.length >= 4 &&
      (/\d|_/.test(word) || (/-/.test(word) && word.length >= 6)) &&
      /[a-z._-]/.test(word) &&
      ![primary, secondary, dr].some((site) => site?.region === word) &&
      !/^\d+(?:ms|s|m|h|min|mb|gb)$/.test(word),
  )
  const failing = [
    ...readings.logs.filter((log) => log.isError && !log.isInstruction).map((log) => log.text),
    // What configuration tools and agents say when they apply something.
    ...readings.logs
      .filter(
        (log) =>
          !log.isError &&
          !log.isInstruction &&
          /lease|reload|appl(?:y|ied)|created|started|stopping|running|migrat|upgrade|REJECT|deny|loaded|config|destroyed|disabled|rotated|withdr|ALTER /i.test(
            log.text,
          ),
      )
      .map((log) => log.text),
    ...readings.series
      .filter((reading) => reading.state === 'bad')
      .map((reading) => `${reading.signal.name} ${JSON.stringify(reading.signal.labels)}`),
  ]
    .join('\n')
    .toLowerCase()
  return [...new Set(rare)].filter((word) => failing.includes(word))
}

/** Words that changes and logs share for no reason. */
const COMMON =
  /^(?:apply|applied|config|deploy|update[ds]?|change[ds]?|rules?|limits?|from|through|second|first|regions?|hosts?|production|percent|rollout|service|version|requests?|users?|minutes?|hours?|servers?|cluster|errors?|failed|number|values?|every|between|after|before|other|about|their|which|where|there|check(?:s|ed)?|timeout|level|status|default|traffic|primary|secondary|added|removed?|lower|raised?|smaller|larger|newer|table)$/

/** Plain words of a change that only error lines since the onset use. */
export function wordsIn(change: ChangeSignal, readings: Readings): string[] {
  const words = (change.summary.toLowerCase().match(/[a-z]{5,}/g) ?? []).filter((word) => !COMMON.test(word))
  // Logs that do not reach back before the onset cannot tell old lines from new ones.
  const reach = Math.max(0, ...readings.logs.map((log) => log.minutesSinceFirst))
  const madeMinutesAgo = minutesBetween(change.at, readings.snapshot.takenAt)
  const cameWithIt = (log: LogReading) =>
    log.nearness !== 'elsewhere' &&
    reach > madeMinutesAgo + 5 &&
    log.minutesSinceFirst <= madeMinutesAgo + 1.5 &&
    log.minutesSinceFirst >= madeMinutesAgo - 8
  const isNew = (log: LogReading) =>
    log.minutesSinceFirst <= readings.onsetMinutes + 3 || reach <= readings.onsetMinutes + 10 || cameWithIt(log)
  const fresh = readings.logs
    .filter((log) => !log.isInstruction && (log.isError || isNew(log)))
    .map((log) => log.text.toLowerCase())
    .join('\n')
  return [...new Set(words)].filter((word) => fresh.includes(word))
}

const IDENTIFIER = /[a-z0-9](?:[\w/-]|[.:](?=\w))*[a-z0-9]/g

/** A name in what the change's own run wrote when it was made that error lines of others then complain about. */
export function didWhatFails(change: ChangeSignal, readings: Readings): { name: string; evidence: string } | null {
  const { service, takenAt } = readings.snapshot
  const madeMinutesAgo = minutesBetween(change.at, takenAt)
  const ref = change.ref.toLowerCase()
  const isRun = (log: LogReading) =>
    !log.isInstruction &&
    Math.abs(log.minutesSinceFirst - madeMinutesAgo) <= 6 &&
    (programOf(log.signal.stream) === change.service.toLowerCase() ||
      (ref.length >= 4 && /\d/.test(ref) && log.text.toLowerCase().includes(ref)))
  const runs = readings.logs.filter(isRun)
  const complaints = readings.logs
    .filter((log) => log.isError && !log.isInstruction && !isRun(log))
    .map((log) => log.text.toLowerCase())
    .join('\n')
  const places = [service.primary, service.secondary, service.dr].map((site) => site?.region ?? '')
  for (const run of runs)
    for (const name of run.text.toLowerCase().match(IDENTIFIER) ?? [])
      if (
        name.length >= 5 &&
        /[a-z]/.test(name) &&
        /[_/-]|\d/.test(name) &&
        !places.some((place) => place !== '' && name.includes(place)) &&
        !/^[0-9a-f-]+$/.test(name) &&
        complaints.includes(name)
      )
        return { name, evidence: run.signal.id }
  return null
}
