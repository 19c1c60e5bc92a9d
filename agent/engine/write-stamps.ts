/** One numbered write whose fate is followed; `at` is monotonic time of the one who wrote it. */
export interface Stamp {
  readonly id: string
  readonly atMs: number
}

export interface StampLoss {
  readonly lostWrites: number
  readonly duplicatedWrites: number
  readonly dataLossSeconds: number
}

/**
 * What of the acknowledged stamps is gone, given how often each one is found now. The loss is the stretch from the last stamp that survived before the
 * first lost one to the last lost one: the longest time whose writes may be gone with them.
 */
export function measureLoss(acknowledged: readonly Stamp[], found: ReadonlyMap<string, number>): StampLoss {
  const stamps = [...acknowledged].sort((a, b) => a.atMs - b.atMs)
  const isLost = (stamp: Stamp) => (found.get(stamp.id) ?? 0) === 0
  const lost = stamps.filter(isLost)
  const duplicatedWrites = stamps.reduce((sum, { id }) => sum + Math.max(0, (found.get(id) ?? 0) - 1), 0)
  const [first, last] = [lost[0], lost.at(-1)]
  if (!first || !last) return { lostWrites: 0, duplicatedWrites, dataLossSeconds: 0 }
  const survivor = stamps.findLast((stamp) => stamp.atMs < first.atMs && !isLost(stamp))
  const fromMs = survivor?.atMs ?? first.atMs
  return { lostWrites: lost.length, duplicatedWrites, dataLossSeconds: (last.atMs - fromMs) / 1000 }
}
