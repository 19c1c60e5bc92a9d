import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import type { Stage } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('notify'),
  ...stageCommon,
  title: z.string().min(1).max(200),
  lines: z.array(z.string().min(1).max(500)).max(20).default([]),
  /** Wakes somebody up; without it people are only told. */
  page: z.boolean().default(false),
})
export type Options = z.infer<typeof Options>

/** Tells people through the configured channels; delivery goes on by itself, and never holds up the run. */
export function notify({ title, lines, page }: Options): Stage {
  return {
    name: 'notify',
    fencing: 'no-effect',
    describe: () => `${page ? 'page' : 'tell'} people: "${title}"`,
    apply: async (ctx) => {
      await ctx.tell({ title, lines, isPage: page })
      await ctx.remember('told', true)
    },
    verify: async (ctx) =>
      ctx.recall('told', z.literal(true))
        ? { outcome: 'done', detail: 'in the outbox' }
        : { outcome: 'not_done', detail: 'not told yet', isFinal: true },
    rollback: 'nothing_to_undo',
  }
}
