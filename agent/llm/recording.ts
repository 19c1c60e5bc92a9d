import { z } from 'zod'
import { Instant } from '../domain/time.ts'

/** One call to a model: what was asked (by hash) and what came back, with secrets masked. */
export const RecordedCall = z.object({
  requestHash: z.string(),
  outcome: z.enum(['complete', 'truncated', 'refused', 'empty', 'reasoning_only']),
  text: z.string(),
  /** The model that really answered. */
  model: z.string(),
  requestId: z.string().nullable(),
  usage: z.object({
    inputTokens: z.number().int().min(0),
    outputTokens: z.number().int().min(0),
    cachedInputTokens: z.number().int().min(0),
  }),
  costUsd: z.number().min(0).nullable(),
  latencyMs: z.number().min(0),
})
export type RecordedCall = z.infer<typeof RecordedCall>

/** Everything that one assessment heard from a model: enough to form the same opinion again without it. */
export const Recording = z.object({
  format: z.literal('model-recording/v1'),
  /** Provider and model that were asked. */
  analyst: z.string().min(1),
  promptHash: z.string().min(1),
  snapshotHash: z.string().min(1),
  factsHash: z.string().min(1),
  at: Instant,
  /** The reply, and the repaired one where the first did not satisfy the schema. */
  calls: z.array(RecordedCall).min(1),
  /** What happened before: providers that failed, waits. */
  notes: z.array(z.string()),
})
export type Recording = z.infer<typeof Recording>

/** Where recordings are kept. */
export interface Recorder {
  keep(recording: Recording): Promise<void>
}

/** The file name of a recording in a folder of recordings. */
export function recordingName({
  analyst,
  promptHash,
  snapshotHash,
}: Pick<Recording, 'analyst' | 'promptHash' | 'snapshotHash'>): string {
  return `${analyst.replace(/[^\w.-]+/g, '-')}.${promptHash.slice(0, 12)}.${snapshotHash.slice(0, 16)}.json`
}
