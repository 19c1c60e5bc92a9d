import { type DestinationStream, type LevelWithSilent, type Logger, type LoggerOptions, pino } from 'pino'
import { Fault } from './errors.ts'

export type Log = Logger

export interface LogOptions {
  readonly level: LevelWithSilent
  /** Fields of every line, such as the agent's id. */
  readonly base?: Readonly<Record<string, unknown>>
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream
  /** Replaces secrets in a finished line; it must keep JSON valid. */
  readonly mask?: (line: string) => string
}

/** Field names whose values never reach a log line, at the top and up to two levels down. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'passphrase',
  'secret',
  'secrets',
  'token',
  'tokens',
  'apiKey',
  'routingKey',
  'routing_key',
  'databaseUrl',
  'signature',
  'body',
] as const

/**
 * A logger for JSON lines. Messages are fixed texts and everything variable is a field, so that lines group; error level means a fault of
 * our own. Secrets are redacted by name here as the last net: code that logs must not hold them in the first place.
 */
export function createLog({ level, base = {}, destination, mask }: LogOptions): Log {
  const options: LoggerOptions = {
    level,
    base,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '<redacted>' },
    serializers: { err: describeError, error: describeError },
    ...(mask && { hooks: { streamWrite: mask } }),
  }
  return destination ? pino(options, destination) : pino(options)
}

/** An error as log fields: codes and messages along the chain of causes, and the stack only when it is a fault of our own. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: withoutCredentials(String(error)) }
  const isExpected = error instanceof Fault && error.code !== 'internal'
  const described: Record<string, unknown> = { name: error.name, message: withoutCredentials(error.message) }
  if (error instanceof Fault)
    Object.assign(described, { code: error.code, retryable: error.retryable, details: error.details })
  else if ('code' in error) described.code = error.code
  if (error.cause !== undefined) described.cause = causes(error.cause)
  if (!isExpected && error.stack) described.stack = withoutCredentials(error.stack)
  return described
}

function causes(cause: unknown): string {
  const texts: string[] = []
  for (let at = cause; at !== undefined && texts.length < 4; at = at instanceof Error ? at.cause : undefined)
    texts.push(at instanceof Error ? `${at.name}: ${at.message}` : typeof at)
  return withoutCredentials(texts.join(' ← '))
}

/** Cuts `user:password@` out of anything that looks like a URL; connection errors like to quote theirs. */
function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,500}@/gi, '$1<redacted>@')
}
