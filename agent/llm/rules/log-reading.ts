import type { LogPatternSignal } from '../../domain/signal.ts'
import { type Snapshot, signalsOf } from '../../domain/snapshot.ts'
import { epochMs, minutesBetween } from '../../domain/time.ts'
import { namespaceOf, ownNamespaces } from './relevance.ts'
import { INSTRUCTION, WORDS } from './vocabulary.ts'

export type Topic = keyof typeof WORDS

/** What a folded log line says. */
export interface LogReading {
  readonly signal: LogPatternSignal
  readonly text: string
  /** An error or a warning. */
  readonly isBad: boolean
  /** An error or warning that did not stand there before the incident: a line that was there all day explains nothing. */
  readonly isError: boolean
  readonly topics: ReadonlySet<Topic>
  readonly minutesSinceLast: number
  readonly minutesSinceFirst: number
  /** Written where the service itself writes: surely, perhaps, or elsewhere. */
  readonly nearness: 'own' | 'maybe' | 'elsewhere'
  /** It tries to give orders to its reader; its words prove nothing. */
  readonly isInstruction: boolean
}

/** Lines that repeat what outsiders typed: their words are not the system's. */
const QUOTES_USERS =
  /\b(?:ua|user[-_]?agent|referer|comment|note|display_name)[=:] ?"|"Mozilla\/|contact form|message from|feedback/i

const BEFORE_ONSET_MINUTES = 8

/** Reads every log pattern of the snapshot; lines that give orders are marked and carry no topics. */
export function readLogs(snapshot: Snapshot, onsetMinutes: number, names: ReadonlySet<string>): LogReading[] {
  const patterns = signalsOf(snapshot, 'log_pattern')
  const isNew = (signal: LogPatternSignal) =>
    minutesBetween(signal.firstAt, snapshot.takenAt) <= onsetMinutes + BEFORE_ONSET_MINUTES
  const streams = patterns.map((signal) => ({
    labels: signal.stream,
    hasNewErrors: isBadLevel(signal) && isNew(signal),
  }))
  const { namespaces, isCertain } = ownNamespaces(streams, names)
  const nearnessOf = (namespace: string | undefined) => {
    if (namespace !== undefined && !namespaces.has(namespace)) return 'elsewhere' as const
    return isCertain ? ('own' as const) : ('maybe' as const)
  }
  return patterns
    .filter((signal) => epochMs(signal.firstAt) <= epochMs(snapshot.takenAt))
    .map((signal) => {
      const text = signal.sample
      const isInstruction = INSTRUCTION.test(text)
      const topics = new Set<Topic>()
      if (!isInstruction && !QUOTES_USERS.test(text))
        for (const topic of Object.keys(WORDS) as Topic[]) if (WORDS[topic].test(text)) topics.add(topic)
      const minutesSinceFirst = minutesBetween(signal.firstAt, snapshot.takenAt)
      const isBad = isBadLevel(signal)
      return {
        signal,
        text,
        isBad,
        isError: isBad && isNew(signal),
        topics,
        nearness: nearnessOf(namespaceOf(signal.stream)),
        minutesSinceLast: minutesBetween(signal.lastAt, snapshot.takenAt),
        minutesSinceFirst,
        isInstruction,
      }
    })
}

function isBadLevel(signal: LogPatternSignal): boolean {
  return (
    signal.level === 'error' ||
    signal.level === 'warn' ||
    (signal.level === 'unknown' && /error|fail|warn/i.test(signal.sample))
  )
}
