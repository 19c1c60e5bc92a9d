import type { Scene, SceneOptions } from './scene.ts'

/** One fault, and what has to hold after it. */
export interface Row {
  readonly name: string
  /** What is done to whom. */
  readonly about: string
  readonly scene?: SceneOptions
  /** Whether people may be asked to move something; where upstreams hang or lie, they may not. */
  readonly allowsQuestions: boolean
  /** Part of the short selection. */
  readonly isQuick?: boolean
  /** Does it; a sentence with what was measured, or an error when something that must happen did not. */
  readonly run: (scene: Scene, say: (text: string) => void) => Promise<string>
}

/** The longest that a dead agent's work may lie. */
export const TAKEN_OVER_WITHIN_S = 30

/** Seconds since a moment of the monotonic clock. */
export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000
}

/** Something that others wait at until it is opened. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function closedGate(): Gate {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Throws when a takeover took too long. */
export function inTime(seconds: number): string {
  if (seconds > TAKEN_OVER_WITHIN_S) throw new Error(`it was taken over after ${seconds.toFixed(1)} s only`)
  return `${seconds.toFixed(1)} s`
}
