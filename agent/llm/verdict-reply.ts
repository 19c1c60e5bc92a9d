import { z } from 'zod'
import { Action } from '../domain/action.ts'
import { hashOf } from '../domain/canonical.ts'
import { Category, type Verdict } from '../domain/verdict.ts'

/** Prose of a model: cut to length rather than refused, and without control characters. */
const prose = (maxChars: number) =>
  z.string().transform((text) =>
    text
      .replace(/\p{Cc}|\p{Cf}/gu, ' ')
      .trim()
      .slice(0, maxChars),
  )

/**
 * What a model is asked to return. One schema makes the request and reads the reply. Reasoning comes first, so that a model without hidden
 * reasoning thinks before it names a cause.
 */
export const VerdictReply = z.object({
  reasoning: prose(2000),
  citations: z
    .array(z.object({ evidence: z.string(), stance: z.enum(['supports', 'contradicts']), note: prose(300) }))
    .transform((citations) => citations.slice(0, 20)),
  alternatives: z
    .array(z.object({ category: Category, whyNot: prose(300) }))
    .transform((alternatives) => alternatives.slice(0, 10)),
  unknowns: z.array(prose(300)).transform((unknowns) => unknowns.slice(0, 10)),
  rootCause: z.object({ category: Category, provider: prose(60).nullable(), summary: prose(400) }),
  recommendedAction: Action,
  confidence: z.number().min(0).max(1),
})

/** Keywords that not every vendor's strict mode knows; the reply is checked against the full schema anyway. */
const NOT_PORTABLE = new Set(['$schema', 'minimum', 'maximum', 'minLength', 'maxLength', 'maxItems', 'format'])

/** The schema as JSON Schema in the subset that strict structured output takes: every property required, none besides. */
export const verdictSchema: Readonly<Record<string, unknown>> = Object.freeze(
  portable(z.toJSONSchema(VerdictReply, { io: 'input', target: 'draft-7' })) as Record<string, unknown>,
)

/** Identity of a judge: its prompt and the schema of its reply. Calibrations and recordings hold for one such pair. */
export function judgeHash(prompt: { readonly hash: string }): string {
  return hashOf({ prompt: prompt.hash, schema: verdictSchema })
}

function portable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(portable)
  if (schema === null || typeof schema !== 'object') return schema
  const kept = Object.entries(schema)
    .filter(([name]) => !NOT_PORTABLE.has(name))
    .map(([name, value]) => [name, portable(value)] as const)
  const node: Record<string, unknown> = Object.fromEntries(kept)
  if (node.type === 'object') node.additionalProperties = false
  return node
}

export type ReadReply =
  | { readonly verdict: Verdict; readonly problem: null }
  | { readonly verdict: null; readonly problem: string }

/** Reads a reply: JSON that satisfies the schema, or a problem in words that a model can repair. Nothing is searched for in prose. */
export function readVerdict(text: string): ReadReply {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { verdict: null, problem: 'the reply is not JSON' }
  }
  const parsed = VerdictReply.safeParse(value)
  if (parsed.success) return { verdict: parsed.data, problem: null }
  const issues = parsed.error.issues
    .slice(0, 8)
    .map((issue) => `${issue.path.join('.') || '(reply)'}: ${issue.message}`)
  return { verdict: null, problem: `the reply does not satisfy the schema: ${issues.join('; ')}`.slice(0, 1500) }
}
