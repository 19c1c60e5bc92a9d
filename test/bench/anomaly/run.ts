// The anomaly benchmark: `npm run bench:anomaly -- --data DIR`. Test labels are only ever read to measure.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { curveProbability, FROZEN } from '../../../agent/anomaly/risk.ts'
import { ablate } from './ablation.ts'
import { BadData, openFolder, readEntity, readNabSeries } from './data.ts'
import { macroMean, type Quality, qualityOf, runIsolationForest, runModel } from './detection.ts'
import { type Measured, printAblation, printNab, printSets, printSpeed, printWarnings } from './print.ts'
import { toJson } from './report.ts'
import { nabQuality, noveltyScores } from './series-task.ts'
import { measureSklearn } from './sklearn.ts'
import { measureSpeed } from './speed.ts'
import { freezeCurves, onsetInputsAt, onsetRows, riskRows, type WarningRows, warningQuality } from './warning.ts'

const HELP = `Usage: npm run bench:anomaly -- --data DIR [options]

Measures the anomaly model on a folder of labelled telemetry (meta.json, mts/, nab/; see docs/anomaly.md).
Only the unlabelled train parts of the entities are learned from; labels are read to measure.

  --data DIR          the folder
  --json FILE         write everything as JSON
  --scores DIR        write per-row scores as CSV, for other scorers
  --nab-threshold X   score the single series at this threshold; without it NAB's rule (the threshold that is best in
                      hindsight) on the folder of the frozen parameters, and the frozen threshold on any other
  --ablation          also measure variants of the detector, and leave-one-entity-out choice among them (minutes)
  --no-speed          leave the speed measurement out
  --freeze            print the frozen.json that this labelled folder would give, and stop
  --help              this text

Exit codes: 0 measured, 2 wrong use or a malformed folder.
`

interface Options {
  readonly data: string
  readonly json: string | undefined
  readonly scores: string | undefined
  readonly nabThreshold: number | undefined
  readonly ablation: boolean
  readonly speed: boolean
  readonly freeze: boolean
}

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      data: { type: 'string' },
      json: { type: 'string' },
      scores: { type: 'string' },
      'nab-threshold': { type: 'string' },
      ablation: { type: 'boolean', default: false },
      speed: { type: 'boolean', default: true },
      freeze: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  })
  if (values.help) return 'help'
  if (!values.data) throw new BadData('--data DIR is needed (see --help)')
  const given = values['nab-threshold']
  const nabThreshold = given === undefined ? undefined : Number(given)
  if (nabThreshold !== undefined && !Number.isFinite(nabThreshold))
    throw new BadData('--nab-threshold must be a number')
  return {
    data: resolve(values.data),
    json: values.json,
    scores: values.scores,
    nabThreshold,
    ablation: values.ablation,
    speed: values.speed,
    freeze: values.freeze,
  }
}

const note = (line: string): void => console.error(line)

function writeCsv(path: string, header: string, rows: number, line: (row: number) => string): void {
  mkdirSync(dirname(path), { recursive: true })
  const lines = [header]
  for (let i = 0; i < rows; i++) lines.push(line(i))
  writeFileSync(path, `${lines.join('\n')}\n`)
}

const jsonOf = (q: Quality | undefined) => q ?? { ap: null, vusPr: null, bestF1: null, alarms: null }

function setsOf(measured: readonly Measured[]) {
  const sets: Record<string, unknown> = {}
  for (const set of new Set(measured.map((m) => m.entity.set))) {
    const members = measured.filter((m) => m.entity.set === set)
    const mean = (pick: (m: Measured) => Quality | undefined): Quality | undefined => {
      const qualities = members.map(pick).filter((q): q is Quality => q !== undefined)
      return qualities.length > 0 ? macroMean(qualities) : undefined
    }
    sets[set] = {
      ...jsonOf(mean((m) => m.model)),
      isolationForest: jsonOf(mean((m) => m.forest)),
      entities: members.map((m) => ({
        name: m.entity.name,
        abstained: m.abstained,
        ...jsonOf(m.model),
        isolationForest: jsonOf(m.forest),
      })),
    }
  }
  return sets
}

