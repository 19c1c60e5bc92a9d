import { z } from 'zod'
import { Target } from './action.ts'
import { Instant } from './time.ts'

/** Prose that somebody else wrote. It is shown and read by analysts; no gate rule may depend on it. */
const Prose = z.string()

/** Unique within a snapshot and citable by a verdict, such as `aws-health:event-1` or `loki:errors:pattern-3`. */
const SignalId = z.string().min(1)

export const CheckStatus = z.enum(['ok', 'degraded', 'error', 'unknown'])
export type CheckStatus = z.infer<typeof CheckStatus>

/** One answer of one health check. */
export const HealthCheckSignal = z.object({
  kind: z.literal('health_check'),
  id: SignalId,
  /** `internal_services`, `external_uptime`, `cross_cloud_probe`, `db_replication_lag`, `node_states`, `provider_api`, or a name of your own. */
  check: z.string().min(1),
  status: CheckStatus,
  latencyMs: z.number().min(0).nullable().default(null),
  detail: Prose.nullable().default(null),
  checkedAt: Instant.nullable(),
})
export type HealthCheckSignal = z.infer<typeof HealthCheckSignal>

/** An event that a provider declared, through its health API or on its status page. */
export const ProviderEventSignal = z.object({
  kind: z.literal('provider_event'),
  id: SignalId,
  channel: z.enum(['health_api', 'status_page']),
  /** Lower case: "aws", "gcp", "azure", "cloudflare", or the status page's name. */
  provider: z.string().min(1),
  /** The provider's product names, as it spells them; empty when it does not say. */
  products: z.array(z.string()),
  /** Region codes as the provider spells them; empty when it does not say, `global` for all. */
  regions: z.array(z.string()),
  /** Present when the regions were found in the title because the format has no field for them; prose, then, and not to be built upon by rules. */
  regionsFrom: z.literal('title').optional(),
  zone: z.string().nullable().default(null),
  category: z.enum(['issue', 'maintenance', 'notification', 'security']),
  state: z.enum(['upcoming', 'open', 'monitoring', 'closed']),
  severity: z.enum(['none', 'low', 'medium', 'high', 'unknown']).default('unknown'),
  /** Whether the provider says that it is about this very account. */
  isAccountSpecific: z.boolean().default(false),
  /** Own resources that the provider names as affected. */
  affectedEntities: z.array(z.string()).default([]),
  startedAt: Instant.nullable(),
  updatedAt: Instant.nullable(),
  endedAt: Instant.nullable().default(null),
  title: Prose,
  text: Prose,
})
export type ProviderEventSignal = z.infer<typeof ProviderEventSignal>

/** One component of a status page and what the page says of it. */
export const ComponentSignal = z.object({
  kind: z.literal('component'),
  id: SignalId,
  provider: z.string().min(1),
  name: z.string(),
  status: z.enum(['operational', 'degraded', 'partial_outage', 'major_outage', 'maintenance', 'unknown']),
  updatedAt: Instant.nullable(),
})
export type ComponentSignal = z.infer<typeof ComponentSignal>

/** What a series says about users, where it says anything: which role it plays and which way is bad. */
export const Sli = z.object({
  role: z.enum(['errors', 'latency', 'traffic', 'success']),
  badWhen: z.enum(['high', 'low']),
  objective: z.number().optional(),
})
export type Sli = z.infer<typeof Sli>

/** One point: seconds since 1970 and the value; null stands for NaN, infinities and stale markers. */
export const Point = z.tuple([z.number(), z.number().nullable()])
export type Point = z.infer<typeof Point>

/** One metric series over the window, as the server answered it. */
export const SeriesSignal = z.object({
  kind: z.literal('series'),
  id: SignalId,
  /** Name of the configured query. */
  name: z.string().min(1),
  unit: z.string().default(''),
  query: z.string(),
  labels: z.record(z.string(), z.string()),
  sli: Sli.nullable().default(null),
  stepSeconds: z.number().positive(),
  points: z.array(Point),
})
export type SeriesSignal = z.infer<typeof SeriesSignal>

/** Log lines that say the same, counted. */
export const LogPatternSignal = z.object({
  kind: z.literal('log_pattern'),
  id: SignalId,
  /** Name of the configured query. */
  query: z.string(),
  stream: z.record(z.string(), z.string()),
  level: z.enum(['error', 'warn', 'info', 'debug', 'unknown']),
  /** The line with its variable parts replaced, such as `timeout after <num>ms to <ip>`. */
  pattern: Prose,
  sample: Prose,
  count: z.number().int().positive(),
  firstAt: Instant,
  lastAt: Instant,
})
export type LogPatternSignal = z.infer<typeof LogPatternSignal>

/** Something that we changed. */
export const ChangeSignal = z.object({
  kind: z.literal('change'),
  id: SignalId,
  at: Instant,
  /** deploy, config, flag, iam, dns, network, schema, infrastructure, certificate, … */
  changeKind: z.string().min(1),
  service: z.string(),
  ref: z.string(),
  summary: Prose,
  rolloutPercent: z.number().min(0).max(100).nullable().default(null),
})
export type ChangeSignal = z.infer<typeof ChangeSignal>

/** What was measured of a place we could move to. */
export const ReadinessSignal = z.object({
  kind: z.literal('readiness'),
  id: SignalId,
  target: Target,
  /** False when the service has no such place at all. */
  exists: z.boolean(),
  healthy: z.boolean().nullable(),
  capacity: z.enum(['ok', 'low', 'none', 'unknown']),
  /** Seconds of data that promoting it now would lose; null means unknown, which counts as infinite. */
  replicationLagSeconds: z.number().min(0).nullable(),
  /** What its main path needs as well as the primary does, failing or not. */
  sharedDependencies: z.array(z.string()),
  lastBackupAt: Instant.nullable(),
  lastRestoreTestAt: Instant.nullable(),
  checkedAt: Instant.nullable(),
  detail: Prose.nullable().default(null),
})
export type ReadinessSignal = z.infer<typeof ReadinessSignal>

/** One normalised observation. */
export const Signal = z.discriminatedUnion('kind', [
  HealthCheckSignal,
  ProviderEventSignal,
  ComponentSignal,
  SeriesSignal,
  LogPatternSignal,
  ChangeSignal,
  ReadinessSignal,
])
export type Signal = z.infer<typeof Signal>
