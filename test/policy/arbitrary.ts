import fc from 'fast-check'
import { Snapshot } from '../../agent/domain/snapshot.ts'
import { NOW } from './inputs.ts'

const instant = fc
  .integer({ min: -60 * 24 * 60, max: 600 })
  .map((minutes) => new Date(Date.parse(NOW) + minutes * 60_000).toISOString())
const maybeInstant = fc.option(instant)
const word = fc.constantFrom(
  'aws',
  'gcp',
  'cloudflare',
  'shop',
  'eu-west-1',
  'EU West',
  '',
  '__proto__',
  'constructor',
  'a:b:c',
  '🙂',
)
const id = fc.string({ minLength: 1, maxLength: 8 })
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, 1e300, -1e300, 0.5),
)
const labels = fc.dictionary(fc.constantFrom('zone', 'region', 'version', 'app', 'x'), word, { maxKeys: 3 })

const series = fc.record({
  kind: fc.constant('series' as const),
  id,
  name: fc.constantFrom('error_rate', 'error_rate_zone_a', 'by_version_2', 'x'),
  query: fc.constant('q'),
  labels,
  sli: fc.option(
    fc.record(
      {
        role: fc.constantFrom('errors', 'latency', 'traffic', 'success'),
        badWhen: fc.constantFrom('high', 'low'),
        objective: number,
      },
      { requiredKeys: ['role', 'badWhen'] },
    ),
  ),
  stepSeconds: fc.constantFrom(1, 30, 3600),
  points: fc.array(
    fc.tuple(
      fc.oneof(
        fc.integer({ min: -1000, max: 7300 }).map((s) => Date.parse(NOW) / 1000 - s),
        number,
      ),
      fc.option(number),
    ),
    { maxLength: 40 },
  ),
})
const check = fc.record({
  kind: fc.constant('health_check' as const),
  id,
  check: fc.constantFrom('internal_services', 'external_uptime', 'provider_api', 'node_states', 'own'),
  status: fc.constantFrom('ok', 'degraded', 'error', 'unknown'),
  checkedAt: maybeInstant,
})
const event = fc.record({
  kind: fc.constant('provider_event' as const),
  id,
  channel: fc.constantFrom('health_api', 'status_page'),
  provider: fc.constantFrom('aws', 'gcp', 'cloudflare', 'x'),
  products: fc.array(word, { maxLength: 2 }),
  regions: fc.array(fc.constantFrom('eu-west-1', 'global', 'eu-central-1', 'europe-west4-b', ''), { maxLength: 2 }),
  zone: fc.option(word),
  category: fc.constantFrom('issue', 'maintenance', 'notification', 'security'),
  state: fc.constantFrom('upcoming', 'open', 'monitoring', 'closed'),
  startedAt: maybeInstant,
  updatedAt: maybeInstant,
  endedAt: maybeInstant,
  title: fc.constant(''),
  text: fc.constant(''),
})
const component = fc.record({
  kind: fc.constant('component' as const),
  id,
  provider: fc.constantFrom('cloudflare', 'x'),
  name: word,
  status: fc.constantFrom('operational', 'degraded', 'partial_outage', 'major_outage', 'maintenance', 'unknown'),
  updatedAt: maybeInstant,
})
const pattern = fc.record({
  kind: fc.constant('log_pattern' as const),
  id,
  query: fc.constant('q'),
  stream: labels,
  level: fc.constantFrom('error', 'warn', 'info', 'debug', 'unknown'),
  pattern: fc.constant('p'),
  sample: fc.constant('s'),
  count: fc.integer({ min: 1, max: 10_000 }),
  firstAt: instant,
  lastAt: instant,
})
const change = fc.record({
  kind: fc.constant('change' as const),
  id,
  at: instant,
  changeKind: fc.constantFrom('deploy', 'config'),
  service: word,
  ref: fc.constant(''),
  summary: fc.constant(''),
  rolloutPercent: fc.option(fc.integer({ min: 0, max: 100 })),
})
const readiness = fc.record({
  kind: fc.constant('readiness' as const),
  id,
  target: fc.constantFrom('secondary', 'dr'),
  exists: fc.boolean(),
  healthy: fc.option(fc.boolean()),
  capacity: fc.constantFrom('ok', 'low', 'none', 'unknown'),
  replicationLagSeconds: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
  sharedDependencies: fc.array(fc.constantFrom('cloudflare:cdn', 'own:x', 'third_party:x', 'aws:rds', ':', ''), {
    maxLength: 2,
  }),
  lastBackupAt: maybeInstant,
  lastRestoreTestAt: maybeInstant,
  checkedAt: maybeInstant,
})
const evidence = fc.record({
  id,
  source: id,
  observer: fc.constantFrom('provider', 'own_telemetry', 'outside_probe', 'change', 'target'),
  status: fc.constantFrom('ok', 'empty', 'failed'),
  observedAt: instant,
  signals: fc.array(fc.oneof(series, check, event, component, pattern, change, readiness), { maxLength: 4 }),
})

/** Snapshots of every shape that the schema allows, most of them nonsense. */
export const arbitrarySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    secondary: fc.boolean(),
    slo: fc.boolean(),
    alerts: fc.array(fc.record({ status: fc.constantFrom('firing', 'resolved'), startsAt: instant }), { maxLength: 2 }),
    evidence: fc.array(evidence, { maxLength: 10 }),
  })
  .map(({ secondary, slo, alerts, evidence: pieces }) =>
    Snapshot.parse({
      version: 1,
      takenAt: NOW,
      service: {
        name: 'shop',
        primary: { provider: 'aws', region: 'eu-west-1' },
        ...(secondary ? { secondary: { provider: 'aws', region: 'eu-central-1' } } : {}),
        dr: { provider: 'gcp', region: 'europe-west4' },
        dependsOn: ['aws:rds', 'cloudflare:cdn'],
        ...(slo ? { slo: { availability: 0.999, rtoMinutes: 15, rpoMinutes: 0 } } : {}),
      },
      alerts: alerts.map((alert, index) => ({
        ...alert,
        fingerprint: `f${index}`,
        name: 'a',
        labels: {},
        source: 'generic',
      })),
      evidence: pieces,
    }),
  )
