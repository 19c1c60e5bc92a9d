import { describe, expect, it } from 'vitest'
import { backtest } from '../../agent/anomaly/backtest.ts'
import { DETECTOR_NAMES, type Detector, openDetector, trainDetector } from '../../agent/anomaly/detector.ts'
import { restoreForest } from '../../agent/anomaly/forest-file.ts'
import { trainInThread } from '../../agent/anomaly/training-thread.ts'
import { DAY_ROWS, edit, rowAt, serviceHistory, slice } from './synthetic.ts'

const split = 4 * DAY_ROWS
const history = edit(serviceHistory({ days: 6 }), (v, i, j) =>
  i >= split + 100 && i < split + 124 && j === 2 ? v + 9 : v,
)
const past = slice(history, 0, split)
const never = new AbortController().signal

function trained(name: (typeof DETECTOR_NAMES)[number]) {
  const training = trainDetector(past, name)
  if (training.status === 'abstained') expect.fail(training.reason)
  return training
}

function readRows(detector: Detector, from: number, to: number): number[] {
  const rows = Array.from({ length: to - from }, (_, k) => from + k)
  return rows.map((i) => detector.read(history.atSeconds[i]!, rowAt(history, i)))
}

function withoutFunctions({ contributions, ...rest }: ReturnType<Detector['reading']>) {
  return { ...rest, contributions: contributions() }
}

describe.each(DETECTOR_NAMES)('the stored detector %s', (name) => {
  it('goes on from its stream to identical scores', () => {
    const { bytes } = trained(name)
    const straight = openDetector(bytes, null)
    readRows(straight, split, split + 90)
    const restored = openDetector(Uint8Array.from(bytes), straight.stream())
    expect(readRows(restored, split + 90, split + 130)).toEqual(readRows(straight, split + 90, split + 130))
    expect(withoutFunctions(restored.reading())).toEqual(withoutFunctions(straight.reading()))
    expect(restored.stream()).toEqual(straight.stream())
  })

  it('is the same from the same history', () => {
    expect(trained(name).bytes).toEqual(trained(name).bytes)
  })

  it('takes no row twice', () => {
    const detector = openDetector(trained(name).bytes, null)
    const [first] = readRows(detector, split, split + 1)
    const before = detector.stream()
    expect(detector.read(history.atSeconds[split]!, rowAt(history, split + 110))).toBe(first)
    expect(detector.stream()).toEqual(before)
  })

  it('refuses a stream of another model, and bytes that are none', () => {
    const { bytes } = trained(name)
    expect(() => openDetector(bytes, new Uint8Array(16))).toThrow(/does not belong/)
    expect(() => openDetector(bytes.slice(0, -1), null)).toThrow(/length/)
    expect(() => openDetector(new Uint8Array(3), null)).toThrow(/too short/)
  })

  it('finds the broken stretch in a backtest', () => {
    const result = backtest(history, history.atSeconds[split]!, { detector: name })
    const [from, to] = [history.atSeconds[split + 100]!, history.atSeconds[split + 124]!]
    const hit = result.episodes.find(
      ({ sinceSeconds, untilSeconds }) => sinceSeconds < to && (untilSeconds ?? to) > from,
    )
    expect(hit).toBeDefined()
    // The baseline is alarmed, but what it isolates a row by need not be what is unusual about it.
    if (name !== 'isolation-forest') expect(hit?.contributions[0]?.metric).toBe('m2')
    expect(hit?.peakRisk === null).toBe(name === 'isolation-forest')
  })
})

describe('a stored forest', () => {
  it('whose trees go in circles is refused', () => {
    const { bytes } = trained('isolation-forest')
    const forest = restoreForest(bytes)
    const { nodes, lefts } = { nodes: forest.trees.value.length, lefts: 4 * forest.trees.left.length }
    const tail = lefts + 4 * forest.trees.roots.length + 2 * nodes
    const forged = Uint8Array.from(bytes)
    // The first child of the second node is made the first node's child again.
    new DataView(forged.buffer).setUint32(forged.length - tail + 4, 1, true)
    expect(() => openDetector(forged, null)).toThrow(/hang together/)
  })
})

describe('training in a thread', () => {
  it('gives what training here gives', async () => {
    const training = await trainInThread(past, 'fast', never)
    expect(training).toEqual(trained('fast'))
    const short = await trainInThread(slice(history, 0, 20), 'best', never)
    expect(short).toMatchObject({ status: 'abstained', reason: expect.stringMatching(/at least 24/) })
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const training = trainInThread(past, 'best', stop.signal)
    stop.abort(new Error('the agent stops'))
    await expect(training).rejects.toThrow('the agent stops')
  })
})
