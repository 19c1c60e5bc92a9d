import { sha256 } from '../agent/domain/canonical.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { ScoredRun, ScoreSink } from './score-sink.ts'

export interface LangfuseTarget {
  readonly publicKey: string
  readonly secretKey: string
  readonly baseUrl: string
}

/** Sends a scored run to Langfuse as a dataset run: one item a case, one trace a decision, the scores on the trace. */
export function langfuseScores(target: LangfuseTarget): ScoreSink {
  return {
    name: `Langfuse (${new URL(target.baseUrl).host})`,
    publish: async (run, abort) => {
      // Loaded only when it is used: its start takes longer than ninety cases.
      const { Langfuse } = await import('langfuse')
      const client = new Langfuse({ ...target, requestTimeout: 10_000, fetchRetryCount: 1, flushAt: 100 })
      const problems: unknown[] = []
      client.on('error', (problem) => problems.push(problem))
      await client.createDataset({ name: run.dataset, description: 'Recorded incidents of Failwise' })
      for (const item of run.items) {
        abort.throwIfAborted()
        await sendItem(client, run, item)
      }
      await client.shutdownAsync()
      if (problems.length > 0) {
        throw new Fault('upstream_refused', `Langfuse did not take ${problems.length} of the scores`, {
          cause: problems[0],
        })
      }
    },
  }
}

type Client = InstanceType<typeof import('langfuse')['Langfuse']>

async function sendItem(client: Client, run: ScoredRun, item: ScoredRun['items'][number]): Promise<void> {
  // The same run sent twice lands on the same trace instead of a second one.
  const traceId = sha256(`${run.dataset}\n${run.run}\n${item.id}`).slice(0, 32)
  const datasetItemId = `${run.dataset}:${item.id}`
  client.trace({ id: traceId, name: 'evaluation', metadata: { case: item.id, ...run.metadata }, output: item.output })
  for (const { name, value, comment } of item.scores)
    client.score({ traceId, name, value, ...(comment && { comment }) })
  await client.createDatasetItem({
    id: datasetItemId,
    datasetName: run.dataset,
    input: { case: item.id },
    expectedOutput: item.expected,
  })
  await client.createDatasetRunItem({ runName: run.run, datasetItemId, traceId, metadata: run.metadata })
}
