import type { Reply } from '../approval/desk.ts'
import { mayDo, type Person } from '../approval/people.ts'
import { cut, escaped } from '../approval/text.ts'
import type { Config } from '../config.ts'
import type { Actor } from '../domain/audit.ts'
import type { Scope } from '../domain/role.ts'
import { groupOf } from '../domain/service.ts'
import { instantOf } from '../domain/time.ts'
import type { Assessment } from '../engine/assess.ts'
import type { ServiceBook } from '../engine/service-entry.ts'
import type { Clock } from '../lib/clock.ts'
import type { DecisionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { statusOf } from './status.ts'

export interface SlackCommandParts {
  readonly store: Store
  readonly config: Config
  readonly services: ServiceBook
  readonly clock: Pick<Clock, 'now'>
  readonly nudge: () => void
  readonly assessNow: (incidentId: string) => Promise<Assessment | null>
}

const HELP = [
  '*status*  how things stand',
  '*open*  questions that wait for an answer',
  '*runs*  runs, newest first',
  '*decide <service>*  look at a service now and decide',
  '*explain <id or service>*  why it acted, and why not',
  '*pause <service> [reason]*  do nothing for a service until *resume <service>*',
  '*freeze <reason>*  the kill switch for everything; *unfreeze <reason>* ends it',
].join('\n')

const TEXT_LIMIT = 2900

/** What a command needs beyond looking. Stopping is for everybody who works on incidents; letting things go on is for those who may say yes. */
const NEEDED: Readonly<Record<string, Scope>> = {
  decide: 'respond',
  pause: 'respond',
  freeze: 'respond',
  resume: 'approve',
  unfreeze: 'approve',
}

/** Carries out what was typed after `/failwise`. */
export async function runCommand(text: string, person: Person, parts: SlackCommandParts): Promise<Reply> {
  const [verb = '', ...rest] = text.trim().split(/\s+/)
  const argument = rest.join(' ')
  const by: Actor = { kind: 'person', id: person.name, via: 'slack' }
  const needed = Object.hasOwn(NEEDED, verb.toLowerCase()) ? NEEDED[verb.toLowerCase()]! : 'read'
  if (!mayDo(person, needed)) return refused(`Your role here is ${person.role}; this needs more.`)
  switch (verb.toLowerCase()) {
    case 'status':
      return said(await statusText(parts))
    case 'open':
      return said(await openText(parts))
    case 'runs':
      return said(await runsText(parts))
    case 'explain':
      return said(await explainText(argument, parts))
    case 'decide':
      return decide(argument, by, parts)
    case 'pause':
      return pause(rest[0] ?? '', rest.slice(1).join(' '), by, parts)
    case 'resume':
      return resume(rest[0] ?? '', rest.slice(1).join(' '), by, parts)
    case 'freeze':
      return freeze(argument, by, parts)
    case 'unfreeze': {
      if (argument === '') return refused('Say why: /failwise unfreeze <reason>')
      const lifted = await parts.store.freezes.lift(null, by, argument)
      return said(lifted.length > 0 ? 'The freeze of everything is lifted.' : 'Nothing was frozen as a whole.')
    }
    case '':
    case 'help':
      return said(HELP)
    default:
      return refused(`There is no command “${escaped(verb, 40)}”.\n${HELP}`)
  }
}

function said(text: string): Reply {
  return { isDone: true, text: cut(text, TEXT_LIMIT) }
}

function refused(text: string): Reply {
  return { isDone: false, text: cut(text, TEXT_LIMIT) }
}

async function statusText({ store, config, clock }: SlackCommandParts): Promise<string> {
  const status = await statusOf({ store, config, clock })
  const frozen = status.frozen.map(
    (freeze) => `${escaped(freeze.service ?? 'everything', 60)} (${escaped(freeze.reason, 80)})`,
  )
  const incidents = status.incidents.slice(0, 15).map(({ incident, latest }) => {
    const decided = latest ? `${latest.decision.action} / ${latest.decision.disposition}` : 'not decided yet'
    return `• ${escaped(incident.service, 60)}: ${incident.state}, ${decided} (${incident.id})`
  })
  return [
    `*${status.mode} mode*, ${status.services.length} services, ${status.agents.length} agents`,
    `*Open incidents:* ${status.incidents.length || 'none'}`,
    ...incidents,
    `*Waiting for an answer:* ${status.waiting.length || 'none'}`,
    `*Runs under way:* ${status.runs.map((run) => `${escaped(run.service, 60)} ${run.state}`).join(', ') || 'none'}`,
    `*Frozen:* ${frozen.join(', ') || 'nothing'}`,
  ].join('\n')
}

async function openText({ store }: SlackCommandParts): Promise<string> {
  const waiting = await store.approvals.list({ status: 'pending', limit: 20 })
  if (waiting.length === 0) return 'No question waits.'
  return waiting
    .map(({ id, summary, votes, needed, expiresAt }) => {
      const yes = votes.filter((vote) => vote.answer === 'approve').length
      return `• ${escaped(summary, 200)}\n   ${yes} of ${needed}, no at ${expiresAt.slice(11, 16)} UTC, ${id}`
    })
    .join('\n')
}

async function runsText({ store }: SlackCommandParts): Promise<string> {
  const runs = await store.runs.list({ limit: 10 })
  if (runs.length === 0) return 'There was no run yet.'
  return runs
    .map(({ id, state, action, service, requestedBy, requestedAt }) => {
      const who = escaped(requestedBy, 60)
      return `• *${state}* ${action} of ${escaped(service, 60)}, asked for by ${who} at ${requestedAt.slice(0, 16)}Z (${id})`
    })
    .join('\n')
}

async function explainText(id: string, { store }: SlackCommandParts): Promise<string> {
  if (id === '') return 'Say what: /failwise explain <decision, incident or service>'
  const direct = (await store.decisions.get(id)) ?? (await store.decisions.latestOf(id))
  const [latest] = direct ? [] : await store.decisions.list({ service: id, limit: 1 })
  const record = direct ?? (latest ? await store.decisions.get(latest.id) : null)
  return record ? explanation(record) : `Nothing is on record about “${escaped(id, 80)}”.`
}

function explanation({ id, decision, opinion, service }: DecisionRecord): string {
  const verdict = opinion?.verdict
  const stopped = decision.blocked.map(({ action, rules }) => `• not ${action}: ${rules.join(', ')}`)
  const limits = decision.reasons
    .filter(({ outcome, action }) => outcome === 'block' || (outcome === 'limit' && action === decision.action))
    .map(({ rule, action, detail }) => `• ${rule} (${action ?? 'all'}): ${escaped(detail, 160)}`)
  return [
    `*${escaped(service, 60)}: ${decision.action} / ${decision.disposition}* (${id}, ${decision.decidedAt.slice(0, 16)}Z)`,
    verdict
      ? `Cause: ${verdict.rootCause.category}: ${escaped(verdict.rootCause.summary, 300)} (${Math.round(verdict.confidence * 100)} %)`
      : 'No verdict.',
    ...stopped,
    ...limits.slice(0, 15),
  ].join('\n')
}

async function decide(name: string, by: Actor, parts: SlackCommandParts): Promise<Reply> {
  const { store, services, clock } = parts
  const entry = services.find(name)
  if (!entry) return unknown(name)
  const { service } = entry
  const group = groupOf(service)
  const [known] = await store.incidents.list({ open: true, group, limit: 1 })
  const scope = { service: service.name, group, provider: service.primary.provider, severity: 'info' }
  const incident = known ?? (await store.incidents.openFromWatch(scope))
  await store.audit.append([
    {
      ...{ kind: 'administrative_act', at: instantOf(clock.now()), actor: by, act: 'assessment_demanded' },
      ...{ service: service.name, reason: 'asked for in Slack', details: { incidentId: incident.id } },
    },
  ])
  const assessment = await parts.assessNow(incident.id)
  if (assessment) {
    const record = await store.decisions.get(assessment.recorded.id)
    if (record) return said(explanation(record))
  }
  await store.incidents.scheduleAssessment(incident.id, instantOf(clock.now()))
  parts.nudge()
  return said(
    `${escaped(name, 60)} is being looked at (${incident.id}); /failwise explain ${incident.id} shows what comes out.`,
  )
}

async function pause(name: string, why: string, by: Actor, { store, services }: SlackCommandParts): Promise<Reply> {
  if (!services.find(name)) return unknown(name)
  const reason = why || `paused in Slack by ${by.id}`
  await store.freezes.set({ service: name, kind: 'freeze', reason, by, until: null })
  return said(`Nothing is done for ${escaped(name, 60)} until somebody types /failwise resume ${escaped(name, 60)}.`)
}

async function resume(name: string, why: string, by: Actor, { store, services }: SlackCommandParts): Promise<Reply> {
  if (!services.find(name)) return unknown(name)
  const lifted = await store.freezes.lift(name, by, why || `resumed in Slack by ${by.id}`)
  return said(lifted.length > 0 ? `${escaped(name, 60)} is no longer paused.` : `${escaped(name, 60)} was not paused.`)
}

async function freeze(reason: string, by: Actor, { store }: SlackCommandParts): Promise<Reply> {
  if (reason === '') return refused('Say why: /failwise freeze <reason>. It stops everything that the agent does.')
  await store.freezes.set({ service: null, kind: 'freeze', reason, by, until: null })
  return said('Everything is frozen: nothing is carried out until /failwise unfreeze <reason>.')
}

function unknown(name: string): Reply {
  return refused(name === '' ? 'Name a service.' : `There is no service “${escaped(name, 60)}” in the catalogue.`)
}
