import { type Detector, openDetector } from '../anomaly/detector.ts'
import type { Store } from '../store/store.ts'

/** A service's detector, opened where its stored stream was left. */
export interface OpenedDetector {
  readonly detector: Detector
  readonly modelId: string
}

/**
 * Opens detectors from the store. What moves is read each time, so that every agent goes on from the same place; models never change, and the ones used
 * last stay in memory up to a number of bytes.
 */
export function anomalyShelf(store: Pick<Store, 'anomalyModels'>, maximumBytes: number) {
  const shelf = new Map<string, Uint8Array>()
  let held = 0

  const bytesOf = async (modelId: string): Promise<Uint8Array | null> => {
    const known = shelf.get(modelId)
    const bytes = known ?? (await store.anomalyModels.get(modelId))?.bytes
    if (!bytes) return null
    if (shelf.delete(modelId)) held -= bytes.length
    shelf.set(modelId, bytes)
    held += bytes.length
    for (const [oldest, old] of shelf) {
      if (held <= maximumBytes) break
      shelf.delete(oldest)
      held -= old.length
    }
    return bytes
  }

  return {
    /** Null while there is no model. */
    open: async (service: string): Promise<OpenedDetector | null> => {
      const stream = await store.anomalyModels.stream(service)
      const bytes = stream && (await bytesOf(stream.modelId))
      return stream && bytes ? { detector: openDetector(bytes, stream.bytes), modelId: stream.modelId } : null
    },
    heldBytes: () => held,
  }
}
