import type { LogReading } from './log-reading.ts'

const VERSION =
  /\b(?:ver|version|build|release|rev|revision|image|tag|v)["']?\s*[=:]\s*"?(?:[\w./-]+:)?v?(\d[\w.+]*(?:-[\w.]+)?|[a-z]+-?\d[\w.-]*)/gi

/** Versions that lines state of the program that wrote them, and by which line: those in new errors, and those in lines that report good work. */
export interface LogVersions {
  readonly failing: ReadonlyMap<string, string>
  readonly working: ReadonlyMap<string, string>
}

/** Reads which versions complain and which work. */
export function versionsInLogs(logs: readonly LogReading[]): LogVersions {
  const failing = new Map<string, string>()
  const working = new Map<string, string>()
  for (const log of logs) {
    if (log.isInstruction || log.nearness === 'elsewhere' || log.minutesSinceLast > 15) continue
    for (const match of log.text.matchAll(VERSION))
      if (log.isError) failing.set(match[1] ?? '', log.signal.id)
      else if (!log.isBad) working.set(match[1] ?? '', log.signal.id)
  }
  return { failing, working }
}
