import { z } from 'zod'
import type { Evidence } from './evidence.ts'
import { LogPatternSignal } from './signal.ts'
import { epochMs, Instant, minutesBetween } from './time.ts'

const Count = z.number().int().min(0)

export const LogFacts = z.object({
  /** Lines and distinct patterns by level, and how many patterns first appeared no earlier than shortly before onset. */
  levels: z.record(LogPatternSignal.shape.level, z.object({ lines: Count, patterns: Count, newPatterns: Count })),
  /** First error line in what could be read; the read is capped, so it may have begun earlier. */
  firstErrorAt: Instant.nullable(),
  lastErrorAt: Instant.nullable(),
  /** The most frequent error and warning patterns. */
  top: z.array(
    z.object({
      id: z.string(),
      level: LogPatternSignal.shape.level,
      count: z.number(),
      stream: z.record(z.string(), z.string()),
      firstAt: Instant,
      lastAt: Instant,
      isNew: z.boolean(),
    }),
  ),
})
export type LogFacts = z.infer<typeof LogFacts>

const TOP = 12
const NEW_SLACK_MINUTES = 2

/** Counts log patterns by level and tells which began with the incident. */
export function logFacts(evidence: readonly Evidence[], onsetAt: Instant | null): LogFacts {
  const patterns = evidence.flatMap((piece) => piece.signals.filter((signal) => signal.kind === 'log_pattern'))
  const isNew = (at: Instant) => onsetAt !== null && minutesBetween(onsetAt, at) >= -NEW_SLACK_MINUTES
  const levels = Object.fromEntries(
    LogPatternSignal.shape.level.options.map((level) => {
      const own = patterns.filter((pattern) => pattern.level === level)
      return [
        level,
        {
          lines: own.reduce((sum, pattern) => sum + pattern.count, 0),
          patterns: own.length,
          newPatterns: own.filter((pattern) => isNew(pattern.firstAt)).length,
        },
      ]
    }),
  ) as LogFacts['levels']
  const errors = patterns.filter((pattern) => pattern.level === 'error')
  const times = (pick: 'firstAt' | 'lastAt') =>
    errors.map((pattern) => pattern[pick]).sort((a, b) => epochMs(a) - epochMs(b))
  return {
    levels,
    firstErrorAt: times('firstAt')[0] ?? null,
    lastErrorAt: times('lastAt').at(-1) ?? null,
    top: patterns
      .filter((pattern) => pattern.level === 'error' || pattern.level === 'warn')
      .sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1))
      .slice(0, TOP)
      .map(({ id, level, count, stream, firstAt, lastAt }) => ({
        id,
        level,
        count,
        stream,
        firstAt,
        lastAt,
        isNew: isNew(firstAt),
      })),
  }
}
