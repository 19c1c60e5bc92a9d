import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hashOf } from '../agent/domain/canonical.ts'
import { instantOf } from '../agent/domain/time.ts'
import { asFault, Fault } from '../agent/lib/errors.ts'
import { updateArtifacts } from './artifacts.ts'
import { baselineStudy } from './baseline-study.ts'
import { codeFingerprint } from './code-fingerprint.ts'
import { compare, comparisonText, type Side, sideFromReport } from './compare.ts'
import { type Decided, decideCases } from './decide-cases.ts'
import { type DeciderSpec, deciderFrom, HEALTH_SCORE } from './deciders.ts'
import { checkWithout } from './evidence-subset.ts'
import { gateStudy } from './gate-study.ts'
import { writeHtml } from './html/write-html.ts'
import { junitXml } from './junit.ts'
import { keepReport } from './kept-reports.ts'
import { knockOutStudy } from './knock-out.ts'
import { casePaths, checkFilter } from './load.ts'
import { metamorphicStudy } from './metamorphic-study.ts'
import type { EvalIo, EvalOptions } from './options.ts'
import { progress } from './progress.ts'
import { readText } from './read-text.ts'
import { type EvalReport, reportOf } from './report.ts'
import { scoredRunOf } from './score-sink.ts'
import { openSpool, type Spool } from './spool.ts'
import { textReport } from './text-report.ts'
import { failuresOf } from './verdict-on-run.ts'

export interface EvalOutcome {
  /** 0 done, 1 below a bar, not complete or with errors. Wrong use is thrown as a Fault. */
  readonly exitCode: 0 | 1
  readonly report: EvalReport | null
  /** Why the run failed. */
  readonly failures: readonly string[]
}

/** Judges an analyst (or compares two) on recorded incidents and writes the reports that were asked for. */
export async function runEvals(options: EvalOptions, io: EvalIo): Promise<EvalOutcome> {
  if (options.compare) return runComparison(options, options.compare, io)
  const { report, spool, isInterrupted } = await evaluate(options, options, io)
  try {
    await writeOutputs(report, options, io, spool)
    io.write(textReport(report))
    const failures = [
      ...(await failuresOf(report, options, io)),
      ...(isInterrupted ? ['interrupted; run the same command to go on'] : []),
    ]
    if (!isInterrupted) await updateArtifacts(report, options, io)
    if (!isInterrupted && options.keep)
      io.writeProgress(`kept ${await keepReport(options.keep, report, instantOf(io.now()))}\n`)
    if (failures.length > 0) io.write(`\nFAILED\n${failures.map((failure) => `  ${failure}\n`).join('')}`)
    if (isInterrupted || report.errors.length > 0) spool.close()
    else spool.remove()
    if (io.scores && !isInterrupted) await publish(report, io)
    return { exitCode: failures.length > 0 ? 1 : 0, report, failures }
  } catch (error) {
    spool.close()
    throw error
  }
}

interface Evaluated {
  readonly report: EvalReport
  readonly spool: Spool
  readonly isInterrupted: boolean
}

