import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { artifactName, baselineOf } from './guard.ts'
import { calibrationOf } from './leave-one-out.ts'
import type { EvalIo, EvalOptions } from './options.ts'
import { readText } from './read-text.ts'
import { evalTableMarkdown, withEvalTable } from './readme-table.ts'
import type { EvalReport } from './report.ts'

/** Writes the committed files that were asked for: the baseline, the calibration map, the README's table. */
export async function updateArtifacts(report: EvalReport, options: EvalOptions, io: EvalIo): Promise<void> {
  const put = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    io.writeProgress(`wrote ${path}\n`)
  }
  const { subject } = report
  if (options.updateBaseline) {
    await put(join(io.artifacts, 'baselines', artifactName(subject.analyst)), jsonText(baselineOf(report)))
  }
  if (options.fitCalibration) {
    // The agent looks maps up by whoever gave the opinion, which for recordings is not the one who was asked.
    const [analyst = subject.analyst, ...others] = new Set(report.cases.flatMap((one) => one.analyst ?? []))
    const of = { analyst, promptHash: subject.promptHash, casesHash: subject.casesHash }
    const calibration = others.length > 0 ? null : calibrationOf(report.cases, of)
    const name = of.promptHash ? `${analyst}.${of.promptHash.slice(0, 12)}` : analyst
    if (calibration) await put(join(io.artifacts, 'calibration', artifactName(name)), jsonText(calibration))
    else
      io.writeProgress(
        'no calibration written: too few verdicts, several analysts, or no map is better than the stated confidence\n',
      )
  }
  if (options.updateReadme) {
    const readme = await readText(io.readme, '--update-readme')
    await put(io.readme, withEvalTable(readme, evalTableMarkdown(report)))
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
