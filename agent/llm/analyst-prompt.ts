import type { Facts } from '../domain/facts.ts'
import type { Snapshot } from '../domain/snapshot.ts'

/** A prompt that is ready to be sent. */
export interface RenderedPrompt {
  readonly system: string
  readonly user: string
  readonly estimatedTokens: number
  /** What was left out to stay within the cap, in words. */
  readonly cut: readonly string[]
}

/** Turns a snapshot into what a model reads. */
export interface AnalystPrompt {
  /** Identity of everything that is the same for all incidents. */
  readonly hash: string
  render(snapshot: Snapshot, facts: Facts): RenderedPrompt
}
