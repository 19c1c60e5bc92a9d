import type { Agent } from '../app/agent.ts'
import { takeAnswer } from '../app/answering.ts'
import { decisionContext } from '../app/decision-context.ts'
import { metricsKeeper } from '../app/intake.ts'
import { labelDecision } from '../app/labels.ts'
import { anchorFilesOf } from '../app/open-store.ts'
import { questionFor } from '../app/questions.ts'
import { replayDecision } from '../app/replay.ts'
import { statusOf } from '../app/status.ts'
import { giveMoreTime, lookAgain, type Wish } from '../app/waiting.ts'
import type { Person } from '../approval/people.ts'
import type { Actor, ChainedEntry } from '../domain/audit.ts'
import { entryText } from '../domain/audit-text.ts'
import { instantOf } from '../domain/time.ts'
import { snsReceiver } from '../ingest/sns.ts'
import { Fault } from '../lib/errors.ts'
import { sortableIds } from '../lib/ids.ts'
import { problemsFault } from '../lib/yaml-file.ts'
import { readPolicy } from '../policy/policy-file.ts'
import { readAnchors } from '../store/anchors.ts'
import type { AuditSort } from '../store/keeping.ts'
import type { Caller, Page, PageQuery, ServerDeps } from './deps.ts'
import { labelledCase } from './labelled-case.ts'
import { reviewDepsOf } from './review-wire.ts'

/** What the HTTP server may do with an agent. */
export function serverDepsOf(agent: Agent): ServerDeps {
  const { store, config, clock, metrics, log } = agent
  const { snsTopicArns } = config.settings.ingest
  const newId = sortableIds(clock)
  return {
    ...reviewDepsOf(agent),
    clock,
    log,
    registry: metrics.registry,
    http: agent.http,
    newRequestId: () => newId('req'),
    sns:
      snsTopicArns.length === 0
        ? null
        : snsReceiver({ http: agent.http, now: () => clock.now(), topicArns: snsTopicArns }),

    ingest: async (alerts, meta) => {
      const { stored, unmatched } = await agent.intake(alerts, meta.receivedAt)
      if (stored.incidents.some((incident) => incident.needsAssessment)) agent.nudge()
      return {
        incidents: [...new Set(stored.incidents.map(({ incidentId }) => incidentId))],
        unmatched: unmatched.map(({ fingerprint }) => fingerprint),
      }
    },
    updateMetrics: metricsKeeper(config.catalogue.services, store),
    addChange: async ({ kind, ...change }, caller) => {
      const id = `${caller.principal}:${change.service}:${change.ref}:${change.at}`
      await store.changes.record({ ...change, id, changeKind: kind, source: caller.principal })
      return { id }
    },

    listIncidents: async ({ limit, cursor, state, service }) => {
      const filter = { ...(state && { states: [state] }), ...(service && { service }) }
      return pageOf(await store.incidents.list({ ...filter, limit: offsetOf(cursor) + limit + 1 }), { limit, cursor })
    },
    getIncident: async (id) => {
      const incident = await store.incidents.get(id)
      if (!incident) return null
      const [alerts, decisions] = await Promise.all([
        store.incidents.alertsOf(id, 200),
        store.decisions.list({ incidentId: id, limit: 100 }),
      ])
      return { at: instantOf(clock.now()), incident, alerts, decisions }
    },
    listDecisions: async ({ limit, cursor, incidentId, service }) => {
      const filter = { ...(incidentId && { incidentId }), ...(service && { service }) }
      return pageOf(await store.decisions.list({ ...filter, limit: offsetOf(cursor) + limit + 1 }), { limit, cursor })
    },
    getDecision: (id) => store.decisions.get(id),
    getDecisionContext: (id) => decisionContext(id, store),
    replay: (id, policyText) => replayDecision(id, store, policyText === null ? null : parsedPolicy(policyText)),

    listAudit: async ({ limit, cursor, order, sort, filter }) => {
      const following = cursor === null ? {} : { following: placeOf(cursor) }
      const entries = await store.audit.list({ ...filter, ...following, order, sort, limit: limit + 1 })
      const items = entries.slice(0, limit).map((one) => ({ ...one, words: entryText(one.entry) }))
      const last = items.at(-1)
      return { items, next: last && entries.length > limit ? cursorOf(last, sort) : null }
    },
    verifyAudit: async () => {
      const anchors = await Promise.all(anchorFilesOf(config).map((file) => readAnchors(file).catch(() => [])))
      return store.audit.verify(anchors.flat())
    },
    exportAudit: (to, format, { order, sort, filter, columns }) =>
      store.audit.export(to, format, { ...filter, order, sort }, columns ?? undefined),

    status: async (caller) => {
      const { waiting, ...status } = await statusOf(agent)
      const asked = await Promise.all(waiting.map((one) => questionFor(one, caller.person, agent.answering)))
      return { ...status, waiting: asked, upstreams: agent.upstreams() }
    },
    listQuestions: async ({ status, incidentId, limit }, caller) => {
      const filter = { ...(status && { status }), ...(incidentId && { incidentId }), limit }
      const found = await store.approvals.list(filter)
      return Promise.all(found.map((one) => questionFor(one, caller.person, agent.answering)))
    },
    getQuestion: async (id, caller) => {
      const found = await store.approvals.get(id)
      return found && questionFor(found, caller.person, agent.answering)
    },
    answer: async (id, { answer, reason, consent, seen }, caller) => {
      const person = personIn(caller)
      const given = { approvalId: id, person, via: 'console', answer, comment: reason, consent, seen } as const
      const reply = await takeAnswer(given, agent.answering)
      if (!reply.isDone) throw new Fault('conflict', reply.text)
      agent.nudgeAll()
      return { text: reply.text }
    },
    moreTime: (id, caller) =>
      wished(agent, id, caller, () => giveMoreTime(id, personIn(caller), 'console', agent.answering)),
    lookAgain: async (id, caller) => {
      const question = await store.approvals.get(id)
      if (!question) throw new Fault('not_found', `there is no question ${JSON.stringify(id)}`)
      return wished(agent, id, caller, () =>
        lookAgain(question.incidentId, personIn(caller), 'console', agent.answering),
      )
    },
    label: async (id, label, caller) => {
      const record = await store.decisions.get(id)
      return record && labelDecision(record, label, actorOf(caller), { store, clock })
    },
    evaluationCase: async (id) => {
      const record = await store.decisions.get(id)
      return record && labelledCase(record, store)
    },
    pulse: async () => ({ ...(await store.maintenance.pulse()) }),
    scoreHistory: (scope, hours) => {
      const to = clock.now()
      return store.scores.history(scope, { from: instantOf(to - hours * 3_600_000), to: instantOf(to) })
    },
    freeze: async (service, reason, caller) => {
      assertKnown(agent, service)
      await store.freezes.set({ service, kind: 'freeze', reason, by: actorOf(caller), until: null })
    },
    unfreeze: async (service, reason, caller) => {
      assertKnown(agent, service)
      await store.freezes.lift(service, actorOf(caller), reason)
    },
    readiness: async () => {
      const store = await agent.store.ping().then(
        () => 'ok',
        () => 'unreachable',
      )
      return { isReady: store === 'ok', checks: { store, at: instantOf(clock.now()) } }
    },
  }
}

