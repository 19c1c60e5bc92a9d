import { z } from 'zod'
import type { LogPatternSignal } from '../agent/domain/signal.ts'
import { epochMs, instantOf } from '../agent/domain/time.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Collector } from './collector.ts'
import { bodyOf, EndpointOptions, endpointHeaders, parseJson, urlBelow } from './shared/endpoint.ts'
import { foldLines, keepFairly, type LogLine } from './shared/log-patterns.ts'

/** One named log query on a Loki server. */
export const Options = EndpointOptions.extend({
  source: z.literal('loki'),
  name: z.string().min(1),
  query: z.string().min(1),
  /** The tenant, sent as X-Scope-OrgID. */
  tenant: z.string().min(1).optional(),
  maxLines: z.number().int().min(1).max(50_000).default(5000),
  /** Ten thousand lines are to cost a few pages, not a book. */
  maxPatterns: z.number().int().min(1).max(500).default(100),
})
export type Options = z.infer<typeof Options>

/** Runs one log query over the window and folds its lines into counted patterns. */
export function loki(options: Options): Collector {
  const name = `loki:${options.name}`
  return {
    name,
    source: 'loki',
    observer: 'own_telemetry',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const what = `Loki query "${options.name}"`
      const url = urlBelow(options.url, '/loki/api/v1/query_range', {
        query: options.query,
        start: `${epochMs(ctx.window.from)}000000`,
        end: `${epochMs(ctx.window.to)}000000`,
        limit: String(options.maxLines),
        direction: 'backward',
      })
      const headers = endpointHeaders(options)
      if (options.tenant) headers['x-scope-orgid'] = options.tenant
      const lines = readStreams(parseJson(await bodyOf(ctx, what, { method: 'GET', url, headers }), what), what)
      // The server gives the newest ones when it stops at the limit: what came before is not known.
      if (lines.length >= options.maxLines) ctx.truncated(`the newest ${lines.length} lines; older ones were not read`)
      const patterns = foldLines(lines)
      const kept = keepFairly(patterns, options.maxPatterns)
      if (kept.length < patterns.length) {
        const isKept = new Set(kept)
        const rest = patterns.filter((pattern) => !isKept.has(pattern))
        ctx.truncated(
          `${rest.length} further patterns with ${rest.reduce((sum, pattern) => sum + pattern.count, 0)} lines`,
        )
      }
      return kept.map(
        (pattern, index): LogPatternSignal => ({
          kind: 'log_pattern',
          id: `${name}:pattern-${index + 1}`,
          query: options.name,
          stream: { ...pattern.labels },
          level: pattern.level,
          pattern: pattern.pattern,
          sample: pattern.sample,
          count: pattern.count,
          firstAt: instantOf(pattern.firstMs),
          lastAt: instantOf(pattern.lastMs),
        }),
      )
    },
  }
}

/** Checks the answer by hand, line by line, as a schema over thousands of lines costs more than the query. */
function readStreams(body: unknown, what: string): LogLine[] {
  const answer = body as { status?: unknown; data?: { resultType?: unknown; result?: unknown } } | null
  if (answer?.status !== 'success') throw malformed(what, 'status is not "success"')
  const { resultType, result } = answer.data ?? {}
  if (resultType !== 'streams' || !Array.isArray(result)) throw malformed(what, 'data.resultType is not "streams"')
  const lines: LogLine[] = []
  for (const stream of result as { stream?: unknown; values?: unknown }[]) {
    const labels = stream?.stream ?? {}
    if (typeof labels !== 'object' || !Object.values(labels).every((text) => typeof text === 'string'))
      throw malformed(what, 'a stream has labels that are not text')
    if (!Array.isArray(stream?.values)) throw malformed(what, 'a stream has no values')
    for (const value of stream.values) {
      // A third member holds structured metadata, which newer servers send.
      if (!Array.isArray(value) || typeof value[1] !== 'string') throw malformed(what, 'a line is not [time, text]')
      const atMs = nanosecondsToMs(value[0])
      if (atMs === null) throw malformed(what, 'a line has no time in nanoseconds')
      lines.push({ atMs, text: value[1], labels: labels as Record<string, string> })
    }
  }
  return lines
}

function nanosecondsToMs(value: unknown): number | null {
  if (typeof value !== 'string' || !/^\d{16,19}$/.test(value)) return null
  return Number(value.slice(0, -6))
}

function malformed(what: string, why: string): Fault {
  return new Fault('upstream_malformed', `${what} answered an unexpected shape: ${why}`)
}
