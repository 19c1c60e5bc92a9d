import type { Action, Disposition } from './action.ts'
import type { AuditEntry } from './audit.ts'
import { reportText } from './run-report.ts'

const ACTIONS: Readonly<Record<Action, string>> = {
  no_action: 'do nothing',
  observe: 'keep watching',
  self_heal: 'heal in place',
  rollback_change: 'roll the change back',
  region_failover: 'fail over to the other region',
  dr_failover: 'fail over to the recovery site',
  page_human: 'page a person',
}
const DISPOSITIONS: Readonly<Record<Disposition, string>> = {
  act: 'carried out',
  ask: 'asks a person first',
  notify: 'people are told',
  record: 'recorded only',
}

/** The one line of an audit entry that says what happened. */
export function entryText(entry: AuditEntry): string {
  switch (entry.kind) {
    case 'decision_made': {
      const cause = entry.category ? `; cause: ${entry.category.replaceAll('_', ' ')}` : ''
      return `${ACTIONS[entry.action]} (${DISPOSITIONS[entry.disposition]})${cause}`
    }
    case 'assessment_failed':
      return `${entry.reason}${entry.paged ? '; a person was paged' : ''}`
    case 'approval_requested':
      return `may it ${ACTIONS[entry.action]}? asked ${entry.approvers.join(', ') || 'nobody'}`
    case 'approval_voted':
      return `${entry.answer}${entry.comment ? `: ${entry.comment}` : ''}`
    case 'approval_closed':
      return `${entry.status}: ${entry.reason}`
    case 'run_requested':
      return `${ACTIONS[entry.action]}${entry.isDryRun ? ' (rehearsal)' : ''}`
    case 'run_changed':
      return `${entry.from} → ${entry.to}: ${entry.detail}`
    case 'run_measured':
      return `${entry.plan}${entry.isDryRun ? ' (rehearsal)' : ''}: ${reportText(entry.report)}`
    case 'policy_loaded':
      return `policy ${entry.policyHash.slice(0, 12)} from ${entry.source}`
    case 'agent_started':
      return `version ${entry.version}, ${entry.mode} mode`
    case 'agent_taken_over':
      return `work of ${entry.deadAgent}`
    case 'store_exported':
    case 'store_imported':
      return `${entry.rows} rows`
    case 'administrative_act':
      return `${entry.act.replaceAll('_', ' ')}: ${entry.reason}`
    case 'cooldown_ended':
    case 'freeze_set':
    case 'freeze_lifted':
    case 'incident_closed':
      return entry.reason
  }
}
