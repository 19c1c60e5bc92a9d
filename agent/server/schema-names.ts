import { z } from 'zod'
import { Action, Ceiling, Disposition, Target } from '../domain/action.ts'
import { Alert } from '../domain/alert.ts'
import { AnomalyOpinion } from '../domain/anomaly.ts'
import { Approval } from '../domain/approval.ts'
import { AuditEntry } from '../domain/audit.ts'
import { Decision, Reason } from '../domain/decision.ts'
import { Evidence, Observer } from '../domain/evidence.ts'
import { Facts } from '../domain/facts.ts'
import { HealthScore, ScoreLevel } from '../domain/health-score.ts'
import { Incident } from '../domain/incident.ts'
import { JournalEntry, Run } from '../domain/run.ts'
import { RunReport } from '../domain/run-report.ts'
import { Service, Site } from '../domain/service.ts'
import { Signal } from '../domain/signal.ts'
import { Snapshot } from '../domain/snapshot.ts'
import { Category, Citation, Opinion } from '../domain/verdict.ts'
import { DecisionSummary } from '../store/records.ts'
import { QuestionBody } from './approval-routes.ts'
import { ErrorBody } from './errors.ts'
import { AuditItem, LabelBody } from './record-bodies.ts'

/** What stands once in the API's description, under its own name, wherever an answer holds it. */
const NAMED = {
  ...{ Alert, AnomalyOpinion, Approval, AuditEntry, AuditItem, Decision, DecisionSummary, Evidence, Facts },
  ...{ HealthScore, Incident, JournalEntry, Opinion, Reason, Run, RunReport, Service, Signal, Snapshot },
  ...{ Action, Category, Ceiling, Citation, Disposition, Observer, ScoreLevel, Site, Target },
  ...{ Error: ErrorBody, GivenLabel: LabelBody, Question: QuestionBody },
}

type Schemas = Readonly<Record<string, unknown>>

/** The library describes everything twice, as it is sent and as it is answered; what nothing refers to is left out. */
export function withoutUnused<
  T extends { readonly paths?: unknown; readonly components?: { readonly schemas?: Schemas } },
>(document: T): T {
  const { schemas = {} } = document.components ?? {}
  const used = new Set<string>()
  const visit = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part ?? {}).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (used.has(name)) continue
      used.add(name)
      visit(schemas[name])
    }
  }
  visit(document.paths)
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)))
  return { ...document, components: { ...document.components, schemas: kept } }
}

export const schemaNames = z.registry<{ id: string }>()
for (const [id, schema] of Object.entries(NAMED)) schemaNames.add(schema, { id })
