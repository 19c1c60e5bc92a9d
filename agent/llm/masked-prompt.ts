import type { Facts } from '../domain/facts.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Mask } from '../lib/mask.ts'
import type { AnalystPrompt, RenderedPrompt } from './analyst-prompt.ts'

/**
 * Exactly what a model is sent about a snapshot. Secrets are masked before the text is shortened and quoted, since half of a secret is no
 * longer recognised, and once more in the result.
 */
export async function maskedPrompt(
  prompt: AnalystPrompt,
  mask: Mask,
  snapshot: Snapshot,
  facts: Facts,
): Promise<RenderedPrompt> {
  const masked = JSON.parse(await mask(JSON.stringify(snapshot))) as Snapshot
  const rendered = prompt.render(masked, facts)
  return { ...rendered, user: await mask(rendered.user) }
}
