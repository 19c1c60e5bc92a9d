import type { StageContext } from '../stage.ts'

/** Asks until there is an answer, with a checkpoint before each wait; ends with the stage's own time. */
export async function pollUntil<T>(
  ctx: Pick<StageContext, 'clock' | 'abort' | 'checkpoint'>,
  everyMs: number,
  ask: () => Promise<T | null>,
  watch?: () => Promise<void>,
): Promise<T> {
  for (;;) {
    ctx.abort.throwIfAborted()
    const answer = await ask()
    if (answer !== null) return answer
    await ctx.checkpoint(watch)
    await ctx.clock.sleep(everyMs, ctx.abort)
  }
}

/** As `pollUntil`, but gives up after a time and returns null. */
export async function pollWithin<T>(
  ctx: Pick<StageContext, 'clock' | 'abort' | 'checkpoint'>,
  limits: { readonly everyMs: number; readonly withinMs: number },
  ask: () => Promise<T | null>,
): Promise<T | null> {
  const end = ctx.clock.elapsed() + limits.withinMs
  const found = await pollUntil(ctx, limits.everyMs, async () => {
    const answer = await ask()
    if (answer !== null) return { answer }
    return ctx.clock.elapsed() >= end ? { answer: null } : null
  })
  return found.answer
}
