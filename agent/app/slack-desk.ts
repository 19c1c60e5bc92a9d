import type { ButtonValue } from '../approval/button-value.ts'
import type { Clicker, Desk, Origin, Reply } from '../approval/desk.ts'
import { mainPostId } from '../approval/slack-approver.ts'
import type { SlackWeb } from '../approval/slack-web.ts'
import type { ApprovalSettings } from '../config/approval-settings.ts'
import type { Actor } from '../domain/audit.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import { type AnsweringParts, takeAnswer } from './answering.ts'
import { type CardParts, questionCard } from './question-card.ts'
import { runCommand, type SlackCommandParts } from './slack-commands.ts'

export interface DeskParts extends Omit<AnsweringParts, 'members'>, CardParts, Omit<SlackCommandParts, 'web'> {
  readonly settings: ApprovalSettings
  /** The workspace that we belong to; null until it is known, and then nobody is known. */
  readonly teamId: () => string | null
  /** Something changed; what is shown is brought up to date now. */
  readonly onChange: () => void
}

const MINUTE_MS = 60_000

/** What clicks and commands in Slack come to. Who it is comes from the signed request alone. */
export function slackDesk(parts: DeskParts, web: SlackWeb): Desk {
  const { store, people, clock, settings } = parts
  const answering: AnsweringParts = { ...parts, members: (group) => web.members(group) }

  const note = (actor: Actor, act: string, service: string | null, reason: string, details: Record<string, unknown>) =>
    store.audit.append([
      { kind: 'administrative_act', at: instantOf(clock.now()), actor, act, service, reason, details },
    ])
  const actorOf = ({ person }: Clicker): Actor => ({ kind: 'person', id: person.name, via: 'slack' })
  const strange = async (what: string, origin: Origin) => {
    const actor: Actor = { kind: 'system', id: `slack:${origin.userId || 'nobody'}`, via: 'slack' }
    await note(actor, 'slack_click_rejected', null, what, { ...origin })
  }
  /** Groups count here too: whoever may answer may also ask for more time. */
  const mayAnswer = async (approvers: readonly string[], { person }: Clicker) => {
    const { groups } = await people.groupsOf(person, (group) => web.members(group))
    return [person.name, ...groups].some((name) => approvers.includes(name))
  }
  const isOurMessage = async (about: ButtonValue, { place }: Origin) => {
    if (place === null) return true
    const posts = await store.posts.of(about.incident)
    return posts.some((post) => post.id === mainPostId(about.incident) && post.place === place)
  }
  const changed = (reply: Reply) => {
    if (reply.isDone) parts.onChange()
    return reply
  }

  return {
    strange,
    clicker: async (origin, what) => {
      const isOurs = origin.teamId !== null && origin.teamId === parts.teamId()
      const person = isOurs ? people.bySlackUser(origin.userId) : null
      if (person) return { person, origin }
      await strange(`${what} by somebody who is not in the list of people`, origin)
      return null
    },
    card: async (about, origin) => {
      if (!(await isOurMessage(about, origin))) return null
      const card = await questionCard(about.incident, parts)
      return card && card.approval.id === about.approval ? card : null
    },
    opened: async (about, by, what) => {
      const { channel, place, userId } = by.origin
      const details = { approvalId: about.approval, incidentId: about.incident, slackUserId: userId, channel, place }
      await note(actorOf(by), 'approval_dialog_opened', null, what, details)
    },
    approve: async (about, by, { consent, comment }) =>
      changed(await takeAnswer({ ...answerOf(about, by), answer: 'approve', consent, comment }, answering)),
    refuse: async (about, by, reason) =>
      changed(await takeAnswer({ ...answerOf(about, by), answer: 'refuse', consent: '', comment: reason }, answering)),
    moreTime: async (about, by) => {
      const approval = await store.approvals.get(about.approval)
      if (!approval || !(await mayAnswer(approval.approvers, by))) {
        await strange(`more time for ${about.approval} by ${by.person.name}, who may not answer`, by.origin)
        return { isDone: false, text: 'Only those who may answer can ask for more time.' }
      }
      const latestMs = epochMs(approval.createdAt) + settings.longestMinutes * MINUTE_MS
      const untilMs = Math.min(epochMs(approval.expiresAt) + settings.moreTimeMinutes * MINUTE_MS, latestMs)
      const extended = await store.approvals.extend(about.approval, actorOf(by), instantOf(untilMs))
      if (extended)
        return changed({ isDone: true, text: `The question stands until ${extended.expiresAt.slice(11, 16)} UTC.` })
      await strange(`more time for ${about.approval}, which is closed or stands as long as it may`, by.origin)
      return {
        isDone: false,
        text: `Not possible: it is closed, or stands as long as it may (${settings.longestMinutes} min).`,
      }
    },
    reassess: async (about, by) => {
      const incident = await store.incidents.get(about.incident)
      if (!incident || incident.closedAt !== null) {
        await strange(`re-assessment of ${about.incident}, which is closed or unknown`, by.origin)
        return { isDone: false, text: 'That incident is closed.' }
      }
      await store.incidents.scheduleAssessment(incident.id, instantOf(clock.now()))
      const details = { incidentId: incident.id }
      await note(actorOf(by), 'assessment_demanded', incident.service, 'asked for in Slack', details)
      parts.nudge()
      return {
        isDone: true,
        text: 'Looking again now. When the facts changed, the question is asked anew and earlier answers do not count.',
      }
    },
    label: async (about, by, label) => {
      const record = await store.decisions.get(about.decision)
      if (!record || record.incidentId !== about.incident) {
        await strange(`label for ${about.decision}, which is not of this incident`, by.origin)
        return { isDone: false, text: 'There is no such decision.' }
      }
      const details = { decisionId: record.id, incidentId: record.incidentId, label }
      await note(actorOf(by), 'verdict_labelled', record.service, `the verdict was ${label}`, details)
      return changed({ isDone: true, text: 'Thank you. It is kept as a suggestion for the evaluation set.' })
    },
    command: async (text, by) => changed(await runCommand(text, actorOf(by), parts)),
  }
}

function answerOf(about: ButtonValue, { person }: Clicker) {
  const seen = { factsHash: about.facts, planHash: about.plan }
  return { approvalId: about.approval, person, via: 'slack', seen } as const
}
