import { asFault, type Fault } from '../lib/errors.ts'
import { isRefusedData } from './faults.ts'
import type { IngestRequest } from './ingest.ts'
import type { IngestResult } from './records.ts'

/** More than this in one transaction makes the others wait for longer than it saves. */
const ALERTS_PER_BATCH = 5000

interface Waiting {
  readonly request: IngestRequest
  readonly resolve: (result: IngestResult) => void
  readonly reject: (fault: Fault) => void
}

/**
 * Lets requests that arrive while a transaction is under way share the next one: under a storm the disk is waited for once per batch, and
 * each caller still hears about its own alerts only after they are durable.
 */
export function ingestBatcher(
  store: (requests: readonly IngestRequest[]) => Promise<IngestResult[]>,
): (request: IngestRequest) => Promise<IngestResult> {
  const queue: Waiting[] = []
  let isWorking = false

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const results = await store(batch.map(({ request }) => request))
      batch.forEach(({ resolve, reject }, place) => {
        const result = results[place]
        if (result) resolve(result)
        else reject(asFault(new Error('a batch answered for fewer requests than it was given')))
      })
    } catch (error) {
      // One request with data that the database refuses must not take its neighbours down.
      if (batch.length > 1 && isRefusedData(error)) for (const one of batch) await settle([one])
      else for (const { reject } of batch) reject(asFault(error))
    }
  }

  const work = async (): Promise<void> => {
    isWorking = true
    while (queue.length > 0) {
      let alerts = 0
      let size = 0
      for (const { request } of queue) {
        if (size > 0 && alerts + request.alerts.length > ALERTS_PER_BATCH) break
        alerts += request.alerts.length
        size += 1
      }
      await settle(queue.splice(0, size))
    }
    isWorking = false
  }

  return (request) =>
    new Promise((resolve, reject) => {
      queue.push({ request, resolve, reject })
      if (!isWorking) void work()
    })
}
