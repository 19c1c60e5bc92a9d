import { z } from 'zod'
import { minutesBetween } from '../agent/domain/time.ts'
import { asFault } from '../agent/lib/errors.ts'
import type { Collector } from './collector.ts'
import { CheckOptions, checkSignal, observerOf, probeWithin } from './shared/checks.ts'
import type { CollectorPorts, ServedCertificate } from './shared/ports.ts'

/** A certificate that must not run out. */
export const Options = CheckOptions.extend({
  source: z.literal('health-tls'),
  check: z.string().min(1).default('tls_certificate'),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(443),
  serverName: z.string().min(1).optional(),
  /** Renewal normally happens a month ahead; ten days before the end it has failed. */
  degradedBelowDays: z.number().min(0).default(10),
})
export type Options = z.infer<typeof Options>

/** Looks at the certificate that a server presents: trusted, begun and not about to end. */
export function healthTls(options: Options, ports: Pick<CollectorPorts, 'clock' | 'certificateOf'>): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-tls',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const { host, port, serverName = host, check } = options
      const now = ctx.window.to
      let certificate: ServedCertificate
      try {
        certificate = await probeWithin(ports.clock, options.timeoutMs * 0.9, ctx.abort, (abort) => {
          return ports.certificateOf({ host, port, serverName }, abort)
        })
      } catch (error) {
        ctx.abort.throwIfAborted()
        const { code } = error as { code?: unknown }
        // A handshake that fails tells nothing of the certificate, so this is unknown and not an expired one.
        const why = typeof code === 'string' ? code : asFault(error).message
        return [checkSignal(check, 'unknown', `${host}:${port} completes no TLS handshake (${why})`, now)]
      }
      const daysLeft = minutesBetween(now, certificate.validTo) / 1440
      const told = `valid from ${certificate.validFrom} to ${certificate.validTo}`
      if (daysLeft <= 0 || minutesBetween(certificate.validFrom, now) < 0)
        return [checkSignal(check, 'error', `outside its validity: ${told}`, now)]
      if (certificate.problem)
        return [checkSignal(check, 'error', `not trusted (${certificate.problem}), ${told}`, now)]
      if (daysLeft < options.degradedBelowDays)
        return [checkSignal(check, 'degraded', `ends in ${daysLeft.toFixed(1)} days: ${told}`, now)]
      return [checkSignal(check, 'ok', told, now)]
    },
  }
}
