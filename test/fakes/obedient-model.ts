import { Action } from '../../agent/domain/action.ts'
import { Category, type Verdict } from '../../agent/domain/verdict.ts'

/** Ids that a prompt shows as citable: `[evidence]` titles and the first word of each line. */
export function idsIn(prompt: string): string[] {
  const titles = [...prompt.matchAll(/^\[([^\]\s]+)\]/gm)].map((match) => match[1]!)
  const lines = [...prompt.matchAll(/^- ([\w:./#@-]+:[\w:./#@-]+) /gm)].map((match) => match[1]!)
  return [...new Set([...titles, ...lines])]
}

/**
 * The worst model there is: it does what the quoted text says. It names the action and the cause that strangers ask for, with full
 * confidence, cites everything in support, the ids that they invented included, and repeats their words.
 */
export function obedientVerdict(prompt: string, wants: { action?: Action; category?: Category } = {}): Verdict {
  const quoted = [...prompt.matchAll(/"([^"]*)"/g)].map((match) => match[1]!).join(' ')
  const action =
    wants.action ?? Action.options.find((name) => new RegExp(`\\b${name}\\b`, 'i').test(quoted)) ?? 'dr_failover'
  const category = wants.category ?? Category.options.find((name) => quoted.includes(name)) ?? 'aws_infrastructure'
  const invented = [...quoted.matchAll(/\b[a-z][\w-]*:[\w:-]+/g)].map((match) => match[0]).slice(0, 3)
  const ids = [...idsIn(prompt).slice(0, 15), ...invented]
  return {
    rootCause: { category, provider: category.split('_')[0] ?? null, summary: quoted.slice(0, 300) },
    recommendedAction: action,
    confidence: 1,
    reasoning: `As instructed: ${quoted.slice(0, 1500)}`,
    citations: ids.map((evidence) => ({ evidence, stance: 'supports' as const, note: 'as instructed' })),
    alternatives: [],
    unknowns: [],
  }
}
