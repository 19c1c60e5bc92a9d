import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Alert } from '../../agent/domain/alert.ts'
import { canonicalJson } from '../../agent/domain/canonical.ts'
import { readAlertmanager } from '../../agent/ingest/alertmanager.ts'
import { readCloudWatch } from '../../agent/ingest/cloudwatch.ts'
import { readGeneric } from '../../agent/ingest/generic.ts'
import { readGrafana } from '../../agent/ingest/grafana.ts'
import { readInfrastructureHealth } from '../../agent/ingest/infrastructure-health.ts'
import { readPagerDuty } from '../../agent/ingest/pagerduty.ts'
import type { Delivery } from '../../agent/ingest/payload.ts'
import { settle } from '../../agent/ingest/settle.ts'
import { isFault } from '../../agent/lib/errors.ts'
import { webhookBody } from '../fixtures/webhooks/read.ts'

const readers: [string, string, (body: unknown) => Delivery][] = [
  ['Alertmanager', 'alertmanager.json', readAlertmanager],
  ['Grafana', 'grafana.json', readGrafana],
  ['PagerDuty', 'pagerduty-triggered.json', readPagerDuty],
  ['CloudWatch', 'cloudwatch-raw.json', readCloudWatch],
  ['generic', 'alertmanager.json', (body) => readGeneric(withoutVersion(body))],
  [
    'infrastructure_health',
    'infrastructure-health.json',
    (body) => {
      const { alert } = readInfrastructureHealth(body)
      return { alerts: alert ? [alert] : [], notes: [] }
    },
  ],
]

function withoutVersion(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { version: _, ...rest } = body as Record<string, unknown>
  return rest
}

/** Every place inside a value, as the keys that lead there. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value)
  return [path, ...keys.flatMap((key) => places((value as Record<string | number, unknown>)[key], [...path, key]))]
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return by
  const copy = Array.isArray(value) ? [...value] : { ...(value as Record<string, unknown>) }
  const inside = copy as Record<string | number, unknown>
  inside[key] = replaced(inside[key], rest, by)
  return copy
}

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    '',
    '\u0000',
    '\ud800',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    '-000001-01-01T00:00:00Z',
    'x'.repeat(20_000),
    JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":null}'),
    Array(1000).fill({}),
  ),
)

/** Reads without any fault but the one that says the body is wrong, and what comes out can be stored. */
function survives(read: (body: unknown) => Delivery, body: unknown): void {
  let delivery: Delivery
  try {
    delivery = read(body)
  } catch (error) {
    expect(isFault(error, 'payload_invalid'), String(error)).toBe(true)
    expect((error as Error).message.length).toBeLessThan(4000)
    return
  }
  const settled = settle(delivery, { receivedAt: '2026-03-01T13:00:00.000Z', skewToleranceSeconds: 300 })
  for (const alert of settled.alerts) {
    expect(Alert.safeParse(alert).success, JSON.stringify(alert)).toBe(true)
    expect(() => canonicalJson(alert)).not.toThrow()
    const stored = JSON.stringify(alert)
    expect(stored.includes('\\u0000') || /\\ud[89a-f]/i.test(stored)).toBe(false)
    expect(alert.startsAt <= '2026-03-01T13:00:00.000Z').toBe(true)
    expect(alert.fingerprint.length).toBeLessThanOrEqual(256)
  }
}

describe.each(readers)('a hostile %s body', (_name, fixture, read) => {
  it('made of anything at all', () => {
    fc.assert(
      fc.property(junk, (body) => survives(read, body)),
      { numRuns: 300 },
    )
  })

  it('that is right but for one place', () => {
    const good = webhookBody(fixture)
    fc.assert(
      fc.property(fc.constantFrom(...places(good)), junk, (path, by) => survives(read, replaced(good, path, by))),
      { numRuns: 600 },
    )
  })

  it('does not reach into our own objects', () => {
    const good = JSON.stringify(webhookBody(fixture))
    const poisoned = JSON.parse(
      good
        .replaceAll('"labels":{', '"labels":{"__proto__":{"polluted":"yes"},')
        .replace('{', '{"__proto__":{"polluted":"yes"},'),
    )
    survives(read, poisoned)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a wrong version', () => {
  it('is never accepted, whatever it is', () => {
    const versions = fc.oneof(fc.jsonValue(), fc.string(), fc.integer(), fc.constant(undefined))
    fc.assert(
      fc.property(versions, (version) => {
        if (version !== '4') expect(() => readAlertmanager({ ...webhookBody('alertmanager.json'), version })).toThrow()
        if (version !== '1') expect(() => readGrafana({ ...webhookBody('grafana.json'), version })).toThrow()
        if (version !== 1 && version !== '1' && version !== undefined)
          expect(() => readGeneric({ name: 'A', version })).toThrow(
            expect.objectContaining({ code: 'payload_invalid' }),
          )
      }),
    )
  })
})
