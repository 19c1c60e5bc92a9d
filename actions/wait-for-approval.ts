import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import type { Stage } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('wait-for-approval'),
  ...stageCommon,
  question: z.string().min(1).max(500),
  /** Who may answer; the service's approvers without it. Whoever asked for the run may not. */
  approvers: z.array(z.string().min(1)).min(1).optional(),
})
export type Options = z.infer<typeof Options>

/** Pauses the run until a person says that it may go on. Silence means no: the stage fails when its time is over. */
export function waitForApproval({ question, approvers, timeoutSeconds }: Options): Stage {
  return {
    name: 'wait-for-approval',
    fencing: 'no-effect',
    describe: () =>
      `ask ${approvers?.join(' or ') ?? 'an approver of the service'}: "${question}"; no answer within ${timeoutSeconds} s means no`,
    apply: async () => {},
    verify: async (ctx) => {
      const approved = ctx.recall('approved', z.string())
      if (approved === undefined) return { outcome: 'not_done', detail: 'nobody has answered', isFinal: true }
      return { outcome: 'done', detail: `approved by ${approved}` }
    },
    rollback: 'nothing_to_undo',
    waitsForPerson: { question, approvers: approvers ?? null },
  }
}
