/** Logarithmic bins one percent wide, from 1e-18 to about 1e18; smaller values share the lowest. */
const BINS = 8192
const BIN_WIDTH = Math.log(1.0102)
const LOWEST = -41.4
const LEAST_PAST = 50

/**
 * -log10 of the share of earlier values that were at least as large, in a fixed 32 kB whatever the length of the stream.
 * Values within one percent of each other count as equal.
 */
export function rankStream(): (value: number) => number {
  // A Fenwick tree over the bins, counted from the largest value down.
  const tree = new Int32Array(BINS + 1)
  let past = 0
  return (value) => {
    const bin = value > 0 ? Math.min(BINS - 1, Math.max(0, Math.floor((Math.log(value) - LOWEST) / BIN_WIDTH))) : 0
    const at = BINS - bin
    let atLeast = 0
    for (let i = at; i > 0; i -= i & -i) atLeast += tree[i]!
    const surprise = past < LEAST_PAST ? 0 : -Math.log10((atLeast + 1) / (past + 1))
    for (let i = at; i <= BINS; i += i & -i) tree[i] = tree[i]! + 1
    past++
    return surprise
  }
}
