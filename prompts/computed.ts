import type { Facts } from '../agent/domain/facts.ts'
import { relative, short } from './numbers.ts'
import { value } from './text.ts'

/** What our own code worked out of the structured fields, as lines. */
export function computedLines(facts: Facts): string[] {
  const now = facts.takenAt
  const lines = [
    `onset ${relative(facts.onset.at, now)} (${onsetBasis(facts)}); users hurt: ${facts.hurt.overall}${facts.hurt.isRecovering ? ', recovering' : ''}`,
  ]
  for (const observer of ['own_telemetry', 'outside_probe', 'provider'] as const) {
    const view = facts.hurt[observer]
    const parts = [view.state === 'yes' ? `hurt (${view.extent})` : view.state === 'no' ? 'fine' : 'unknown']
    if (view.since) parts.push(`since ${relative(view.since, now)}`)
    if (view.sustainedSeconds !== null && view.sustainedSeconds > 0)
      parts.push(`without a good value for ${short(view.sustainedSeconds / 60)}m`)
    if (view.isRecovering) parts.push('recovering')
    lines.push(`by ${observer}: ${parts.join(', ')}`)
  }
  for (const { dimension, family, members, split } of facts.breakdowns) {
    if (split === 'none') continue
    const names = (isAffected: boolean) =>
      members
        .filter((member) => member.isAffected === isAffected)
        .slice(0, 8)
        .map((member) => value(member.value, 40))
        .join(', ')
    lines.push(
      `split by ${dimension} of ${value(family.split('|')[0] ?? family)}: affected ${names(true)}; ${split === 'all' ? 'none fine' : `fine ${names(false)}`}`,
    )
  }
  for (const state of ['failing', 'suspect', 'unknown'] as const) {
    const names = facts.dependencies.filter((dependency) => dependency.state === state).map(({ name }) => value(name))
    if (names.length > 0) lines.push(`dependencies ${state}: ${names.slice(0, 15).join(', ')}`)
  }
  for (const target of [facts.targets.secondary, facts.targets.dr])
    lines.push(
      `against ${target.target}: ${target.blocks.length === 0 ? 'nothing known' : target.blocks.join(', ')}${target.failingDependencies.length > 0 ? ` (${target.failingDependencies.map((name) => value(name)).join(', ')})` : ''}`,
    )
  const { error, warn } = facts.logs.levels
  lines.push(
    `log lines read: ${error.lines} error in ${error.patterns} patterns (${error.newPatterns} new), ${warn.lines} warning`,
  )
  return lines
}

function onsetBasis(facts: Facts): string {
  if (facts.onset.basis === 'sli') return 'first bad value that users felt'
  return facts.onset.basis === 'alert' ? 'start of the alert' : 'nothing tells'
}
