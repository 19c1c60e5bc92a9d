import { z } from 'zod'
import { LIMITS } from './blocks.ts'
import type { Card } from './card.ts'

/** What a button carries: which question it answers, and what its reader saw. It permits nothing; everything is checked again. */
export const ButtonValue = z.strictObject({
  v: z.literal(1),
  approval: z.string().min(1).max(100),
  incident: z.string().min(1).max(100),
  decision: z.string().min(1).max(100),
  facts: z.string().min(1).max(200),
  plan: z.string().max(200).nullable(),
})
export type ButtonValue = z.infer<typeof ButtonValue>

export function buttonValue({
  approval,
  incidentId,
  decisionId,
}: Pick<Card, 'approval' | 'incidentId' | 'decisionId'>) {
  const { id, factsHash, planHash } = approval
  const value: ButtonValue = {
    ...{ v: 1, approval: id, incident: incidentId, decision: decisionId },
    ...{ facts: factsHash, plan: planHash },
  }
  return JSON.stringify(value)
}

/** Null for anything that is not exactly one of ours. */
export function readButtonValue(text: unknown): ButtonValue | null {
  if (typeof text !== 'string' || text.length > LIMITS.buttonValue) return null
  try {
    return ButtonValue.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
