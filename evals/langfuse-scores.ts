import { z } from 'zod'
import { sha256 } from '../agent/domain/canonical.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Http } from '../agent/lib/http.ts'
import type { ScoredRun, ScoreSink } from './score-sink.ts'

export interface LangfuseTarget {
  readonly publicKey: string
  readonly secretKey: string
  readonly baseUrl: string
}

const IngestionReply = z.object({ errors: z.array(z.unknown()).default([]) })

/**
 * Sends a scored run to Langfuse as a dataset run: one item a case, one trace a decision, the scores on the trace. Its public API is called
 * directly, because the SDK reports a refusal to the console and goes on.
 */
export function langfuseScores(target: LangfuseTarget, http: Http, now: () => number): ScoreSink {
  const host = new URL(target.baseUrl).host
  const authorization = `Basic ${Buffer.from(`${target.publicKey}:${target.secretKey}`).toString('base64')}`
  const post = async (path: string, value: unknown, abort: AbortSignal): Promise<string> => {
    const url = `${target.baseUrl.replace(/\/+$/, '')}/api/public/${path}`
    const headers = { authorization, 'content-type': 'application/json' }
    const { status, body } = await http({ method: 'POST', url, headers, body: JSON.stringify(value) }, abort)
    if (status >= 200 && status < 300) return body
    throw new Fault('upstream_refused', `Langfuse at ${host} answered ${status} to ${path}`)
  }
  return {
    name: `Langfuse (${host})`,
    publish: async (run, abort) => {
      await post('datasets', { name: run.dataset, description: 'Recorded incidents of Failwise' }, abort)
      for (const item of run.items) {
        const timestamp = new Date(now()).toISOString()
        const reply = await post('ingestion', { batch: eventsOf(run, item, timestamp) }, abort)
        const { errors } = IngestionReply.parse(JSON.parse(reply))
        if (errors.length > 0)
          throw new Fault('upstream_refused', `Langfuse at ${host} did not take the scores of ${item.id}`)
        const datasetItemId = `${run.dataset}:${item.id}`
        const datasetItem = {
          id: datasetItemId,
          datasetName: run.dataset,
          input: { case: item.id },
          expectedOutput: item.expected,
        }
        await post('dataset-items', datasetItem, abort)
        const traceId = traceIdOf(run, item)
        await post('dataset-run-items', { runName: run.run, datasetItemId, traceId, metadata: run.metadata }, abort)
      }
    },
  }
}

type Item = ScoredRun['items'][number]

/** The same run sent twice lands on the same trace instead of a second one. */
function traceIdOf(run: ScoredRun, item: Item): string {
  return sha256(`${run.dataset}\n${run.run}\n${item.id}`).slice(0, 32)
}

function eventsOf(run: ScoredRun, item: Item, timestamp: string): unknown[] {
  const traceId = traceIdOf(run, item)
  const event = (type: string, body: { readonly id: string }) => ({ id: `${body.id}-${type}`, type, timestamp, body })
  const metadata = { case: item.id, ...run.metadata }
  return [
    event('trace-create', { id: traceId, ...{ name: 'evaluation', timestamp, metadata, output: item.output } }),
    ...item.scores.map(({ name, value, comment }) =>
      event('score-create', { id: `${traceId}-${name}`, ...{ traceId, name, value, ...(comment && { comment }) } }),
    ),
  ]
}
