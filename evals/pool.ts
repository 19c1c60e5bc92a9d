/** Runs `work` on every item, at most so many at once, in order of start; stops taking items when aborted, and fails on the first error. */
export async function eachConcurrently<T>(
  items: Iterable<T>,
  concurrency: number,
  abort: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (;;) {
      if (abort.aborted) return
      const next = iterator.next()
      if (next.done) return
      await work(next.value)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker))
}
