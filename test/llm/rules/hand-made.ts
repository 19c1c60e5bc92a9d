import type { Evidence } from '../../../agent/domain/evidence.ts'
import type { Service } from '../../../agent/domain/service.ts'
import type { Signal } from '../../../agent/domain/signal.ts'
import type { Snapshot } from '../../../agent/domain/snapshot.ts'
import { epochMs, instantOf } from '../../../agent/domain/time.ts'
import type { Verdict } from '../../../agent/domain/verdict.ts'
import { readByRules } from '../../../agent/llm/rules.ts'

export const NOW = '2026-05-04T10:00:00.000Z'

/** The instant some minutes before now. */
export function ago(minutes: number): string {
  return instantOf(epochMs(NOW) - minutes * 60_000)
}

export const SERVICE: Service = {
  name: 'till',
  tier: 'critical',
  primary: { provider: 'aws', region: 'eu-west-1' },
  secondary: { provider: 'aws', region: 'eu-central-1' },
  dr: { provider: 'gcp', region: 'europe-west4' },
  dependsOn: ['aws:ec2', 'aws:rds', 'cloudflare:cdn', 'third_party:paymaster'],
  slo: { availability: 0.999, rtoMinutes: 15, rpoMinutes: 1 },
}

/** Points of the last hour, one each half minute, from a function of the minutes before now. */
export function points(valueAt: (minutesAgo: number) => number | null): [number, number | null][] {
  const end = epochMs(NOW) / 1000
  return Array.from({ length: 121 }, (_, step) => [end - (120 - step) * 30, valueAt((120 - step) / 2)])
}

type SeriesParts = Partial<Extract<Signal, { kind: 'series' }>>

export function series(
  name: string,
  valueAt: (minutesAgo: number) => number | null,
  parts: SeriesParts = {},
): Evidence {
  const id = `prometheus:${name}`
  const signal: Signal = {
    kind: 'series',
    id: `${id}:series-1`,
    name,
    unit: 'ratio',
    query: `${name}{}`,
    labels: {},
    sli: null,
    stepSeconds: 30,
    points: points(valueAt),
    ...parts,
  }
  return evidence(id, 'prometheus', 'own_telemetry', [signal])
}

export function errors(valueAt: (minutesAgo: number) => number | null): Evidence {
  return series('error_rate', valueAt, { sli: { role: 'errors', badWhen: 'high', objective: 0.01 } })
}

export function traffic(valueAt: (minutesAgo: number) => number | null): Evidence {
  return series('orders', valueAt, { unit: 'per_second', sli: { role: 'traffic', badWhen: 'low' } })
}

export function check(
  name: string,
  status: 'ok' | 'degraded' | 'error' | 'unknown',
  detail: string | null = null,
): Evidence {
  const observer = name === 'external_uptime' || name === 'cross_cloud_probe' ? 'outside_probe' : 'own_telemetry'
  return evidence(`health:${name}`, 'health-feed', observer, [
    { kind: 'health_check', id: `health:${name}:1`, check: name, status, latencyMs: null, detail, checkedAt: NOW },
  ])
}

export function logs(
  name: string,
  ...lines: {
    text: string
    app?: string
    namespace?: string
    level?: 'error' | 'warn' | 'info'
    from?: number
    to?: number
  }[]
): Evidence {
  const signals = lines.map(
    (line, index): Signal => ({
      kind: 'log_pattern',
      id: `loki:${name}:pattern-${index + 1}`,
      query: name,
      stream: { app: line.app ?? 'till', namespace: line.namespace ?? 'prod' },
      level: line.level ?? 'error',
      pattern: line.text,
      sample: line.text,
      count: 12,
      firstAt: ago(line.from ?? 9),
      lastAt: ago(line.to ?? 0.5),
    }),
  )
  return evidence(`loki:${name}`, 'loki', 'own_telemetry', signals)
}

export function changes(
  ...list: { at: number; kind?: string; service?: string; ref?: string; summary?: string; percent?: number }[]
): Evidence {
  const signals = list.map(
    (one, index): Signal => ({
      kind: 'change',
      id: `changes:change-${index + 1}`,
      at: ago(one.at),
      changeKind: one.kind ?? 'deploy',
      service: one.service ?? 'till',
      ref: one.ref ?? 'v7',
      summary: one.summary ?? 'new totals',
      rolloutPercent: one.percent ?? 100,
    }),
  )
  return evidence('changes', 'changes-feed', 'change', signals)
}

export function ready(
  target: 'secondary' | 'dr',
  parts: Partial<Extract<Signal, { kind: 'readiness' }>> = {},
): Evidence {
  return evidence(`readiness:${target}`, 'readiness-feed', 'target', [
    {
      kind: 'readiness',
      id: `readiness:${target}:1`,
      target,
      exists: true,
      healthy: true,
      capacity: 'ok',
      replicationLagSeconds: 1,
      sharedDependencies: [],
      lastBackupAt: ago(60),
      lastRestoreTestAt: ago(60 * 24 * 5),
      checkedAt: NOW,
      detail: null,
      ...parts,
    },
  ])
}

export function event(parts: Partial<Extract<Signal, { kind: 'provider_event' }>> = {}): Evidence {
  return evidence('aws-health', 'aws-health', 'provider', [
    {
      kind: 'provider_event',
      id: 'aws-health:event-1',
      channel: 'health_api',
      provider: 'aws',
      products: ['EC2'],
      regions: ['eu-west-1'],
      zone: null,
      category: 'issue',
      state: 'open',
      severity: 'unknown',
      isAccountSpecific: false,
      affectedEntities: [],
      startedAt: ago(11),
      updatedAt: ago(3),
      endedAt: null,
      title: 'AWS_EC2_OPERATIONAL_ISSUE',
      text: 'Instances in several zones have lost connectivity.',
      ...parts,
    },
  ])
}

export function evidence(id: string, source: string, observer: Evidence['observer'], signals: Signal[]): Evidence {
  return { id, source, observer, status: signals.length > 0 ? 'ok' : 'empty', observedAt: NOW, signals }
}

export function failed(id: string, source: string, observer: Evidence['observer']): Evidence {
  return {
    id,
    source,
    observer,
    status: 'failed',
    observedAt: NOW,
    signals: [],
    error: { kind: 'timeout', message: 'no answer' },
  }
}

export function snapshot(...list: Evidence[]): Snapshot {
  return {
    version: 1,
    takenAt: NOW,
    service: SERVICE,
    alerts: [
      {
        fingerprint: 'f1',
        name: 'TillErrors',
        status: 'firing',
        severity: 'critical',
        labels: { service: 'till' },
        annotations: {},
        startsAt: ago(7),
        endsAt: null,
        source: 'alertmanager',
      },
    ],
    evidence: [...list].sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
}

export function verdictOn(...list: Evidence[]): Verdict {
  const { verdict, abstained } = readByRules(snapshot(...list))
  if (!verdict) throw new Error(abstained?.detail)
  return verdict
}

/** Errors on half of all requests for some minutes; nearly none before. */
export const HALF_FAIL = (minutes: number) => (minutesAgo: number) => (minutesAgo <= minutes ? 0.5 : 0.002)

/** Everything else in order: the background on which a scenario stands out. */
export const CALM = [check('node_states', 'ok'), check('provider_api', 'ok')]
export const READY = [ready('secondary'), ready('dr')]
