import type { Collector } from '../../collectors/collector.ts'
import type { Signal } from '../domain/signal.ts'
import { epochMs } from '../domain/time.ts'
import { failureKindOf } from '../engine/collect.ts'
import type { ServiceBook, ServiceEntry } from '../engine/service-entry.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault } from '../lib/errors.ts'
import type { Spans } from '../lib/spans.ts'
import type { Tracer } from '../llm/tracer.ts'
import type { Notifier } from '../notify/notifier.ts'
import type { AgentMetrics } from './metrics.ts'
import { tracedCollector } from './tracing.ts'
import type { UpstreamBoard } from './upstream-board.ts'

/** The same services, with every look at their upstreams counted, timed and traced. */
export function observedServices(
  book: ServiceBook,
  metrics: AgentMetrics,
  clock: Clock,
  spans: Spans,
  board: UpstreamBoard,
): ServiceBook {
  const observed = new Map<ServiceEntry, ServiceEntry>()
  const observe = (one: Collector) => observedCollector(tracedCollector(one, spans), metrics, clock, board)
  for (const entry of book.all()) observed.set(entry, { ...entry, collectors: entry.collectors.map(observe) })
  return {
    find: (name) => {
      const entry = book.find(name)
      return entry && observed.get(entry)
    },
    all: () => [...observed.values()],
  }
}

/** Counts a look once: when it ends, or when its time is over, whichever comes first. */
function observedCollector(collector: Collector, metrics: AgentMetrics, clock: Clock, board: UpstreamBoard): Collector {
  return {
    ...collector,
    collect: async (scope, ctx) => {
      const startedMs = clock.elapsed()
      const { source } = collector
      let isCounted = false
      const count = (outcome: string) => {
        if (isCounted) return
        isCounted = true
        ctx.abort.removeEventListener('abort', onAbort)
        metrics.reads.inc({ source, outcome })
        const isAnswer = outcome === 'ok' || outcome === 'empty'
        board.note('source', source, `${scope.service.name}: ${collector.name}`, isAnswer ? null : outcome)
        metrics.readSeconds.observe({ source }, Math.max(0, clock.elapsed() - startedMs) / 1000)
      }
      const onAbort = () => count(failureKindOf(asFault(ctx.abort.reason)))
      ctx.abort.addEventListener('abort', onAbort, { once: true })
      try {
        const signals = await collector.collect(scope, ctx)
        count(signals.length > 0 ? 'ok' : 'empty')
        showMeasured(metrics, scope.service.name, signals)
        return signals
      } catch (error) {
        count(failureKindOf(asFault(error)))
        throw error
      }
    },
  }
}

const CHECK_STATUS = { ok: 0, degraded: 1, error: 2, unknown: 3 } as const

/** Shows what checks and readiness measured. Names of services and checks come from the configuration. */
function showMeasured(metrics: AgentMetrics, service: string, signals: readonly Signal[]): void {
  for (const signal of signals) {
    if (signal.kind === 'health_check') {
      const labels = { service, check: signal.check }
      metrics.checkStatus.set(labels, CHECK_STATUS[signal.status])
      if (signal.latencyMs !== null) metrics.checkLatency.set(labels, signal.latencyMs / 1000)
      // An old figure would look like a good one.
      else metrics.checkLatency.remove(labels)
    }
    if (signal.kind === 'readiness' && signal.exists)
      metrics.targetLag.set(
        { service, target: signal.target },
        signal.replicationLagSeconds ?? Number.POSITIVE_INFINITY,
      )
  }
}

/** The same tracer, with every call to a model counted; calls that came to nothing as well. */
export function observedTracer(tracer: Tracer, metrics: AgentMetrics, board: UpstreamBoard): Tracer {
  return {
    ...tracer,
    call: (traced) => {
      const { analyst, call } = traced
      const outcome = call?.outcome ?? 'failed'
      metrics.modelCalls.inc({ analyst, outcome })
      board.note('model', analyst, analyst, call ? null : (traced.error ?? outcome))
      const tookMs = call?.latencyMs ?? epochMs(traced.endedAt) - epochMs(traced.startedAt)
      metrics.modelSeconds.observe({ analyst }, Math.max(0, tookMs) / 1000)
      if (call) {
        const { inputTokens, outputTokens, cachedInputTokens } = call.usage
        metrics.modelTokens.inc({ analyst, kind: 'input' }, inputTokens)
        metrics.modelTokens.inc({ analyst, kind: 'cached_input' }, cachedInputTokens)
        metrics.modelTokens.inc({ analyst, kind: 'output' }, outputTokens)
        metrics.modelCost.inc({ analyst }, call.costUsd ?? 0)
      }
      tracer.call(traced)
    },
  }
}

/** The same channel, with every attempt counted. */
export function observedNotifier(notifier: Notifier, metrics: AgentMetrics, board: UpstreamBoard): Notifier {
  const { name: channel } = notifier
  return {
    name: channel,
    send: async (notification, abort) => {
      try {
        await notifier.send(notification, abort)
        metrics.notifications.inc({ channel, outcome: 'sent' })
        board.note('channel', channel, channel, null)
      } catch (error) {
        board.note('channel', channel, channel, asFault(error).code)
        metrics.notifications.inc({ channel, outcome: asFault(error).retryable ? 'failed' : 'refused' })
        throw error
      }
    },
  }
}
