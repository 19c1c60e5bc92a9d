import { join } from 'node:path'
import { percent } from './figures.ts'
import { artifactName, breaches, readBaseline } from './guard.ts'
import type { EvalIo, EvalOptions } from './options.ts'
import type { EvalReport } from './report.ts'
import type { CaseError } from './result.ts'

/** What went wrong with a case; a file that could not be read is named once. */
export function failureText({ id, error }: Pick<CaseError, 'id' | 'error'>): string {
  return error.startsWith(`${id}: `) ? error : `${id}: ${error}`
}

/** Why a run fails; empty when it does not. Bars are only those that were asked for, but an incomplete or empty run always fails. */
export async function failuresOf(
  report: EvalReport,
  options: EvalOptions,
  io: Pick<EvalIo, 'artifacts'>,
): Promise<string[]> {
  const { summary, errors, knockOut, metamorphic } = report
  const failures = errors.map(failureText)
  if (summary.cases === 0) failures.push(`no case was decided${options.filter ? ` (filter: ${options.filter})` : ''}`)
  if (options.maxNeedless !== null && summary.needless > options.maxNeedless) {
    const names = report.cases.filter((one) => one.needless).map(({ id }) => id)
    failures.push(
      `${summary.needless} needless failovers, at most ${options.maxNeedless} are allowed: ${names.join(', ')}`,
    )
  }
  if (options.failUnder !== null && summary.exactOrAcceptable < options.failUnder) {
    failures.push(
      `${percent(summary.exactOrAcceptable)} exact or acceptable, at least ${percent(options.failUnder)} are needed`,
    )
  }
  if (knockOut && knockOut.newFailovers > 0) {
    const names = knockOut.changes
      .filter(({ isNewFailover }) => isNewFailover)
      .map(({ id, lost }) => `${id} without ${lost}`)
    failures.push(`taking evidence away made ${knockOut.newFailovers} new failovers: ${names.slice(0, 10).join('; ')}`)
  }
  if (options.maxFlips !== null && metamorphic && metamorphic.flips > options.maxFlips) {
    failures.push(`${metamorphic.flips} decisions flipped, at most ${options.maxFlips} are allowed`)
  }
  if (options.guard) {
    const baseline = await readBaseline(join(io.artifacts, 'baselines', artifactName(report.subject.analyst)))
    failures.push(...breaches(report, baseline))
  }
  return failures
}
