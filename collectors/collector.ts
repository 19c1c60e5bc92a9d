import type { Observer } from '../agent/domain/evidence.ts'
import type { Service } from '../agent/domain/service.ts'
import type { Signal } from '../agent/domain/signal.ts'
import type { TimeWindow } from '../agent/domain/time.ts'
import type { Http } from '../agent/lib/http.ts'
import type { Mask } from '../agent/lib/mask.ts'
import type { Retry } from '../agent/lib/retry.ts'

/** What is looked at: one service at its primary site. */
export interface Scope {
  readonly service: Service
}

export interface CollectContext {
  /** "Now" is `window.to`. */
  readonly window: TimeWindow
  /** Bodies that arrive through it are masked, capped and kept. */
  readonly http: Http
  /** Repeats what failed for the moment; for reads, never for probes, whose first failure is what they look for. */
  readonly retry: Retry
  /** For text that does not come through `http`. */
  readonly mask: Mask
  readonly abort: AbortSignal
  /** Says in words what was left out to stay within a cap; it is shown beside the evidence. */
  truncated(what: string): void
}

/**
 * One source of evidence. An empty array means that it looked and nothing was reported; a thrown Fault means that it could not look.
 * Each collector yields one piece of evidence, named after it.
 */
export interface Collector {
  /** The evidence id: `aws-health`, `status:cloudflare`, `prometheus:error_rate`, `loki:errors`, `health:external_uptime`, `changes`, `readiness:dr`. */
  readonly name: string
  readonly source: string
  readonly observer: Observer
  readonly timeoutMs: number
  collect(scope: Scope, ctx: CollectContext): Promise<Signal[]>
}
