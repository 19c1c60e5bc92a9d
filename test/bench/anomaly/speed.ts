import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { trainIsolationForest } from '../../../agent/anomaly/isolation-forest.ts'
import type { AnomalyModel } from '../../../agent/anomaly/model.ts'
import { restoreModel, serialiseModel } from '../../../agent/anomaly/model-file.ts'
import type { DetectorMode } from '../../../agent/anomaly/parameters.ts'
import { quantileOfSorted } from '../../../agent/anomaly/quantile.ts'
import { type AnomalyScorer, createScorer } from '../../../agent/anomaly/scorer.ts'
import { trainModel } from '../../../agent/anomaly/train.ts'
import type { Entity } from './data.ts'

export interface StreamSpeed {
  readonly rowsPerSecond: number
  /** The same by processor time, which other programs on the machine hardly change. */
  readonly rowsPerCpuSecond: number
  readonly microsP50: number
  readonly microsP99: number
  readonly trainMs: number
  readonly stateKb: number
}

export interface ScopesCost {
  readonly scopes: number
  readonly metrics: number
  readonly megabytes: number
  readonly secondsPerRound: number
  /** Share of one core at one row per scope every 30 seconds. */
  readonly coreShareAt30s: number
}

export interface Speed {
  readonly entity: string
  readonly metrics: number
  readonly rows: number
  readonly best: StreamSpeed
  readonly fast: StreamSpeed
  readonly isolationForest: { readonly rowsPerSecond: number; readonly trainMs: number }
  readonly scopes: readonly ScopesCost[]
}

function rowsOf(columns: readonly Float64Array[]): Float64Array[] {
  return Array.from({ length: columns[0]!.length }, (_, i) => Float64Array.from(columns, (c) => c[i]!))
}

function train(entity: Entity, mode: DetectorMode, metrics = entity.train.length): AnomalyModel {
  const stepSeconds = entity.stepMinutes * 60
  const columns = entity.train.slice(0, metrics)
  const training = trainModel(
    {
      metrics: columns.map((_, j) => `m${j + 1}`),
      columns,
      atSeconds: Float64Array.from({ length: columns[0]!.length }, (_, i) => i * stepSeconds),
      stepSeconds,
    },
    { mode },
  )
  if (training.status === 'abstained') throw new Error(training.reason)
  return training.model
}

/** One thread, one row at a time; the median of several whole passes, since the machine is shared. */
function streamSpeed(entity: Entity, mode: DetectorMode): StreamSpeed {
  const started = performance.now()
  const model = train(entity, mode)
  const trainMs = performance.now() - started
  const bytes = serialiseModel(model)
  const rows = rowsOf(entity.test)
  const offset = entity.train[0]!.length
  const stepSeconds = entity.stepMinutes * 60
  const pass = (scorer: AnomalyScorer): { wall: number; cpu: number } => {
    const from = performance.now()
    const cpu = process.cpuUsage()
    for (let i = 0; i < rows.length; i++) scorer.score((offset + i) * stepSeconds, rows[i]!)
    const wall = rows.length / ((performance.now() - from) / 1000)
    return { wall, cpu: rows.length / (process.cpuUsage(cpu).user / 1e6) }
  }
  const passes = Array.from({ length: 5 }, () => pass(createScorer(restoreModel(bytes))))
  const median = (pick: (p: { wall: number; cpu: number }) => number): number =>
    quantileOfSorted(Float64Array.from(passes, pick).sort(), 0.5)
  const scorer = createScorer(restoreModel(bytes))
  const micros = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const from = performance.now()
    scorer.score((offset + i) * stepSeconds, rows[i]!)
    micros[i] = (performance.now() - from) * 1000
  }
  micros.sort()
  return {
    rowsPerSecond: median((p) => p.wall),
    rowsPerCpuSecond: median((p) => p.cpu),
    microsP50: quantileOfSorted(micros, 0.5),
    microsP99: quantileOfSorted(micros, 0.99),
    trainMs,
    stateKb: bytes.length / 1024,
  }
}

setFlagsFromString('--expose-gc')
const collectOnce: () => void = runInNewContext('gc')

/** Buffers are given back by the collection after the one that finds them unused. */
function collect(): void {
  for (let k = 0; k < 4; k++) collectOnce()
}

/** Holds that many live scorers at once, and reads one row with each. */
function scopesCost(entity: Entity, scopes: number, metrics: number): ScopesCost {
  const bytes = serialiseModel(train(entity, 'best', metrics))
  collect()
  const before = process.memoryUsage()
  const scorers = Array.from({ length: scopes }, () => createScorer(restoreModel(bytes)))
  collect()
  const after = process.memoryUsage()
  const row = Float64Array.from(entity.test.slice(0, metrics), (c) => c[0]!)
  const at = entity.train[0]!.length * entity.stepMinutes * 60
  const from = performance.now()
  for (const scorer of scorers) scorer.score(at, row)
  const secondsPerRound = (performance.now() - from) / 1000
  const used = (m: NodeJS.MemoryUsage): number => m.heapUsed + m.arrayBuffers
  return {
    scopes,
    metrics,
    megabytes: (used(after) - used(before)) / 2 ** 20,
    secondsPerRound,
    coreShareAt30s: secondsPerRound / 30,
  }
}

export function measureSpeed(entity: Entity): Speed {
  const rows = rowsOf(entity.test)
  const started = performance.now()
  const forest = trainIsolationForest(entity.train)
  const trainMs = performance.now() - started
  const from = performance.now()
  for (const row of rows) forest.score(row)
  const rowsPerSecond = rows.length / ((performance.now() - from) / 1000)
  const metrics = entity.train.length
  return {
    entity: `${entity.set}/${entity.name}`,
    metrics,
    rows: rows.length,
    best: streamSpeed(entity, 'best'),
    fast: streamSpeed(entity, 'fast'),
    isolationForest: { rowsPerSecond, trainMs },
    scopes: [scopesCost(entity, 10_000, Math.min(12, metrics)), scopesCost(entity, 2_000, metrics)],
  }
}
