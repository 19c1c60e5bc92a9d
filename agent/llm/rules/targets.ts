import type { Target } from '../../domain/action.ts'
import type { Readings } from './readings.ts'

/** Whether a place can take the users now, and every reason why not. */
export interface TargetReading {
  readonly target: Target
  readonly usable: boolean
  readonly reasons: readonly string[]
  readonly evidence: string | null
  readonly shared: readonly string[]
}

/** Reads the readiness of one target: unknown is never ready, and unknown lag is infinite lag. */
export function readTarget(readings: Readings, target: Target): TargetReading {
  const service = readings.snapshot.service
  const site = target === 'secondary' ? service.secondary : service.dr
  const signal = readings.readiness.find((item) => item.target === target)
  const base = { target, evidence: signal?.id ?? null, shared: signal?.sharedDependencies ?? [] }
  if (!site) return { ...base, usable: false, reasons: ['the service has no such place'] }
  if (!signal) return { ...base, usable: false, reasons: ['its readiness is not known'] }
  if (!signal.exists) return { ...base, usable: false, reasons: ['the service has no such place'] }
  const reasons: string[] = []
  if (signal.healthy !== true) reasons.push(signal.healthy === false ? 'it is not healthy' : 'its health is unknown')
  if (signal.capacity !== 'ok') reasons.push(`its capacity is ${signal.capacity}`)
  const allowedSeconds = (service.slo?.rpoMinutes ?? 5) * 60
  if (signal.replicationLagSeconds === null) reasons.push('its data lag is unknown')
  else if (signal.replicationLagSeconds > Math.max(allowedSeconds, 1))
    reasons.push(
      `promoting it loses ${Math.round(signal.replicationLagSeconds)} s of data, ${allowedSeconds} s are allowed`,
    )
  return { ...base, usable: reasons.length === 0, reasons }
}
