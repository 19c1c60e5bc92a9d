import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BadData, openFolder, readEntity, readNabSeries } from '../bench/anomaly/data.ts'
import {
  alarmQuality,
  averagePrecision,
  bestF1,
  probabilityQuality,
  segmentsOf,
  volumeUnderPrecisionRecall,
} from '../bench/anomaly/measures.ts'
import { nabStandard } from '../bench/anomaly/nab-score.ts'
import { table, toJson } from '../bench/anomaly/report.ts'

describe('measures', () => {
  it('average precision counts equal scores as one operating point', () => {
    expect(averagePrecision([1, 0, 1, 0], [4, 3, 2, 1])).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12)
    expect(averagePrecision([1, 0, 1, 0], [1, 1, 1, 1])).toBeCloseTo(0.5, 12)
    expect(averagePrecision([0, 0], [1, 2])).toBeNaN()
  })

  it('best F1 is the best over thresholds', () => {
    expect(bestF1([1, 0, 1, 0], [4, 3, 2, 1])).toBeCloseTo(0.8, 12)
  })

  it('VUS-PR is one for a perfect score without a buffer, and forgives a near miss with one', () => {
    const label = Uint8Array.from({ length: 1000 }, (_, i) => (i >= 500 && i < 540 ? 1 : 0))
    expect(volumeUnderPrecisionRecall(label, Float64Array.from(label), 0)).toBeCloseTo(1, 12)
    const early = Float64Array.from(label, (_, i) => (i >= 490 && i < 530 ? 1 : 0) + i * 1e-9)
    const strict = volumeUnderPrecisionRecall(label, early, 0)
    expect(volumeUnderPrecisionRecall(label, early, 40)).toBeGreaterThan(strict)
  })

  it('alarms are judged as they come: no credit for rows that were not raised', () => {
    const label = [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    const alarm = [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    const q = alarmQuality(label, alarm, 30)
    expect(q.precision).toBe(1 / 4)
    expect(q.recall).toBe(1 / 4)
    expect(q.eventRecall).toBe(1)
    expect(q.falseEpisodesPerDay).toBeCloseTo(2 / (8 / 24), 9)
    expect(segmentsOf(label)).toEqual([[4, 7]])
  })

  it('a constant probability has no skill, and the right one is calibrated', () => {
    const y = Uint8Array.from({ length: 1000 }, (_, i) => (i % 4 === 0 ? 1 : 0))
    const q = probabilityQuality(y, new Float64Array(1000).fill(0.25), 0.25)
    expect(q.skill).toBeCloseTo(0, 12)
    expect(q.ece).toBeCloseTo(0, 12)
    expect(probabilityQuality(y, Float64Array.from(y), 0.25)).toMatchObject({ brier: 0, skill: 1, ap: 1 })
  })
})

describe('NAB', () => {
  const windows = [[500, 599]] as const
  const at = (...rows: number[]): Float64Array =>
    Float64Array.from({ length: 1000 }, (_, i) => (rows.includes(i) ? 1 : 0))

  it('gives everything for the first row of a window, and nothing for silence', () => {
    expect(nabStandard([{ score: at(500), windows }], 0.5).standard).toBeCloseTo(100, 6)
    expect(nabStandard([{ score: at(), windows }], 0.5).standard).toBeCloseTo(0, 9)
  })

  it('gives less for later hits, and charges false alarms once they are far away', () => {
    const first = nabStandard([{ score: at(500), windows }], 0.5).standard
    const late = nabStandard([{ score: at(590), windows }], 0.5).standard
    // A row nine tenths into the window earns a quarter; missing it would have cost one.
    expect(late).toBeCloseTo(62.4, 1)
    expect(nabStandard([{ score: at(500, 990), windows }], 0.5).standard).toBeCloseTo(first - 5.5, 1)
  })

  it('does not count the probation, and finds the best threshold in hindsight', () => {
    expect(nabStandard([{ score: at(10, 500), windows }], 0.5).standard).toBeCloseTo(100, 6)
    const noisy = at(500).map((v, i) => v + (i === 900 ? 0.4 : 0))
    expect(nabStandard([{ score: noisy, windows }])).toEqual({ standard: expect.closeTo(100, 6), threshold: 1 })
  })
})

describe('a folder', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'anomaly-folder-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const entity = { set: 'own', name: 'a', path: 'mts/a', stepMinutes: 5, columns: 2, trainRows: 3, testRows: 2 }
  const put = (path: string, text: string): void => {
    mkdirSync(join(dir, path, '..'), { recursive: true })
    writeFileSync(join(dir, path), path.endsWith('.gz') ? gzipSync(text) : text)
  }
  const valid = (): void => {
    put(
      'meta.json',
      JSON.stringify({ entities: [entity], nab: [{ file: 'nab/x.csv.gz', key: 'x', windows: [[1, 1]] }] }),
    )
    put('mts/a.train.cols.csv.gz', 'm1,1,,3\nm2,4,NaN,6\n')
    put('mts/a.test.cols.csv.gz', 'm1,1,2\nm2,4,5\n')
    put('mts/a.label.csv.gz', 'label\n0\n1\n')
    put('nab/x.csv.gz', 'timestamp,value\r\n2020-01-01,1\r\n2020-01-02,2\r\n')
  }
  const read = (): unknown => {
    const folder = openFolder(dir)
    return [
      folder.meta.entities.map((e) => readEntity(folder, e)),
      folder.meta.nab.map((n) => readNabSeries(folder, n)),
    ]
  }

  it('is read, with holes as NaN and labels optional', () => {
    valid()
    const folder = openFolder(dir)
    const a = readEntity(folder, folder.meta.entities[0]!)
    expect(a.train.map((c) => [...c])).toEqual([
      [1, Number.NaN, 3],
      [4, Number.NaN, 6],
    ])
    expect([...(a.label ?? [])]).toEqual([0, 1])
    expect([...readNabSeries(folder, folder.meta.nab[0]!).values]).toEqual([1, 2])
    rmSync(join(dir, 'mts/a.label.csv.gz'))
    expect(readEntity(folder, folder.meta.entities[0]!).label).toBeUndefined()
  })

  it.each([
    ['meta.json', '{', /not JSON/],
    ['meta.json', '{}', /neither entities nor nab/],
    ['meta.json', JSON.stringify({ entities: [{ ...entity, path: '../../etc/passwd' }] }), /inside the folder/],
    ['meta.json', JSON.stringify({ entities: [{ ...entity, columns: 3 }] }), /2 lines, meta.json says 3 columns/],
    ['mts/a.test.cols.csv.gz', 'm1,1,2,3\nm2,4,5\n', /line 1 has 3 values, meta.json says 2 rows/],
    ['mts/a.test.cols.csv.gz', 'm1,1,2\nm2,4,x\n', /line 2 value 2: "x" is not a number/],
    ['mts/a.label.csv.gz', 'label\n0\n', /1 labels, meta.json says 2/],
    ['mts/a.label.csv.gz', 'label\n0\n2\n', /a label is 0 or 1/],
    ['nab/x.csv.gz', 'timestamp,value\n2020,abc\n', /"abc" is not a number/],
    ['nab/x.csv.gz', 'timestamp,value\n2020,1\n', /window \[1, 1\] lies outside x/],
  ])('with a bad %s is refused by name: %s', (path, text, message) => {
    valid()
    put(path, text)
    expect(read).toThrow(message)
    expect(read).toThrow(BadData)
  })

  it('that is missing or not zipped is refused', () => {
    expect(() => openFolder(join(dir, 'none'))).toThrow(/not a folder/)
    expect(read).toThrow(/meta.json is missing/)
    valid()
    writeFileSync(join(dir, 'mts/a.train.cols.csv.gz'), 'plain')
    expect(read).toThrow(/not gzip/)
  })
})

describe('the report', () => {
  it('aligns columns and writes numbers that JSON knows', () => {
    expect(
      table(
        ['x', 'AP'],
        [
          ['a', 0.5],
          ['longer', Number.NaN],
        ],
      ),
    ).toBe('x          AP\n------  -----\na       0.500\nlonger      -')
    expect(JSON.parse(toJson({ a: Number.NaN, b: 1 }))).toEqual({ a: null, b: 1 })
  })
})
