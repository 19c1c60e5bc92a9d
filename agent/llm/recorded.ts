import type { Calibration } from '../domain/calibration.ts'
import { snapshotHash } from '../domain/snapshot.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { Analyst } from './analyst.ts'
import { opinionFrom } from './opinion.ts'
import type { Recording } from './recording.ts'
import { judgeHash } from './verdict-reply.ts'

export interface RecordedOptions {
  readonly recordings: readonly Recording[]
  /** The prompt as it is now: what was recorded under another one is stale. */
  readonly prompt: { readonly hash: string }
  readonly calibrations: readonly Calibration[]
  /** Whose recordings count, such as `openai:gpt-6-sol`; everybody's when not given. */
  readonly analyst?: string
}

/** An analyst that repeats what models said before about the very same snapshot, without any network. */
export function recordedAnalyst({ recordings, prompt, calibrations, analyst }: RecordedOptions): Analyst {
  const promptHash = judgeHash(prompt)
  const bySnapshot = new Map<string, Recording[]>()
  for (const recording of recordings) {
    if (analyst !== undefined && recording.analyst !== analyst) continue
    bySnapshot.set(recording.snapshotHash, [...(bySnapshot.get(recording.snapshotHash) ?? []), recording])
  }
  return {
    id: 'recorded',
    async assess(snapshot, facts) {
      const hash = snapshotHash(snapshot)
      const known = bySnapshot.get(hash) ?? []
      const fresh = known.filter((recording) => recording.promptHash === promptHash)
      const latest = fresh.sort((a, b) => (a.at < b.at ? 1 : -1))[0]
      if (latest) return opinionFrom(latest, snapshot, facts, calibrations)
      const stale = known.map((recording) => `${recording.analyst} with prompt ${recording.promptHash.slice(0, 12)}`)
      const detail =
        stale.length > 0
          ? `the recording is stale: it was made of ${stale.join(', ')}, and the prompt is now ${promptHash.slice(0, 12)}`
          : `no model was recorded on snapshot ${hash.slice(0, 12)}`
      return missing(detail, promptHash)
    },
  }
}

function missing(detail: string, promptHash: string): Opinion {
  return {
    analyst: 'recorded',
    verdict: null,
    abstained: { reason: 'not_recorded', detail },
    calibratedConfidence: null,
    promptHash,
    notes: [],
    usage: null,
  }
}
