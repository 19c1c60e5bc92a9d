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
  let best = NO_MATCH
  let names: string[] = []
  for (const entry of entries) {
    const rank = rankOf(alert.labels, entry)
    if (rank === NO_MATCH || rank < best) continue
    if (rank > best) names = []
    best = rank
    names.push(entry.name)
  }
  const [service] = names
  if (service !== undefined && names.length === 1) return { kind: 'matched', service }
  if (service === undefined)
    return { kind: 'unmatched', reason: 'no service in the catalogue has a matcher for these labels', candidates: [] }
  return { kind: 'unmatched', reason: `its labels fit ${names.length} services equally well`, candidates: names.sort() }
}

const NO_MATCH = -1

/** Labels named count more than any number of literal values. */
function rankOf(labels: Readonly<Record<string, string>>, entry: Matchable): number {
  let best = NO_MATCH
  for (const matcher of entry.matchers ?? [{ service: entry.name }]) {
    const wanted = Object.entries(matcher)
    if (wanted.length === 0) continue
    // hasOwn: a label called "constructor" is a label like any other.
    if (!wanted.every(([label, glob]) => Object.hasOwn(labels, label) && fitsGlob(labels[label] ?? '', glob))) continue
    const literal = wanted.filter(([, glob]) => !/[*?]/.test(glob)).length
    best = Math.max(best, wanted.length * 1000 + literal)
  }
  return best
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
