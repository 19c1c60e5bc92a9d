import type { LogPatternSignal } from '../../agent/domain/signal.ts'

type LogLevel = LogPatternSignal['level']

export interface LogLine {
  readonly atMs: number
  readonly text: string
  /** Labels of the stream it came from. */
  readonly labels: Readonly<Record<string, string>>
}

export interface LogPattern {
  readonly labels: Readonly<Record<string, string>>
  readonly level: LogLevel
  readonly pattern: string
  readonly sample: string
  count: number
  firstMs: number
  lastMs: number
}

/** Labels that name one copy of a program; lines of all copies belong to one pattern. */
const PER_COPY = new Set([
  'pod',
  'instance',
  'filename',
  'container_id',
  'node',
  'node_name',
  'hostname',
  'host',
  'stream',
  'pod_template_hash',
  'k8s_pod',
  'pod_name',
  'level',
  'detected_level',
  'severity',
  'lvl',
  'sev',
  'log_level',
  'loglevel',
])

const SEVERITY: Record<LogLevel, number> = { error: 0, warn: 1, unknown: 2, info: 3, debug: 4 }

/** Folds lines that say the same into counted patterns: the severe first, then the frequent. */
export function foldLines(lines: Iterable<LogLine>): LogPattern[] {
  const folded = new Map<string, LogPattern>()
  const streams = new Map<Readonly<Record<string, string>>, { key: string; labels: Record<string, string> }>()
  for (const line of lines) {
    let stream = streams.get(line.labels)
    if (!stream) {
      const labels = Object.fromEntries(Object.entries(line.labels).filter(([name]) => !PER_COPY.has(name)))
      stream = { key: JSON.stringify(Object.entries(labels).sort()), labels }
      streams.set(line.labels, stream)
    }
    const { text, level } = readLine(line)
    const pattern = patternOf(text)
    const key = `${stream.key}\u0000${level}\u0000${pattern}`
    const known = folded.get(key)
    if (!known) {
      const sample = line.text.length > 500 ? `${line.text.slice(0, 500)}…` : line.text
      folded.set(key, {
        labels: stream.labels,
        level,
        pattern,
        sample,
        count: 1,
        firstMs: line.atMs,
        lastMs: line.atMs,
      })
    } else {
      known.count += 1
      if (line.atMs < known.firstMs) known.firstMs = line.atMs
      if (line.atMs > known.lastMs) known.lastMs = line.atMs
    }
  }
  return [...folded.values()].sort(
    (a, b) =>
      SEVERITY[a.level] - SEVERITY[b.level] ||
      b.count - a.count ||
      a.firstMs - b.firstMs ||
      (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : 0),
  )
}

/**
 * Keeps that many patterns, in the order given. Every program gets its turn, so that one that talks a lot crowds nobody out: first the
 * foremost pattern of each, the severe before the mild, then the second of each.
 */
export function keepFairly(patterns: readonly LogPattern[], limit: number): LogPattern[] {
  if (patterns.length <= limit) return [...patterns]
  const seen = new Map<string, number>()
  const turns = patterns.map((pattern, place) => {
    const program = JSON.stringify(Object.entries(pattern.labels).sort())
    const turn = seen.get(program) ?? 0
    seen.set(program, turn + 1)
    return { pattern, place, turn }
  })
  return turns
    .sort((a, b) => a.turn - b.turn || a.place - b.place)
    .slice(0, limit)
    .sort((a, b) => a.place - b.place)
    .map(({ pattern }) => pattern)
}

const MAX_PATTERN = 400

const TIMESTAMP =
  /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?|\b\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\b/g
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi
const IP = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:\/\d{1,2})?\b|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{1,4}\b/gi
/** Values of keys that name one request or one thing. */
const ID_VALUE =
  /\b((?:[a-z]+[_.-]?)?(?:id|uuid|trace|span|ray|request|session|correlation|txn|hash|etag|token|nonce|key)[=:]"?)(?!<)[\w./+-]*\d[\w./+=-]*/gi
const HEX = /\b0x[0-9a-f]+\b|\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,}\b/gi
const DURATION =
  /(?<![\w.-])\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d)(?:\d+(?:\.\d+)?(?:ms|s|m))*\b|(?<![\w.-])\d+(?:\.\d+)? (?:ms|msec|milliseconds?|secs?|seconds?|s|mins?|minutes?|h|hours?)\b(?!=)/g
const NUMBER = /(?<![\w.-])-?\d+(?:[.,]\d+)*(?![\w]|\.\d)(%?)|(?<=[a-z]-)\d{3,}\b/gi

/** Status codes are what a line says, not what varies in it: a 200 and a 503 stay two patterns. There are few of them. */
const HTTP_STATUS = new Set(
  [
    [200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308],
    [400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 413, 415, 422, 423, 425, 429, 431, 451, 499],
    [500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 521, 522, 523, 524, 525, 526, 527, 530],
  ]
    .flat()
    .map(String),
)

