import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { deriveFacts } from '../domain/facts.ts'
import { snapshotHash } from '../domain/snapshot.ts'
import type { Mask } from '../lib/mask.ts'
import type { AnalystPrompt } from '../llm/analyst-prompt.ts'
import { maskedPrompt } from '../llm/masked-prompt.ts'
import { Recording, recordingName } from '../llm/recording.ts'
import { judgeHash } from '../llm/verdict-reply.ts'
import type { Store } from '../store/store.ts'

/** What a model was asked about one decision, and what it answered. */
export const Exchange = z.object({
  /** Null where it cannot be formed again; `note` says why. */
  prompt: z.object({ system: z.string(), user: z.string(), cut: z.array(z.string()) }).nullable(),
  /** Null where no reply was kept. */
  replies: z.array(Recording.shape.calls.element).nullable(),
  note: z.string(),
})
export type Exchange = z.infer<typeof Exchange>

export interface ExchangeParts {
  readonly store: Pick<Store, 'decisions'>
  readonly prompt: AnalystPrompt | null
  readonly mask: Mask
  readonly recordingsFolder: string
}

/** Forms the prompt of a decision again from its snapshot, and reads the reply that was kept; null when there is no such decision. */
export async function exchangeOfDecision(id: string, parts: ExchangeParts): Promise<Exchange | null> {
  const record = await parts.store.decisions.get(id)
  if (!record) return null
  const { opinion, snapshot } = record
  if (!opinion?.promptHash)
    return {
      prompt: null,
      replies: null,
      note: 'No model was asked: the opinion comes from rules, which have no prompt.',
    }
  const isSamePrompt = parts.prompt !== null && judgeHash(parts.prompt) === opinion.promptHash
  const rendered =
    parts.prompt && isSamePrompt ? await maskedPrompt(parts.prompt, parts.mask, snapshot, deriveFacts(snapshot)) : null
  const replies = await keptReplies(parts.recordingsFolder, {
    analyst: opinion.analyst,
    promptHash: opinion.promptHash,
    snapshotHash: snapshotHash(snapshot),
  })
  return {
    prompt: rendered && { system: rendered.system, user: rendered.user, cut: [...rendered.cut] },
    replies,
    note: [
      rendered
        ? 'The prompt is formed again from the recorded snapshot; its text has the hash that stands on the record.'
        : `The text of prompt ${opinion.promptHash.slice(0, 16)} is not the one that this agent has now, so it cannot be shown.`,
      replies
        ? ''
        : 'No reply was kept on this machine for this snapshot: another agent asked, or the opinion was kept from an earlier look at the same facts.',
    ]
      .filter(Boolean)
      .join(' '),
  }
}

async function keptReplies(
  folder: string,
  of: Pick<Recording, 'analyst' | 'promptHash' | 'snapshotHash'>,
): Promise<Recording['calls'] | null> {
  const text = await readFile(join(folder, recordingName(of)), 'utf8').catch(() => null)
  if (text === null) return null
  const recording = Recording.safeParse(JSON.parse(text))
  return recording.success ? recording.data.calls : null
}
