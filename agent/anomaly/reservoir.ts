/** Distance of the newest stretch of readings to the nearest of a uniform sample of older ones. */
export function reservoir(options: {
  readonly window: number
  readonly capacity: number
  readonly least: number
  readonly seed: number
}): (value: number) => number {
  const { window, capacity, least } = options
  // Twice the window, since a stretch is remembered only when it no longer overlaps the present one.
  const history = new Float64Array(2 * window)
  const kept = new Float64Array(capacity * window)
  const current = new Float64Array(window)
  let random = options.seed >>> 0
  let rows = 0
  let seen = 0
  let size = 0
  const nearest = (): number => {
    let best = Number.POSITIVE_INFINITY
    for (let k = 0; k < size; k++) {
      let s = 0
      const o = k * window
      for (let j = 0; j < window && s < best; j++) {
        const d = current[j]! - kept[o + j]!
        s += d * d
      }
      if (s < best) best = s
    }
    return Math.sqrt(best)
  }
  const remember = (): void => {
    seen++
    let slot = size
    if (size < capacity) size++
    else {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      slot = Math.floor((random / 4_294_967_296) * seen)
      if (slot >= capacity) return
    }
    for (let j = 0; j < window; j++) kept[slot * window + j] = history[(rows - 2 * window + j) % (2 * window)]!
  }
  return (value) => {
    history[rows % (2 * window)] = value
    rows++
    if (rows < window) return 0
    for (let j = 0; j < window; j++) current[j] = history[(rows - window + j) % (2 * window)]!
    const distance = seen >= least ? nearest() : 0
    if (rows >= 2 * window) remember()
    return distance
  }
}
