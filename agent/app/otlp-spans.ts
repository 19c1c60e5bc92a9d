import { AsyncLocalStorage } from 'node:async_hooks'
import { type Span as OtelSpan, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Clock } from '../lib/clock.ts'
import { type Past, type Span, type SpanAttributes, type SpanEnd, type Spans, traceIdOfIncident } from '../lib/spans.ts'

export interface OtlpOptions {
  /** Such as http://collector:4318; the path /v1/traces is added. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
}

export interface OtlpPorts {
  readonly agentId: string
  readonly version: string
  readonly clock: Pick<Clock, 'now' | 'elapsed'>
}

/** What waits for a receiver that does not answer; more is dropped, since no memory may fill for the sake of a trace. */
const QUEUE = 2048
const TIMEOUT_MS = 5000

/** Sends spans by OTLP over HTTP, in the background. Attributes must be ids, names and figures: no text of anybody gets in here. */
export function otlpSpans(options: OtlpOptions, { agentId, version, clock }: OtlpPorts): Spans {
  const current = new AsyncLocalStorage<Traced>()
  const random = new RandomIdGenerator()
  // Set just before a root span is started, which asks for it at once.
  let nextTraceId = ''
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': version,
      'service.instance.id': agentId,
    }),
    idGenerator: { generateTraceId: () => nextTraceId, generateSpanId: () => random.generateSpanId() },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
          headers: { ...options.headers },
          timeoutMillis: TIMEOUT_MS,
        }),
        maxQueueSize: QUEUE,
        scheduledDelayMillis: 2000,
        exportTimeoutMillis: TIMEOUT_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('failwise', version)

  const open = (span: OtelSpan): Traced => {
    const startMs = clock.now()
    const startedMs = clock.elapsed()
    let isOver = false
    return {
      otel: span,
      end: (outcome = {}) => {
        if (isOver) return
        isOver = true
        finish(span, outcome, startMs + Math.max(0, clock.elapsed() - startedMs))
      },
    }
  }
  const startChild = (name: string, startTime: number, attributes: SpanAttributes): OtelSpan | null => {
    const parent = current.getStore()
    if (!parent) return null
    return tracer.startSpan(name, { startTime, attributes }, trace.setSpan(ROOT_CONTEXT, parent.otel))
  }
  return {
    begin: (name, traced, attributes) => {
      nextTraceId = traceIdOfIncident(traced)
      return open(tracer.startSpan(name, { startTime: clock.now(), attributes, root: true }, ROOT_CONTEXT))
    },
    within: (span, work) => (isTraced(span) ? current.run(span, work) : work()),
    child: (name, attributes) => {
      const span = startChild(name, clock.now(), attributes)
      return span ? open(span) : { end: () => {} }
    },
    past: (name, { startMs, endMs }: Past, attributes, outcome) => {
      const span = startChild(name, startMs, attributes)
      if (span) finish(span, outcome, Math.max(startMs, endMs))
    },
    close: async () => {
      // A receiver that is away is no reason to hold a process.
      await provider.shutdown().catch(() => undefined)
    },
  }
}

interface Traced extends Span {
  readonly otel: OtelSpan
}

function isTraced(span: Span): span is Traced {
  return 'otel' in span
}

function finish(span: OtelSpan, { attributes, error }: SpanEnd, endMs: number): void {
  if (attributes) span.setAttributes({ ...attributes })
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
  span.end(endMs)
}