/** What stands before a status code; `ms=502`, `line 511` and `customer/499` are numbers like any other. */
const STATUS_BEFORE =
  /(?:^|\b(?:status|code|sc|http|response)(?:_?code)?["']?[=: ]+"?|(?<!\b(?:line|port|row|page|room|item|order|no|number|step|of|after|for|in|id))[ ([":] ?)$/i

/** What stands before a version: lines of the old and of the new program are told apart. There are few of them at a time. */
const VERSION_BEFORE = /\b(?:ver|version|build|release|rev|revision|image|tag)["']?[=:] ?"?(?:[\w./-]+:)?$/i

/** A line with its variable parts replaced, such as `timeout after <duration> to <ip>`. */
export function patternOf(text: string): string {
  const line = text.length > 2000 ? text.slice(0, 2000) : text
  // Most parts that vary hold a digit, so a line without one is its own pattern.
  if (!/\d/.test(line)) return shorten(line.trim())
  const replaced = line
    .replace(TIMESTAMP, '<time>')
    .replace(UUID, '<uuid>')
    .replace(IP, '<ip>')
    .replace(ID_VALUE, '$1<id>')
    .replace(HEX, '<hex>')
    .replace(DURATION, '<duration>')
    .replace(NUMBER, (number, percent: string | undefined, offset: number, whole: string) => {
      const before = whole.slice(Math.max(0, offset - 48), offset)
      if (HTTP_STATUS.has(number) && STATUS_BEFORE.test(before)) return number
      if (VERSION_BEFORE.test(before)) return number
      return percent === '%' ? '<num>%' : '<num>'
    })
  return shorten(replaced.replace(/\s+/g, ' ').trim())
}

function shorten(text: string): string {
  return text.length > MAX_PATTERN ? `${text.slice(0, MAX_PATTERN)}…` : text
}

/** Members of a JSON line that vary with every line or are told elsewhere. */
const NOT_SAID = /^(?:@?time(?:stamp)?|ts|date|level|lvl|severity|log\.level|pid|hostname|host|pod|v)$/i
const MESSAGE = ['msg', 'message', 'event', 'error', 'err']

function readLine(line: LogLine): { text: string; level: LogLevel } {
  const { level, detected_level, severity, lvl, sev, log_level, loglevel } = line.labels
  const stated = levelOf(level ?? detected_level ?? severity ?? lvl ?? sev ?? log_level ?? loglevel)
  const json = line.text.startsWith('{') ? jsonMembers(line.text) : null
  if (json) {
    const own = json.level ?? json.lvl ?? json.severity ?? json['log.level']
    return {
      text: textOfMembers(json),
      level:
        stated ?? levelOf(typeof own === 'string' || typeof own === 'number' ? String(own) : undefined) ?? 'unknown',
    }
  }
  return { text: line.text, level: stated ?? levelInText(line.text) }
}

function jsonMembers(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** The message first, then the other plain members in the order of their names, as `key=value`. */
function textOfMembers(members: Record<string, unknown>): string {
  const said: string[] = []
  for (const name of MESSAGE) if (typeof members[name] === 'string') said.push(members[name])
  for (const name of Object.keys(members).sort()) {
    const value = members[name]
    if (NOT_SAID.test(name) || (MESSAGE.includes(name) && typeof value === 'string')) continue
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      said.push(`${name}=${value}`)
  }
  return said.join(' ')
}

function levelOf(word: string | undefined): LogLevel | null {
  switch (word?.toLowerCase()) {
    case 'error':
    case 'err':
    case 'fatal':
    case 'critical':
    case 'crit':
    case 'alert':
    case 'emerg':
    case 'emergency':
    case 'panic':
    case 'severe':
    // Letters as klog writes them, numbers as pino and bunyan do.
    case 'e':
    case 'f':
    case '50':
    case '60':
      return 'error'
    case 'warn':
    case 'warning':
    case 'w':
    case '40':
      return 'warn'
    case 'info':
    case 'notice':
    case 'information':
    case 'informational':
    case 'i':
    case '30':
      return 'info'
    case 'debug':
    case 'trace':
    case 'd':
    case '10':
    case '20':
      return 'debug'
    default:
      return null
  }
}

/** Reads a level where lines state one: `level=error`, or a word in capitals or brackets. Plain prose such as "no error" states none. */
function levelInText(text: string): LogLevel {
  const stated =
    /\b(?:level|lvl|severity)["']?[=:]\s*["']?([a-z]+)/i.exec(text)?.[1] ??
    /(?:^|[\s[(<|])(ERROR|ERR|FATAL|CRITICAL|CRIT|PANIC|EMERG|ALERT|WARN|WARNING|INFO|NOTICE|DEBUG|TRACE)(?=$|[\s\])>:|])/.exec(
      text,
    )?.[1] ??
    /\[(error|err|fatal|crit|critical|alert|emerg|warn|warning|info|notice|debug|trace)\]/.exec(text)?.[1] ??
    /^([EWIF])\d{4} \d\d:\d\d/.exec(text)?.[1]
  return levelOf(stated) ?? 'unknown'
}
