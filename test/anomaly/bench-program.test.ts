import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_ROWS, edit, serviceHistory } from './synthetic.ts'

const NODE = join(import.meta.dirname, '../../node_modules/.bin/node')
const PROGRAM = join(import.meta.dirname, '../bench/anomaly/run.ts')

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'anomaly-program-'))
  mkdirSync(join(dir, 'mts'), { recursive: true })
  const train = 4 * DAY_ROWS
  const whole = serviceHistory({ days: 6 })
  const broken = (i: number): boolean => i >= train + 300 && i < train + 330
  const history = edit(whole, (v, i, j) => (broken(i) && j < 2 ? v + 8 : v))
  const lines = (from: number, to: number): Buffer =>
    gzipSync(history.columns.map((c, j) => [`m${j}`, ...c.slice(from, to)].join(',')).join('\n'))
  const rows = history.atSeconds.length
  writeFileSync(join(dir, 'mts/one.train.cols.csv.gz'), lines(0, train))
  writeFileSync(join(dir, 'mts/one.test.cols.csv.gz'), lines(train, rows))
  const label = Array.from({ length: rows - train }, (_, i) => (broken(train + i) ? 1 : 0))
  writeFileSync(join(dir, 'mts/one.label.csv.gz'), gzipSync(`label\n${label.join('\n')}\n`))
  const entity = { set: 'other', name: 'one', path: 'mts/one', stepMinutes: 5, columns: 4, trainRows: train }
  writeFileSync(join(dir, 'meta.json'), JSON.stringify({ entities: [{ ...entity, testRows: rows - train }] }))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const run = (...args: string[]) => spawnSync(NODE, [PROGRAM, ...args], { encoding: 'utf8' })

describe('the benchmark program', () => {
  it('measures a folder of any other source, without single series, with frozen parameters', () => {
    const json = join(dir, 'out.json')
    const result = run('--data', dir, '--no-speed', '--json', json, '--scores', join(dir, 'scores'))
    expect(result.stderr).toBe('other/one\n')
    expect(result.status).toBe(0)
    expect(result.stdout).toMatch(/other mean/)
    const out = JSON.parse(readFileSync(json, 'utf8'))
    expect(out.sets.other.ap).toBeGreaterThan(0.5)
    expect(out.sets.other.alarms.eventRecall).toBe(1)
    expect(out.sets.other.entities).toHaveLength(1)
    expect(out.nab.standard).toBeNull()
    expect(out.risk30.other.how).toBe('frozen')
    expect(out.risk30.other.skill).toBeGreaterThan(0)
    expect(Object.keys(out)).toEqual(expect.arrayContaining(['sets', 'nab', 'risk30', 'onset30', 'speed']))
    const csv = readFileSync(join(dir, 'scores/other/one.csv'), 'utf8').trimEnd().split('\n')
    expect(csv).toHaveLength(1 + 2 * DAY_ROWS)
  })

  it('explains itself, and refuses wrong use with one line', () => {
    expect(run('--help').stdout).toMatch(/Usage: npm run bench:anomaly/)
    for (const args of [[], ['--data', join(dir, 'none')], ['--data', dir, '--nab-threshold', 'x'], ['--wrong']]) {
      const result = run(...args)
      expect(result.status).toBe(2)
      expect(result.stderr.trim().split('\n')).toHaveLength(1)
    }
    expect(existsSync(join(dir, 'none'))).toBe(false)
  })
})