function main(argv: readonly string[]): void {
  const options = readOptions(argv)
  if (options === 'help') {
    console.log(HELP)
    return
  }
  const folder = openFolder(options.data)
  const fittedHere = folder.metaSha256 === FROZEN.fittedOn.metaSha256 || options.freeze
  const measured: Measured[] = []
  const risk: WarningRows[] = []
  const onset: WarningRows[] = []
  for (const entry of folder.meta.entities) {
    const entity = readEntity(folder, entry)
    note(`${entity.set}/${entity.name}`)
    const stream = runModel(entity)
    if (stream.status === 'abstained') note(`  abstains: ${stream.reason}`)
    else if (entity.label?.includes(1)) {
      risk.push(riskRows(entity, stream, entity.label))
      onset.push(onsetRows(entity, stream, entity.label))
    }
    if (options.freeze) continue
    const forest = runIsolationForest(entity)
    const abstained = stream.status === 'abstained' ? stream.reason : null
    measured.push({ entity, abstained, model: qualityOf(entity, stream), forest: qualityOf(entity, forest) })
    if (options.scores)
      writeCsv(
        join(options.scores, entity.set, `${entity.name}.csv`),
        'row,score,alarm,risk30,onset30,isolation_forest',
        forest.score.length,
        (i) => {
          if (stream.status === 'abstained')
            return `${i},0,0,${FROZEN.risk30.baseRate},${FROZEN.onset30.baseRate},${forest.score[i]}`
          const risk = curveProbability(FROZEN.risk30.weights, stream.risk.subarray(3 * i, 3 * i + 3))
          const onset = curveProbability(FROZEN.onset30.weights, onsetInputsAt(entity, stream, i))
          return `${i},${stream.score[i]},${stream.alarm[i]},${risk},${onset},${forest.score[i]}`
        },
      )
  }
  const series = folder.meta.nab.map((entry) => readNabSeries(folder, entry))
  const scores = series.map(noveltyScores)
  const nab = nabQuality(series, scores, { given: options.nabThreshold, fittedHere })
  if (options.freeze) {
    const entities = risk.length
    const rows = risk.reduce((n, r) => n + r.rows.length, 0)
    const frozen = {
      format: FROZEN.format,
      version: FROZEN.version,
      fittedOn: { entities, rows, metaSha256: folder.metaSha256 },
      ...freezeCurves(risk, onset),
      noveltyThreshold: nab?.hindsight.threshold ?? FROZEN.noveltyThreshold,
    }
    console.log(toJson(frozen))
    return
  }
  if (options.scores)
    series.forEach((s, i) => {
      const name = s.key.replaceAll(/[^\w.-]+/g, '__')
      writeCsv(join(options.scores!, 'nab', name), 'row,score', s.values.length, (row) => `${row},${scores[i]![row]}`)
    })
  printSets(measured)
  if (nab) printNab(nab)
  const risk30 = warningQuality('risk30', risk, fittedHere)
  const onset30 = warningQuality('onset30', onset, fittedHere)
  printWarnings('risk30', risk30)
  printWarnings('onset30 with known incidents', onset30)
  const ablation =
    options.ablation && measured.length > 0
      ? ablate(
          measured.map((m) => m.entity),
          note,
        )
      : undefined
  if (ablation) printAblation(ablation)
  const widest = measured.map((m) => m.entity).sort((a, b) => b.train.length - a.train.length)[0]
  const speed = options.speed && widest ? { ...measureSpeed(widest), sklearn: measureSklearn(widest) } : undefined
  if (speed) printSpeed(speed)
  if (options.json)
    writeFileSync(
      options.json,
      toJson({
        sets: setsOf(measured),
        nab: nab ?? { standard: null, threshold: options.nabThreshold ?? FROZEN.noveltyThreshold },
        risk30,
        onset30,
        speed: speed ?? {},
        ...(ablation ? { ablation } : {}),
        frozen: { version: FROZEN.version, fittedOn: FROZEN.fittedOn, fittedHere },
      }),
    )
}

try {
  main(process.argv.slice(2))
} catch (error) {
  const wrongUse = error instanceof BadData || (error instanceof TypeError && 'code' in error)
  if (!wrongUse) throw error
  console.error(`bench:anomaly: ${error.message}`)
  process.exitCode = 2
}
