import { z } from 'zod'
import { Action } from '../agent/domain/action.ts'
import { Service } from '../agent/domain/service.ts'
import { Category } from '../agent/domain/verdict.ts'
import { Fault } from '../agent/lib/errors.ts'

/** What people say about a case: where every action stands, and why. No decider ever sees it. */
export const Label = z
  .object({
    best: Action,
    acceptable: z.array(Action),
    tolerable: z.array(Action),
    forbidden: z.array(Action),
    category: Category,
    alsoCategories: z.array(Category).default([]),
    provider: z.string().nullable().default(null),
    why: z.string(),
    keyEvidence: z.array(z.string()).default([]),
    distractors: z.array(z.string()).default([]),
  })
  .superRefine((label, context) => {
    const placed = [label.best, ...label.acceptable, ...label.tolerable, ...label.forbidden]
    for (const action of Action.options) {
      const times = placed.filter((other) => other === action).length
      if (times === 1) continue
      const message = times === 0 ? `${action} stands in no tier` : `${action} stands in ${times} tiers`
      context.addIssue({ code: 'custom', path: [], message: `${message}; expected every action in exactly one` })
    }
  })
export type Label = z.infer<typeof Label>

const FORMAT = /^recorded-incident\/v1(\.\d+)?$/

/** The part of a recorded incident that a decider may see. Upstream bodies stay as they were: reading them is the collectors' work. */
export const Incident = z.object({
  format: z.string(),
  decidedAt: z.iso.datetime({ offset: true }),
  service: Service,
  alert: z.record(z.string(), z.unknown()),
  upstream: z.record(z.string(), z.unknown()),
})
export type Incident = z.infer<typeof Incident>

const CaseFile = Incident.extend({
  id: z.string().regex(/^[\w.-]{1,120}$/, 'expected letters, digits, dots, dashes and underscores'),
  title: z.string().default(''),
  tags: z.array(z.string()).default([]),
  episode: z.string().optional(),
  minutesSinceOnset: z.number().nullable().default(null),
  difficulty: z.string().default('unrated'),
  provenance: z.object({ references: z.array(z.string()).default([]) }).default({ references: [] }),
  label: Label,
})

/** One evaluation case: what the decider sees, and apart from it what people and scorers know. */
export interface EvalCase {
  readonly id: string
  readonly path: string
  readonly title: string
  readonly tags: readonly string[]
  /** Cases of one episode (twins, later moments) are not independent of each other. */
  readonly episode: string
  readonly minutesSinceOnset: number | null
  readonly difficulty: string
  readonly references: readonly string[]
  readonly incident: Incident
  readonly label: Label
}

/** Who wrote the case: the part of its id before the first dash. */
export function authorOf(id: string): string {
  const dash = id.indexOf('-')
  return dash > 0 ? id.slice(0, dash) : id
}

/** Reads one case file's text; throws Fault `payload_invalid` that names the file, each wrong field and what was expected there. */
export function parseCase(text: string, path: string): EvalCase {
  const parsed = CaseFile.safeParse(withoutKnownVersion(jsonOf(text, path), path))
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 20)
      .map((issue) => `${issue.path.join('.') || '(file)'}: ${issue.message}`)
    throw invalid(`${path}: ${problems.join('; ')}`, 'evals/incidents/README.md describes every field.')
  }
  const { id, title, tags, episode, minutesSinceOnset, difficulty, provenance, label, ...incident } = parsed.data
  const references = provenance.references
  return { id, path, title, tags, episode: episode ?? id, minutesSinceOnset, difficulty, references, incident, label }
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(`${path}: not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Checks the version first, so that a newer file is called newer and not "full of mistakes". */
function withoutKnownVersion(value: unknown, path: string): unknown {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (typeof format === 'string' && FORMAT.test(format)) return value
  if (typeof format === 'string' && /^recorded-incident\/v\d/.test(format)) {
    throw invalid(
      `${path}: format: ${format} is newer than this version reads`,
      'Expected recorded-incident/v1; update failwise.',
    )
  }
  throw invalid(`${path}: format: expected "recorded-incident/v1", found ${JSON.stringify(format) ?? 'nothing'}`)
}

function invalid(message: string, hint?: string): Fault {
  return new Fault('payload_invalid', message, hint === undefined ? {} : { hint })
}
