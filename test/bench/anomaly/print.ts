import type { Ablation } from './ablation.ts'
import type { Entity } from './data.ts'
import { macroMean, type Quality } from './detection.ts'
import { table } from './report.ts'
import type { NabQuality } from './series-task.ts'
import type { SklearnSpeed } from './sklearn.ts'
import type { Speed } from './speed.ts'
import type { WarningQuality } from './warning.ts'

export interface Measured {
  readonly entity: Entity
  readonly abstained: string | null
  readonly model: Quality | undefined
  readonly forest: Quality | undefined
}

export function printSets(measured: readonly Measured[]): void {
  const cells = (q: Quality | undefined) => [
    q?.ap,
    q?.vusPr,
    q?.bestF1,
    q?.alarms.precision,
    q?.alarms.recall,
    q?.alarms.eventRecall,
    q?.alarms.falseEpisodesPerDay,
  ]
  const rows: (string | number | undefined)[][] = []
  for (const set of new Set(measured.map((m) => m.entity.set))) {
    const members = measured.filter((m) => m.entity.set === set)
    for (const m of members) rows.push([`${set}/${m.entity.name}`, ...cells(m.model), m.forest?.ap, m.forest?.vusPr])
    const model = members.flatMap((m) => m.model ?? [])
    const forest = members.flatMap((m) => m.forest ?? [])
    if (model.length === 0) continue
    rows.push([`${set} mean`, ...cells(macroMean(model)), macroMean(forest).ap, macroMean(forest).vusPr])
    rows.push([`${set} mean, isolation-forest`, ...cells(macroMean(forest))])
  }
  const header = [
    'detection',
    'AP',
    'VUS-PR',
    'best F1',
    'precision',
    'recall',
    'events',
    'false/day',
    'if AP',
    'if VUS',
  ]
  if (rows.length > 0) console.log(`\n${table(header, rows)}`)
}

export function printNab(nab: NabQuality): void {
  const rows = nab.files.map((f) => [f.key, f.standard.toFixed(1), String(f.windows)])
  console.log(`\n${table(['NAB standard', 'score', 'windows'], rows)}`)
  console.log(`NAB standard ${nab.standard.toFixed(2)} at threshold ${nab.threshold.toFixed(6)} (${nab.how});`)
  console.log(`each file at the others' threshold: ${nab.leaveOneFileOut.toFixed(2)}`)
}

export function printWarnings(name: string, quality: Readonly<Record<string, WarningQuality>>): void {
  const rows = Object.entries(quality).map(([set, q]) => [
    set,
    q.how,
    q.baseRate.toFixed(4),
    q.ap,
    q.brier.toFixed(4),
    q.skill.toFixed(4),
    q.ece.toFixed(4),
  ])
  if (rows.length > 0) console.log(`\n${table([name, 'how', 'base rate', 'AP', 'Brier', 'skill', 'ECE'], rows)}`)
}

export function printAblation(ablation: Ablation): void {
  const sets = Object.keys(ablation.leaveOneEntityOut)
  const header = ['ablation', ...sets.flatMap((s) => [`${s} AP`, `${s} VUS-PR`])]
  const rows = Object.entries(ablation.variants).map(([name, bySet]) => [
    name,
    ...sets.flatMap((s) => [bySet[s]?.ap, bySet[s]?.vusPr]),
  ])
  const held = sets.flatMap((s) => [ablation.leaveOneEntityOut[s]?.ap, ablation.leaveOneEntityOut[s]?.vusPr])
  console.log(`\n${table(header, [...rows, ['chosen on the other entities', ...held]])}`)
}

export function printSpeed(speed: Speed & { sklearn: SklearnSpeed | { readonly absent: string } }): void {
  const whole = (v: number): string => v.toFixed(0)
  const stream = (name: string, s: typeof speed.best) => [
    name,
    whole(s.rowsPerSecond),
    whole(s.rowsPerCpuSecond),
    s.microsP50.toFixed(1),
    s.microsP99.toFixed(1),
    whole(s.trainMs),
    whole(s.stateKb),
  ]
  console.log(`\nspeed on ${speed.entity}, ${speed.metrics} metrics, one thread`)
  const forest = speed.isolationForest
  console.log(
    table(
      ['mode', 'rows/s', 'rows/cpu s', 'p50 us', 'p99 us', 'train ms', 'state kB'],
      [
        stream('best', speed.best),
        stream('fast', speed.fast),
        ['isolation-forest', whole(forest.rowsPerSecond), '-', '-', '-', whole(forest.trainMs), '-'],
      ],
    ),
  )
  const { sklearn } = speed
  console.log(
    'absent' in sklearn
      ? `scikit-learn not measured: ${sklearn.absent}`
      : `scikit-learn ${sklearn.version}: ${whole(sklearn.batchRowsPerSecond)} rows/s in batch, ${sklearn.singleRowMsP50.toFixed(2)} ms a single row`,
  )
  for (const s of speed.scopes)
    console.log(
      `${s.scopes} scopes of ${s.metrics} metrics: ${whole(s.megabytes)} MB, ${s.secondsPerRound.toFixed(2)} s a round, ` +
        `${(100 * s.coreShareAt30s).toFixed(1)} % of a core at one row per 30 s`,
    )
}
