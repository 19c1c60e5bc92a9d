import type { EvalReport } from './report.ts'

/** Characters that XML 1.0 cannot hold at all, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const UNSPEAKABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

function xml(text: string): string {
  return text
    .replaceAll(UNSPEAKABLE, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** The report as JUnit XML: a harmful decision is a failure, a case that could not be decided an error. */
export function junitXml({ subject, summary, cases, errors }: EvalReport): string {
  const seconds = cases.reduce((sum, one) => sum + one.latencyMs, 0) / 1000
  const tests = cases.length + errors.length
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="failwise eval" tests="${tests}" failures="${summary.forbidden}" errors="${errors.length}" time="${seconds.toFixed(3)}">`,
    `  <testsuite name="${xml(subject.analyst)}" tests="${tests}" failures="${summary.forbidden}" errors="${errors.length}" time="${seconds.toFixed(3)}">`,
  ]
  for (const one of cases) {
    const name = one.repetition > 0 ? `${one.id} #${one.repetition + 1}` : one.id
    const open = `    <testcase classname="${xml(`${subject.analyst}.${one.best}`)}" name="${xml(name)}" time="${(one.latencyMs / 1000).toFixed(3)}"`
    if (!one.harmful) lines.push(`${open}/>`)
    else {
      const kind = one.needless ? 'needless failover' : one.missed ? 'missed failover' : 'harmful'
      const message = `decided ${one.action} (${one.disposition}), best is ${one.best}`
      lines.push(`${open}>`, `      <failure type="${kind}" message="${xml(message)}"/>`, '    </testcase>')
    }
  }
  for (const { id, error } of errors) {
    lines.push(
      `    <testcase classname="${xml(subject.analyst)}" name="${xml(id)}">`,
      `      <error message="${xml(error)}"/>`,
      '    </testcase>',
    )
  }
  return `${[...lines, '  </testsuite>', '</testsuites>'].join('\n')}\n`
}
