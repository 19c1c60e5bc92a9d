import type { Collector } from '../../collectors/collector.ts'
import type { Config, Environment } from '../config.ts'
import type { JournalEntry, Run } from '../domain/run.ts'
import { epochMs } from '../domain/time.ts'
import { failureKindOf } from '../engine/collect.ts'
import { asFault } from '../lib/errors.ts'
import { noSpans, type Span, type Spans } from '../lib/spans.ts'
import type { Tracer } from '../llm/tracer.ts'
import type { OtlpPorts } from './otlp-spans.ts'

/** Spans as configured, or by the variable that everybody sets for it; the packages are loaded only when there is somewhere to send to. */
export async function spansOf({ settings }: Config, environment: Environment, ports: OtlpPorts): Promise<Spans> {
  const endpoint = settings.tracing.endpoint ?? (environment.OTEL_EXPORTER_OTLP_ENDPOINT || undefined)
  if (endpoint === undefined) return noSpans
  const { otlpSpans } = await import('./otlp-spans.ts')
  const { headers, serviceName } = settings.tracing
  return otlpSpans({ endpoint, headers, serviceName }, ports)
}

/** The same collector, with every look within an assessment as a span. */
export function tracedCollector(collector: Collector, spans: Spans): Collector {
  const { name, source, observer } = collector
  return {
    ...collector,
    collect: async (scope, ctx) => {
      const span = spans.child(`collect ${name}`, { source, observer, service: scope.service.name })
      // The round goes on without a collector that hangs, and so does its span.
      const onAbort = () => span.end({ error: failureKindOf(asFault(ctx.abort.reason)) })
      ctx.abort.addEventListener('abort', onAbort, { once: true })
      try {
        const signals = await collector.collect(scope, ctx)
        span.end({ attributes: { outcome: signals.length > 0 ? 'ok' : 'empty', signals: signals.length } })
        return signals
      } catch (error) {
        span.end({ error: failureKindOf(asFault(error)) })
        throw error
      } finally {
        ctx.abort.removeEventListener('abort', onAbort)
      }
    },
  }
}

/** The same tracer, with every call to a model as a span: figures only, no text. */
export function spanningTracer(tracer: Tracer, spans: Spans): Tracer {
  return {
    ...tracer,
    call: (traced) => {
      const { analyst, call, startedAt, endedAt, promptHash, error } = traced
      spans.past(
        `model ${analyst}`,
        { startMs: epochMs(startedAt), endMs: epochMs(endedAt) },
        {
          ...{ analyst, service: traced.service, promptHash, outcome: call?.outcome ?? 'failed' },
          ...(call && {
            'gen_ai.request.model': call.model,
            'gen_ai.usage.input_tokens': call.usage.inputTokens,
            'gen_ai.usage.output_tokens': call.usage.outputTokens,
          }),
        },
        error === null ? {} : { error: 'no answer' },
      )
      tracer.call(traced)
    },
  }
}

/** Turns the journal of runs into spans: one for each stage that this agent carries out or undoes. */
export function stageSpans(spans: Spans): (run: Run, entry: JournalEntry) => void {
  const open = new Map<string, Span>()
  return (run, { stage, kind }) => {
    const isUndo = kind.startsWith('undo')
    const key = `${run.id} ${isUndo ? 'undo' : 'apply'} ${stage}`
    if (kind === 'intent' || kind === 'undo_intent') {
      if (open.has(key)) return
      const { id, service, action, generation, isDryRun } = run
      const about = { run: id, service, action, generation: generation ?? 0, rehearsal: isDryRun }
      open.set(key, spans.begin(`${isUndo ? 'undo' : 'stage'} ${stage}`, run.incidentId ?? id, about))
      return
    }
    if (!STAGE_ENDS.has(kind)) return
    open.get(key)?.end(kind.endsWith('failed') ? { error: kind } : { attributes: { outcome: kind } })
    open.delete(key)
  }
}

const STAGE_ENDS: ReadonlySet<JournalEntry['kind']> = new Set(['verified', 'failed', 'undone', 'undo_failed'])
