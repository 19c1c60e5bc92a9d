import type { Recording } from './recording.ts'

/** Keeps what a model said about the same facts, so that it is not asked twice. */
export interface Memo {
  get(key: string): Promise<Recording | null>
  set(key: string, recording: Recording): Promise<void>
}

/** A memo of this process; the oldest is forgotten first. */
export function memoryMemo(capacity = 500): Memo {
  const kept = new Map<string, Recording>()
  return {
    get: async (key) => kept.get(key) ?? null,
    async set(key, recording) {
      kept.delete(key)
      kept.set(key, recording)
      if (kept.size > capacity) kept.delete(kept.keys().next().value as string)
    },
  }
}