/** What was not granted is on the record as well: who tried, and why it was worth nothing. */
async function wished(agent: Agent, approvalId: string, caller: Caller, wish: () => Promise<Wish>) {
  const { isDone, text, refused } = await wish()
  if (isDone) {
    agent.nudgeAll()
    return { text }
  }
  const approval = await agent.store.approvals.get(approvalId)
  const subject = { approvalId, incidentId: approval?.incidentId ?? null }
  await agent.store.audit.append([
    {
      ...{ kind: 'administrative_act', at: instantOf(agent.clock.now()), actor: actorOf(caller), details: subject },
      ...{ act: 'approval_wish_rejected', service: approval?.service ?? null, reason: refused ?? text },
    },
  ])
  throw new Fault('conflict', text)
}

function parsedPolicy(text: string) {
  const read = readPolicy(text, 'policy')
  if (read.ok) return read.value
  throw new Fault('payload_invalid', problemsFault(read.problems).message, { hint: 'docs list what a policy may say' })
}

/** An answer is a person's, never a program's. */
function personIn({ person }: Caller): Person {
  if (person) return person
  throw new Fault('forbidden', 'an answer needs to know who gives it', {
    hint: 'sign in with a token of your own; it belongs beside your name under "people" in failwise.yaml',
  })
}

function actorOf({ principal, person }: Caller): Actor {
  if (person) return { kind: 'person', id: person.name, via: 'console' }
  // A token's name says which way in was used; it is no proof of a person.
  return { kind: 'system', id: principal, via: 'http' }
}

function assertKnown(agent: Agent, service: string | null): void {
  if (service === null || agent.services.find(service)) return
  throw new Fault('not_found', `there is no service "${service}" in the catalogue`)
}

/** Cursors of lists that are read from the front: how many were given already. */
function offsetOf(cursor: string | null): number {
  if (cursor === null) return 0
  const offset = Number(cursor)
  if (!Number.isInteger(offset) || offset < 0 || offset > 100_000)
    throw new Fault('usage', 'the cursor is not one of ours')
  return offset
}

/** A place in the audit log as a cursor: its number, and what the list is sorted by. */
function cursorOf({ seq, entry }: ChainedEntry, sort: AuditSort): string {
  if (sort === 'seq') return String(seq)
  const value =
    sort === 'actor' ? entry.actor.id : sort === 'kind' ? entry.kind : 'service' in entry ? entry.service : ''
  return `${seq}:${value ?? ''}`
}

function placeOf(cursor: string): { seq: number; value: string } {
  const [number = '', ...rest] = cursor.split(':')
  const seq = Number(number)
  if (number === '' || !Number.isSafeInteger(seq) || seq < 0) throw new Fault('usage', 'the cursor is not one of ours')
  return { seq, value: rest.join(':') }
}

function pageOf<T>(rows: readonly T[], { limit, cursor }: PageQuery): Page<T> {
  const offset = offsetOf(cursor)
  const items = rows.slice(offset, offset + limit)
  return { items, next: rows.length > offset + limit ? String(offset + limit) : null }
}
