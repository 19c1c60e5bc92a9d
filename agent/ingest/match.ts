import { z } from 'zod'
import type { Alert } from '../domain/alert.ts'

/**
 * How a catalogue entry recognises its alerts: any of these, each of which must match as a whole. Values are compared letter by letter;
 * `*` stands for any text and `?` for one character. No regular expressions: nobody's catalogue may hang the agent.
 */
export const AlertMatchers = z.array(
  z.record(z.string().min(1), z.string()).refine((matcher) => Object.keys(matcher).length > 0, {
    message: 'a matcher needs at least one label; an empty one would claim every alert',
  }),
)
export type AlertMatchers = z.infer<typeof AlertMatchers>

/** A catalogue entry as far as matching goes; without matchers the label `service` must be its name. */
export interface Matchable {
  readonly name: string
  readonly matchers?: AlertMatchers | undefined
}

/** Whose alert it is. Without one clear answer there is no answer: assessing the wrong service is worse than asking. */
export type ServiceMatch =
  | { readonly kind: 'matched'; readonly service: string }
  | { readonly kind: 'unmatched'; readonly reason: string; readonly candidates: readonly string[] }

/** Finds the service that an alert is about; of several the one that names more labels, then the one with fewer wildcards. */
export function matchService(alert: Pick<Alert, 'labels'>, entries: readonly Matchable[]): ServiceMatch {
  return serviceMatcher(entries)(alert)
}

/** As `matchService`, prepared once for a catalogue: a storm of alerts is not held against every service in turn. */
export function serviceMatcher(entries: readonly Matchable[]): (alert: Pick<Alert, 'labels'>) => ServiceMatch {
  const byLiteral = new Map<string, Rule[]>()
  const others: Rule[] = []
  for (const rule of entries.flatMap(rulesOf)) {
    const literal = rule.wanted.find(([, glob]) => !isGlob(glob))
    if (!literal) others.push(rule)
    else {
      const key = keyOf(...literal)
      const rules = byLiteral.get(key)
      if (rules) rules.push(rule)
      else byLiteral.set(key, [rule])
    }
  }
  return ({ labels }) => {
    const candidates = [others]
    for (const label of Object.entries(labels)) {
      const rules = byLiteral.get(keyOf(...label))
      if (rules) candidates.push(rules)
    }
    return bestOf(candidates, labels)
  }
}

/** One matcher of one service. */
interface Rule {
  readonly service: string
  readonly wanted: readonly (readonly [label: string, glob: string])[]
  /** Labels named count more than any number of literal values. */
  readonly rank: number
}

function rulesOf({ name, matchers }: Matchable): Rule[] {
  return (matchers ?? [{ service: name }]).flatMap((matcher) => {
    const wanted = Object.entries(matcher)
    const literals = wanted.filter(([, glob]) => !isGlob(glob)).length
    return wanted.length === 0 ? [] : [{ service: name, wanted, rank: wanted.length * 1000 + literals }]
  })
}

function bestOf(candidates: readonly (readonly Rule[])[], labels: Readonly<Record<string, string>>): ServiceMatch {
  let best = 0
  let services = new Set<string>()
  for (const rules of candidates)
    for (const { service, wanted, rank } of rules) {
      if (rank < best || !fitsAll(labels, wanted)) continue
      if (rank > best) services = new Set()
      best = rank
      services.add(service)
    }
  const [service] = services
  if (service !== undefined && services.size === 1) return { kind: 'matched', service }
  if (service === undefined)
    return { kind: 'unmatched', reason: 'no service in the catalogue has a matcher for these labels', candidates: [] }
  const reason = `its labels fit ${services.size} services equally well`
  return { kind: 'unmatched', reason, candidates: [...services].sort() }
}

function fitsAll(labels: Readonly<Record<string, string>>, wanted: Rule['wanted']): boolean {
  // hasOwn: a label called "constructor" is a label like any other.
  return wanted.every(([label, glob]) => Object.hasOwn(labels, label) && fitsGlob(labels[label] ?? '', glob))
}

function isGlob(text: string): boolean {
  return /[*?]/.test(text)
}

/** Label names hold no NUL once they are read, so no two pairs share a key. */
function keyOf(label: string, value: string): string {
  return `${label}\0${value}`
}

/** Whether a text fits a glob, in time linear in practice and never worse than the product of both lengths. */
export function fitsGlob(text: string, glob: string): boolean {
  let at = 0
  let globAt = 0
  let star = -1
  let starText = 0
  while (at < text.length) {
    if (globAt < glob.length && glob[globAt] === '*') {
      star = globAt++
      starText = at
    } else if (globAt < glob.length && (glob[globAt] === '?' || glob[globAt] === text[at])) {
      at++
      globAt++
    } else if (star >= 0) {
      globAt = star + 1
      at = ++starText
    } else return false
  }
  while (glob[globAt] === '*') globAt++
  return globAt === glob.length
}
