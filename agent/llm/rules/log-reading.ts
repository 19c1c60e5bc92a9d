import type { LogPatternSignal } from '../../domain/signal.ts'
import { type Snapshot, signalsOf } from '../../domain/snapshot.ts'
import { epochMs, minutesBetween } from '../../domain/time.ts'
import { ownNamespaces } from './relevance.ts'
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
  /** Written where the service itself writes. */
  readonly isOwn: boolean
  /** It tries to give orders to its reader; its words prove nothing. */
  readonly isInstruction: boolean
}

const BEFORE_ONSET_MINUTES = 8

/** Reads every log pattern of the snapshot; lines that give orders are marked and carry no topics. */
export function readLogs(snapshot: Snapshot, onsetMinutes: number, names: ReadonlySet<string>): LogReading[] {
  const patterns = signalsOf(snapshot, 'log_pattern')
  const namespaces = ownNamespaces(
    patterns.map((signal) => signal.stream),
    names,
  )
  return patterns
    .filter((signal) => epochMs(signal.firstAt) <= epochMs(snapshot.takenAt))
    .map((signal) => {
      const text = signal.sample
      const isInstruction = INSTRUCTION.test(text)
      const topics = new Set<Topic>()
      if (!isInstruction)
        for (const topic of Object.keys(WORDS) as Topic[]) if (WORDS[topic].test(text)) topics.add(topic)
      const minutesSinceFirst = minutesBetween(signal.firstAt, snapshot.takenAt)
      const isBad =
        signal.level === 'error' ||
        signal.level === 'warn' ||
        (signal.level === 'unknown' && /error|fail|warn/i.test(text))
      return {
        signal,
        text,
        isBad,
        isError: isBad && minutesSinceFirst <= onsetMinutes + BEFORE_ONSET_MINUTES,
        topics,
        isOwn: signal.stream.namespace === undefined || namespaces.has(signal.stream.namespace),
        minutesSinceLast: minutesBetween(signal.lastAt, snapshot.takenAt),
        minutesSinceFirst,
        isInstruction,
      }
    })
}
