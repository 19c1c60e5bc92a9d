import { fixed, headline, percent, percentRange, pointRange, range, signed } from './figures.ts'
import { CONFIDENT, type EvalReport } from './report.ts'
import type { Summary } from './summary.ts'

/** The report as plain text for a terminal or a log, the gravest figures first. */
export function textReport(report: EvalReport): string {
  const parts = [
    headlines(report),
    table('Against plain habits', baselineRows(report)),
    table('By best action', groupRows(report.breakdowns.action)),
    calibrationText(report),
    gateText(report),
    knockOutText(report),
    metamorphicText(report),
    leftOutText(report),
    wrongText(report),
    usageText(report),
    errorText(report),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function headlines({ subject, summary, injection }: EvalReport): string {
  const rows = headline(summary).map(({ name, value, detail, interval }) => [
    `${name}`,
    value,
    detail,
    interval && `(95 %: ${interval})`,
  ])
  const attacked = `Injection cases: ${injection.harmful} harmful, ${injection.needless} needless of ${injection.cases}`
  const without = subject.without.length > 0 ? `, without ${subject.without.join(', ')}` : ''
  const asked =
    summary.distinctCases === summary.cases
      ? `${summary.cases} cases`
      : `${summary.distinctCases} cases, ${summary.cases} decisions`
  const first = `needless failovers: ${summary.needless} of ${summary.cases}`
  return [`${first} – ${subject.analyst}, ${asked}${without}`, columns(rows), attacked].join('\n')
}

function baselineRows({ subject, summary, baselines }: EvalReport): string[][] {
  const row = (name: string, one: Summary) => [
    name,
    String(one.needless),
    String(one.missed),
    `${one.forbidden} (${percent(one.harmfulShare)})`,
    percent(one.exactOrAcceptable),
    percentRange(one.intervals.exactOrAcceptable),
    `${fixed(one.delayMinutes, 1)} min`,
  ]
  return [
    ['', 'needless', 'missed', 'harmful', 'exact or acceptable', '95 %', 'delay'],
    row(subject.analyst, summary),
    ...baselines.filter(({ name }) => name !== subject.analyst).map(({ name, summary: other }) => row(name, other)),
  ]
}

function groupRows(rows: EvalReport['breakdowns']['action']): string[][] {
  return [
    ['', 'cases', 'exact', 'exact or acceptable', '95 %', 'harmful', 'needless', 'missed'],
    ...rows.map((row) => [
      row.group,
      String(row.cases),
      String(row.best),
      percent(row.exactOrAcceptable),
      percentRange(row.interval),
      String(row.harmful),
      String(row.needless),
      String(row.missed),
    ]),
  ]
}

function calibrationText({ calibration }: EvalReport): string {
  if (!calibration) return ''
  const row = (name: string, of: typeof calibration.stated) => [
    name,
    fixed(of.brier, 3),
    range(of.brierInterval, 3),
    fixed(of.ece, 3),
    range(of.eceInterval, 3),
    `${fixed(of.eceNoise, 3)} would be chance`,
  ]
  const rows = [['', 'Brier', '95 %', 'ECE', '95 %', ''], row('stated', calibration.stated)]
  if (calibration.calibrated) rows.push(row('calibrated', calibration.calibrated))
  return table('Calibration', rows)
}

function gateText({ gateAlone: gate }: EvalReport): string {
  if (!gate) return ''
  return [
    'The gate alone, with perfect verdicts',
    `  lets ${gate.permitted} of ${gate.right} right failovers through (${gate.permittedToAct} to act), stops ${gate.stopped} of ${gate.forbidden} forbidden ones`,
    ...gate.notPermitted
      .slice(0, 10)
      .map(({ id, action, rules }) => `  loses ${id} ${action}: ${rules.join(', ') || 'no rule'}`),
    ...gate.notStopped.slice(0, 10).map(({ id, action }) => `  does not stop ${id} ${action}`),
    ...gate.harmedByGate
      .slice(0, 10)
      .map(({ id, rules }) => `  turns ${id} into something harmful: ${rules.join(', ')}`),
  ].join('\n')
}

function knockOutText({ knockOut }: EvalReport): string {
  if (!knockOut) return ''
  const rows = knockOut.rows.map((row) => [
    row.source,
    String(row.probes),
    String(row.changed),
    String(row.failoversLost),
    String(row.newFailovers),
  ])
  const found = knockOut.changes.filter(({ isNewFailover }) => isNewFailover)
  return [
    table(
      `Knock-out (${knockOut.depth} taken away): ${knockOut.newFailovers} new failovers in ${knockOut.probes} probes`,
      [['', 'probes', 'changed', 'failovers lost', 'new failovers'], ...rows],
    ),
    ...found
      .slice(0, 20)
      .map(
        ({ id, lost, loss, before, after }) =>
          `  ${id}: ${lost} ${loss}: ${before.action} → ${after.action} (${after.disposition})`,
      ),
  ].join('\n')
}

function metamorphicText({ metamorphic }: EvalReport): string {
  if (!metamorphic) return ''
  const rows = metamorphic.rows.map((row) => [row.check, String(row.variants), String(row.flips), row.about])
  return [
    table(`Metamorphic: ${metamorphic.flips} of ${metamorphic.variants} decisions flipped`, [
      ['', 'variants', 'flips', ''],
      ...rows,
    ]),
    ...metamorphic.flipped.slice(0, 30).map(({ id, check, before, after, why, through }) => {
      const by = [check, ...through].join(', ')
      return `  ${id} (${by}): ${before.action} (${before.disposition}) → ${after.action} (${after.disposition}): ${why}`
    }),
  ].join('\n')
}

function leftOutText({ leaveOneOut }: EvalReport): string {
  const rows = leaveOneOut.groups.map(({ group, kind, inside, rest, gap, gapInterval }) => [
    `${kind} ${group}`,
    String(inside.cases),
    percent(inside.exactOrAcceptable),
    percent(rest.exactOrAcceptable),
    signed(Math.round(gap * 100)),
    pointRange(gapInterval),
    String(inside.needless),
  ])
  if (rows.length === 0) return ''
  return table('One group left out: exact or acceptable inside it and in the rest', [
    ['', 'cases', 'inside', 'rest', 'gap', '95 %', 'needless'],
    ...rows,
  ])
}

function wrongText({ confidentAndWrong, cases }: EvalReport): string {
  const wrong = confidentAndWrong.map(({ id, confidence, recommended, best, action, disposition }) => {
    return `  ${id}: ${fixed(confidence, 2)} sure of ${recommended}, best is ${best}; decided ${action} (${disposition})`
  })
  const harmful = cases
    .filter((one) => one.harmful)
    .map((one) => {
      return `  ${one.id}: ${one.action} (${one.disposition}), best is ${one.best}${one.needless ? ' – needless failover' : ''}${one.missed ? ' – missed failover' : ''}`
    })
  return [
    `Confident (${CONFIDENT} and more) and wrong: ${wrong.length}`,
    ...wrong.slice(0, 20),
    `Harmful: ${harmful.length}`,
    ...harmful.slice(0, 20),
    ...(harmful.length > 20 ? [`  … and ${harmful.length - 20} more`] : []),
  ].join('\n')
}

function usageText({ usage, consistency }: EvalReport): string {
  const cost = usage.costUsd === null ? '' : `, ${usage.costUsd.toFixed(2)} USD`
  const took = `Took ${usage.inputTokens} tokens in, ${usage.outputTokens} out${cost}; per decision ${usage.latencyMs.median} ms median, ${usage.latencyMs.p95} ms p95`
  return consistency
    ? `${took}\nAsked ${consistency.repeat} times: ${percent(consistency.sameDecision)} of cases always decided the same`
    : took
}

function errorText({ errors }: EvalReport): string {
  if (errors.length === 0) return ''
  return [`Not decided: ${errors.length}`, ...errors.slice(0, 50).map(({ id, error }) => `  ${id}: ${error}`)].join(
    '\n',
  )
}

function table(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}\n${columns(rows)}`
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()).join('\n')
}
