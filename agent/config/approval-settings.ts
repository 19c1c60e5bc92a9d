import { z } from 'zod'
import { Options as Slack } from '../approval/slack.ts'

const Escalation = z.strictObject({
  /** From the question; an answer until then means that nobody else is asked. */
  afterMinutes: z.number().positive().max(120),
  approvers: z.array(z.string().min(1)).min(1),
  /** Which services; all of them when absent. */
  services: z.array(z.string().min(1)).optional(),
})

/** How people are asked, and how long. */
export const ApprovalSettings = z
  .strictObject({
    /** Who else is asked when nobody answers, in this order. */
    escalation: z.array(Escalation).default([]),
    /** What "Need more time" adds. */
    moreTimeMinutes: z.number().positive().max(60).default(5),
    /** No question stands longer than this, however often somebody needs more time: what was found gets old. */
    longestMinutes: z.number().positive().max(240).default(30),
  })
  .prefault({})
export type ApprovalSettings = z.infer<typeof ApprovalSettings>

export const SlackSettings = Slack.optional()
export type SlackSettings = z.infer<typeof SlackSettings>
