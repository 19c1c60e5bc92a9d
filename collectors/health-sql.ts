import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import type { Collector } from './collector.ts'
import { CheckOptions, checkSignal, observerOf } from './shared/checks.ts'
import type { CollectorPorts } from './shared/ports.ts'
import { PostgresOptions } from './shared/postgres.ts'

/**
 * A statement about the data that has to hold: a count, an invariant, a checksum. Corrupt data is carried along by every failover, so a broken one
 * speaks against moving.
 */
export const Options = CheckOptions.extend(PostgresOptions.shape).extend({
  source: z.literal('health-sql'),
  /** A SELECT of one row and one column. It runs in a read-only transaction and is ended at the timeout. */
  sql: z.string().regex(/^\s*(?:select|with|values|table)\b/i, 'expected a SELECT'),
  expect: z.union([
    z.strictObject({ equals: z.union([z.boolean(), z.number(), z.string()]) }),
    z.strictObject({ min: z.number().optional(), max: z.number().optional() }),
  ]),
  whenBroken: z.enum(['degraded', 'error']).default('error'),
})
export type Options = z.infer<typeof Options>

/** Runs a statement and compares its value. */
export function healthSql(options: Options, ports: Pick<CollectorPorts, 'queryPostgres'>): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-sql',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const limits = { timeoutMs: Math.floor(options.timeoutMs * 0.8), maxRows: 2 }
      const rows = await ports.queryPostgres(options, options.sql, limits, ctx.abort)
      const values = Object.values(rows[0] ?? {})
      if (rows.length !== 1 || values.length !== 1)
        throw new Fault('upstream_malformed', `the statement of check "${options.check}" gave no single value`, {
          hint: 'select one row with one column',
        })
      const value = values[0]
      if (value === null) return [checkSignal(options.check, 'unknown', 'the value is null', ctx.window.to)]
      const holds = isAsExpected(value, options.expect)
      const detail = `${await ctx.mask(shown(value))} ${holds ? 'as expected' : `instead of ${JSON.stringify(options.expect)}`}`
      return [checkSignal(options.check, holds ? 'ok' : options.whenBroken, detail, ctx.window.to)]
    },
  }
}

function isAsExpected(value: unknown, expected: Options['expect']): boolean {
  // Big integers and decimals arrive as text, which loses nothing.
  if ('equals' in expected) {
    const { equals } = expected
    return typeof equals === 'number' ? numberOf(value) === equals : String(value) === String(equals)
  }
  const number = numberOf(value)
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = expected as { min?: number; max?: number }
  return number !== null && number >= min && number <= max
}

function numberOf(value: unknown): number | null {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return null
  const number = Number(value)
  return Number.isNaN(number) ? null : number
}

function shown(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
