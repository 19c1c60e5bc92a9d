import { z } from 'zod'
import { Action } from '../domain/action.ts'
import type { Actor } from '../domain/audit.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import { Category } from '../domain/verdict.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { DecisionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

const LABEL_ACT = 'verdict_labelled'

/** What a person says about a decision afterwards: that it was right, or what would have been. */
export const Label = z.object({
  label: z.enum(['right', 'wrong']),
  /** What would have been right; needed when it was wrong. */
  best: Action.optional(),
  /** What was as good as that, and what would have been safe but slower or costlier. */
  acceptable: z.array(Action).default([]),
  tolerable: z.array(Action).default([]),
  /** The true cause; needed when it was wrong. */
  category: Category.optional(),
  why: z.string().trim().min(1).max(2000),
})
export type Label = z.infer<typeof Label>

const KeptLabel = Label.omit({ why: true }).extend({ decisionId: z.string() })

/** A label on the record. */
export interface GivenLabel {
  readonly by: string
  readonly at: Instant
  readonly label: 'right' | 'wrong'
  /** Null for a plain thumb, such as one in Slack, which says nothing about what is best. */
  readonly best: Action | null
  readonly acceptable: readonly Action[]
  readonly tolerable: readonly Action[]
  readonly category: Category | null
  readonly why: string
}

const ACTS_READ = 500

/** Puts a label on the record. Right means: what was decided, for the cause that was found. */
export async function labelDecision(
  record: DecisionRecord,
  { why, ...label }: Label,
  by: Actor,
  { store, clock }: { readonly store: Store; readonly clock: Pick<Clock, 'now'> },
): Promise<GivenLabel> {
  const isRight = label.label === 'right'
  if (!isRight && (label.best === undefined || label.category === undefined))
    throw new Fault('payload_invalid', 'a decision that was wrong needs what would have been right, and the true cause')
  if (!isRight && label.best === record.decision.action)
    throw new Fault('payload_invalid', `${label.best} is what was decided; then the label is "right"`)
  const best = isRight ? record.decision.action : label.best
  const category = label.category ?? record.opinion?.verdict?.rootCause.category ?? 'unknown'
  const details = { ...label, best, category, decisionId: record.id, incidentId: record.incidentId }
  const at = instantOf(clock.now())
  await store.audit.append([
    { kind: 'administrative_act', at, actor: by, act: LABEL_ACT, service: record.service, reason: why, details },
  ])
  return { by: by.id, at, why, label: label.label, ...plain({ ...label, best, category }) }
}

/** What people said about a decision, everybody's newest word, newest first. */
export async function labelsOf(record: DecisionRecord, store: Pick<Store, 'audit'>): Promise<GivenLabel[]> {
  const { service, id } = record
  const acts = await store.audit.list({
    kinds: ['administrative_act'],
    service,
    from: record.decidedAt,
    limit: ACTS_READ,
  })
  const newest = new Map<string, GivenLabel>()
  for (const { entry } of acts) {
    if (entry.kind !== 'administrative_act' || entry.act !== LABEL_ACT || newest.has(entry.actor.id)) continue
    const kept = KeptLabel.safeParse(entry.details)
    if (!kept.success || kept.data.decisionId !== id) continue
    const { label, ...rest } = kept.data
    newest.set(entry.actor.id, { by: entry.actor.id, at: entry.at, why: entry.reason, label, ...plain(rest) })
  }
  return [...newest.values()]
}

function plain({ best, acceptable, tolerable, category }: Omit<Label, 'why' | 'label'>) {
  return { best: best ?? null, acceptable, tolerable, category: category ?? null }
}
