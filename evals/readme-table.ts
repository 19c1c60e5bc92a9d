import { Fault } from '../agent/lib/errors.ts'
import { fixed, percent, percentRange } from './figures.ts'
import type { EvalReport } from './report.ts'
import type { Summary } from './summary.ts'

const BEGIN = '<!-- eval:begin (written by `npm run eval -- --update-readme`) -->'
const END = '<!-- eval:end -->'

/** The README's table: the analyst and the habits that it has to beat. Nothing in it depends on the machine or the hour. */
export function evalTableMarkdown({
  subject,
  summary,
  baselines,
}: Pick<EvalReport, 'subject' | 'summary' | 'baselines'>): string {
  const row = (name: string, one: Summary) =>
    `| ${name} | ${one.needless} | ${one.missed} | ${one.forbidden} | ${percent(one.exactOrAcceptable)} (${percentRange(one.intervals.exactOrAcceptable)}) | ${percent(one.categoryAccuracy)} | ${fixed(one.delayMinutes, 0)} min |`
  const others = baselines.filter(({ name }) => name !== subject.analyst)
  return [
    `| ${summary.cases} recorded incidents | needless failovers | missed failovers | harmful | exact or acceptable (95 %) | root cause | delay |`,
    '|---|---:|---:|---:|---:|---:|---:|',
    row(`**\`${subject.analyst}\`**`, summary),
    ...others.map(({ name, summary: other }) => row(name, other).replace('| 0 % |', '| – |')),
  ].join('\n')
}

/** The README with a new table between its markers; throws Fault `usage` when the markers are missing. */
export function withEvalTable(readme: string, table: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) {
    throw new Fault('usage', 'README.md has no place for the table', {
      hint: `Put ${BEGIN} and ${END} on lines of their own.`,
    })
  }
  return `${readme.slice(0, begin + BEGIN.length)}\n${table}\n${readme.slice(end)}`
}

/** Whether the README holds exactly this table. */
export function hasEvalTable(readme: string, table: string): boolean {
  return readme.includes(`${BEGIN}\n${table}\n${END}`)
}
