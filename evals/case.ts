import { z } from 'zod'
import { Action } from '../agent/domain/action.ts'
import { Category } from '../agent/domain/verdict.ts'
import { Fault } from '../agent/lib/errors.ts'
import { RecordedIncident } from './recorded-incident.ts'

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

const Visible = RecordedIncident.pick({ decidedAt: true, service: true, alert: true, upstream: true })

/** A recorded incident as a decider sees it: when, which service, the alert and what every upstream answered. */
export type Incident = RecordedIncident

/** Only what a decider may see of a recorded incident; everything that people and scorers know is left behind. */
export function incidentOf(visible: z.infer<typeof Visible>): Incident {
  const { decidedAt, service, alert, upstream } = visible
  const hidden = { title: '', tags: [], provenance: null }
  return { format: 'recorded-incident/v1', id: 'recorded-incident', decidedAt, service, alert, upstream, ...hidden }
}

/** A changed incident, checked like one from a file. */
export function incidentFrom(value: unknown): Incident {
  return incidentOf(Visible.parse(value))
}

const CaseFile = Visible.extend({
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
  const parsed = CaseFile.safeParse(ofKnownVersion(jsonOf(text, path), path))
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 20)
      .map((issue) => `${issue.path.join('.') || '(file)'}: ${issue.message}`)
    throw invalid(`${path}: ${problems.join('; ')}`, 'evals/incidents/README.md describes every field.')
  }
  const { id, title, tags, episode, minutesSinceOnset, difficulty, provenance, label } = parsed.data
  const incident = incidentOf(parsed.data)
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
function ofKnownVersion(value: unknown, path: string): unknown {
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
