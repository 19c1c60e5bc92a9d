import type { ButtonValue } from '../approval/button-value.ts'
import type { Clicker, Desk, Origin, Reply } from '../approval/desk.ts'
import { mayDo } from '../approval/people.ts'
import { mainPostId } from '../approval/slack-approver.ts'
import type { SlackWeb } from '../approval/slack-web.ts'
import type { Actor } from '../domain/audit.ts'
import { instantOf } from '../domain/time.ts'
import { takeAnswer } from './answering.ts'
import { type CardParts, questionCard } from './question-card.ts'
import { runCommand, type SlackCommandParts } from './slack-commands.ts'
import { giveMoreTime, lookAgain, type WaitingParts, type Wish } from './waiting.ts'

export interface DeskParts extends Omit<WaitingParts, 'members'>, CardParts, Omit<SlackCommandParts, 'web'> {
  /** The workspace that we belong to; null until it is known, and then nobody is known. */
  readonly teamId: () => string | null
  /** Something changed; what is shown is brought up to date now. */
  readonly onChange: () => void
}

/** What clicks and commands in Slack come to. Who it is comes from the signed request alone. */
export function slackDesk(parts: DeskParts, web: SlackWeb): Desk {
  const { store, people, clock } = parts
  const answering: WaitingParts = { ...parts, members: (group) => web.members(group) }

  const note = (actor: Actor, act: string, service: string | null, reason: string, details: Record<string, unknown>) =>
    store.audit.append([
      { kind: 'administrative_act', at: instantOf(clock.now()), actor, act, service, reason, details },
    ])
  const actorOf = ({ person }: Clicker): Actor => ({ kind: 'person', id: person.name, via: 'slack' })
  const strange = async (what: string, origin: Origin) => {
    const actor: Actor = { kind: 'system', id: `slack:${origin.userId || 'nobody'}`, via: 'slack' }
    await note(actor, 'slack_click_rejected', null, what, { ...origin })
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

  const wish = async (wished: Promise<Wish>, { origin }: Clicker): Promise<Reply> => {
    const { refused, ...reply } = await wished
    if (refused !== null) await strange(refused, origin)
    return changed(reply)
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
    moreTime: (about, by) => wish(giveMoreTime(about.approval, by.person, 'slack', answering), by),
    reassess: (about, by) => wish(lookAgain(about.incident, by.person, 'slack', answering), by),
    label: async (about, by, label) => {
      if (!mayDo(by.person, 'respond'))
        return { isDone: false, text: `Your role here is ${by.person.role}; this needs responder.` }
      const record = await store.decisions.get(about.decision)
      if (!record || record.incidentId !== about.incident) {
        await strange(`label for ${about.decision}, which is not of this incident`, by.origin)
        return { isDone: false, text: 'There is no such decision.' }
      }
      const details = { decisionId: record.id, incidentId: record.incidentId, label }
      await note(actorOf(by), 'verdict_labelled', record.service, `the verdict was ${label}`, details)
      return changed({ isDone: true, text: 'Thank you. It is kept as a suggestion for the evaluation set.' })
    },
    command: async (text, by) => changed(await runCommand(text, by.person, parts)),
  }
}

function answerOf(about: ButtonValue, { person }: Clicker) {
  const seen = { factsHash: about.facts, planHash: about.plan }
  return { approvalId: about.approval, person, via: 'slack', seen } as const
}
