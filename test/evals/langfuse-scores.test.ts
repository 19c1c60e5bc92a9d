import { describe, expect, it } from 'vitest'
import type { Http } from '../../agent/lib/http.ts'
import { langfuseScores } from '../../evals/langfuse-scores.ts'
import type { ScoredRun } from '../../evals/score-sink.ts'

const run: ScoredRun = {
  dataset: 'set',
  run: 'rules 2026',
  metadata: { analyst: 'rules' },
  items: [
    {
      id: 'a-1',
      expected: 'observe',
      output: 'observe (record)',
      scores: [{ name: 'needless', value: 0, comment: 'observe' }],
    },
  ],
}

/** As much of Langfuse as a dataset run needs. */
function fakeLangfuse(status: number, errors: unknown[] = []) {
  const asked: { path: string; body: Record<string, unknown>; authorization: string | undefined }[] = []
  const http: Http = async ({ method, url, headers, body }) => {
    expect(method).toBe('POST')
    asked.push({ path: new URL(url).pathname, body: JSON.parse(body ?? '{}'), authorization: headers?.authorization })
    const isBatch = url.endsWith('/ingestion')
    const text = JSON.stringify(isBatch ? { successes: [], errors } : { id: 'x' })
    return { status: isBatch && status === 200 ? 207 : status, headers: {}, body: text }
  }
  const target = { publicKey: 'pk', secretKey: 'sk', baseUrl: 'https://langfuse.example/' }
  return { asked, sink: langfuseScores(target, http, () => 0) }
}

describe('scores in Langfuse', () => {
  it('arrive as a dataset run with a trace and scores for each case', async () => {
    const { asked, sink } = fakeLangfuse(200)
    await sink.publish(run, new AbortController().signal)
    const paths = asked.map(({ path }) => path)
    expect(paths.some((path) => path.includes('/datasets'))).toBe(true)
    const item = asked.find(({ path }) => path.includes('/dataset-items'))
    expect(item?.body).toMatchObject({ datasetName: 'set', id: 'set:a-1', expectedOutput: 'observe' })
    const link = asked.find(({ path }) => path.includes('/dataset-run-items'))
    const batch = asked.find(({ path }) => path.includes('/ingestion'))?.body.batch as {
      type: string
      body: Record<string, unknown>
    }[]
    expect(batch.find(({ type }) => type === 'score-create')?.body).toMatchObject({
      name: 'needless',
      value: 0,
      traceId: link?.body.traceId,
    })
    expect(asked.every(({ authorization }) => authorization === `Basic ${btoa('pk:sk')}`)).toBe(true)
  })
  it('say so when they are refused, and never say the key', async () => {
    const refused = fakeLangfuse(401).sink.publish(run, new AbortController().signal)
    await expect(refused).rejects.toThrow('Langfuse at langfuse.example answered 401 to datasets')
    const partly = fakeLangfuse(200, [{ id: 'x' }]).sink.publish(run, new AbortController().signal)
    await expect(partly).rejects.toThrow('did not take the scores of a-1')
  })
})