async function evaluate(spec: DeciderSpec, options: EvalOptions, io: EvalIo): Promise<Evaluated> {
  checkFilter(options.filter)
  checkWithout(options.without)
  const decider = await deciderFrom(spec, io)
  const paths = await casePaths(options.incidents)
  if (paths.length === 0)
    throw new Fault('usage', `${options.incidents}: no case files`, {
      hint: 'Give a folder of recorded-incident/v1 files with --incidents.',
    })
  const spool = openSpool(spoolPath(decider, spec, options, io))
  const baselines = baselineStudy(HEALTH_SCORE)
  const gate = decider.policy ? gateStudy(decider.policy) : null
  // A glance at the terminal must not wait for hundreds of further decisions; whoever keeps or guards a report gets them.
  const isThorough = options.knockOut || options.html !== null || options.json !== null || options.guard
  const probes = decider.isFree && decider.policy !== null && isThorough
  const depth = options.knockOut ? 'sources and single evidence' : 'sources'
  const knockOut = probes || options.knockOut ? knockOutStudy(decider, depth) : null
  const metamorphic = options.metamorphic ? metamorphicStudy(decider, [options.seed]) : null
  const bar = progress(decider.name, { write: io.writeProgress, isTerminal: io.isTerminal })
  if (spool.resumed > 0) io.writeProgress(`going on after an interruption: ${spool.resumed} decisions are there\n`)
  const decided: Decided = await decideCases(
    {
      paths,
      filter: options.filter,
      decider,
      repeat: options.repeat,
      concurrency: options.concurrency,
      without: options.without,
      maxCostUsd: options.maxCostUsd,
      studies: [baselines, gate, knockOut, metamorphic].filter((study) => study !== null),
      spool,
    },
    { elapsed: io.elapsed, abort: io.abort, onProgress: bar.step },
  )
  bar.end()
  const report = reportOf({
    subject: {
      analyst: decider.name,
      policyHash: decider.policyHash,
      promptHash: decider.promptHash,
      without: options.without,
      filter: options.filter,
      repeat: options.repeat,
      incidents: options.incidents,
      casesHash: decided.casesHash,
    },
    results: decided.results,
    errors: decided.errors,
    baselines: baselines.rows(),
    gateAlone: gate?.result() ?? null,
    knockOut: knockOut?.result() ?? null,
    metamorphic: metamorphic?.result() ?? null,
  })
  return { report, spool, isInterrupted: decided.isInterrupted }
}

/** An interrupted run is only gone on with when everything that shapes an answer is the same, the code included. */
function spoolPath(
  decider: { name: string; policyHash: string | null; promptHash: string | null },
  spec: DeciderSpec,
  options: EvalOptions,
  io: EvalIo,
): string {
  const identity = {
    ...decider,
    ...spec,
    without: options.without,
    incidents: options.incidents,
    code: codeFingerprint(),
  }
  const { name, policyHash, promptHash, analyst, policy, prompt, without, incidents, code } = identity
  const key = hashOf({ name, policyHash, promptHash, analyst, policy, prompt, without, incidents, code })
  return join(io.workFolder, `${key.slice(0, 24)}.jsonl`)
}

async function writeOutputs(report: EvalReport, options: EvalOptions, io: EvalIo, spool: Spool): Promise<void> {
  const put = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  if (options.json) await put(options.json, `${JSON.stringify(report, null, 2)}\n`)
  if (options.junit) await put(options.junit, junitXml(report))
  if (options.html) await writeHtml(options.html, report, { spool, incidents: options.incidents, now: io.now() })
}

/** Scores that cannot be sent are a pity, not a failure of what was measured. */
async function publish(report: EvalReport, io: EvalIo): Promise<void> {
  if (!io.scores) return
  try {
    await io.scores.publish(scoredRunOf(report, new Date(io.now()).toISOString()), io.abort)
    io.writeProgress(`scores sent to ${io.scores.name}\n`)
  } catch (error) {
    io.writeProgress(`scores could not be sent to ${io.scores.name}: ${asFault(error).message}\n`)
  }
}

async function runComparison(options: EvalOptions, names: readonly [string, string], io: EvalIo): Promise<EvalOutcome> {
  const failures: string[] = []
  const side = async (name: string): Promise<Side> => {
    if (name.endsWith('.json')) return sideFromReport(await readText(name, '--compare'), name)
    const spec = {
      analyst: /\.(ya?ml|md)$/.test(name) ? options.analyst : name,
      policy: /\.ya?ml$/.test(name) ? name : options.policy,
      prompt: name.endsWith('.md') ? name : options.prompt,
    }
    const { report, spool, isInterrupted } = await evaluate(spec, options, io)
    if (isInterrupted || report.errors.length > 0) spool.close()
    else spool.remove()
    failures.push(...report.errors.map(({ id, error }) => `${name}: ${id}: ${error}`))
    return { name, results: report.cases }
  }
  const comparison = compare(await side(names[0]), await side(names[1]))
  io.write(comparisonText(comparison))
  if (options.json) await writeFile(options.json, `${JSON.stringify(comparison, null, 2)}\n`)
  if (comparison.pairs === 0) failures.push('nothing to compare: no case was decided by both')
  if (failures.length > 0) io.write(`\nFAILED\n${failures.map((failure) => `  ${failure}\n`).join('')}`)
  return { exitCode: failures.length > 0 ? 1 : 0, report: null, failures }
}
