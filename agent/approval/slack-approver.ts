import { hashOf } from '../domain/canonical.ts'
import { epochMs, type Instant } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { isFault } from '../lib/errors.ts'
import type { Approver } from './approver.ts'
import type { Message } from './blocks.ts'
import type { Card } from './card.ts'
import { renderCard } from './render-card.ts'
import {
  renderAskedAgain,
  renderDetails,
  renderEscalation,
  renderLaterAlert,
  renderMoreAlerts,
  renderPrompt,
} from './render-thread.ts'
import type { SlackWeb, Thread } from './slack-web.ts'

/** What is remembered of a message. */
export interface KnownPost {
  readonly id: string
  readonly channel: string
  readonly place: string | null
  readonly contentHash: string | null
  readonly attemptedAt: Instant
}

/** Where it is remembered which message stands where. */
export interface PostsPort {
  of(incidentId: string): Promise<readonly KnownPost[]>
  intend(post: { id: string; incidentId: string; channel: string }): Promise<void>
  confirm(post: { id: string; place: string; contentHash: string }): Promise<void>
  forget(id: string): Promise<void>
}

/** A message that should stand. */
interface Wanted {
  readonly id: string
  readonly message: Message
  /** Sent to the channel too, so that phones ring. */
  readonly isBroadcast: boolean
}

/** Alerts that get a message of their own in the thread; a storm of more is one message that counts. */
const ALERTS_SHOWN = 5
/** Clocks of two machines differ; a message is looked for from a little before it was sent. */
const LOOK_BACK_MS = 120_000

/** Shows cards in one Slack channel: one message per incident, everything else in its thread. */
export function slackApprover(
  channel: string,
  { web, posts }: { web: SlackWeb; posts: PostsPort; clock: Clock },
): Approver {
  return {
    name: 'slack',
    request: async (card) => {
      const mainId = mainPostId(card.incidentId)
      const known = new Map((await posts.of(card.incidentId)).map((post) => [post.id, post]))
      const stand = (wanted: Wanted, parent: string | null) =>
        settle(wanted, known.get(wanted.id) ?? null, card.incidentId, parent)
      const message = renderCard(card)
      let parent = await stand({ id: mainId, message, isBroadcast: false }, null)
      for (const wanted of threadOf(card)) {
        try {
          await stand(wanted, parent)
        } catch (error) {
          if (!isFault(error, 'not_found')) throw error
          // Somebody deleted the message itself; it is posted anew, and with it the thread.
          await posts.forget(mainId)
          parent = await settle({ id: mainId, message, isBroadcast: false }, null, card.incidentId, null)
        }
      }
    },
  }

  async function settle(
    wanted: Wanted,
    known: KnownPost | null,
    incidentId: string,
    parent: string | null,
  ): Promise<string> {
    const { id, message, isBroadcast } = wanted
    const contentHash = hashOf(JSON.stringify(message))
    if (known?.place && known.contentHash === contentHash) return known.place
    if (known?.place) {
      try {
        await web.update(message, { channel: known.channel, place: known.place })
        await posts.confirm({ id, place: known.place, contentHash })
        return known.place
      } catch (error) {
        if (!isFault(error, 'not_found')) throw error
        await posts.forget(id)
      }
    }
    const to: Thread = { channel, parent }
    // It was sent before and the answer was lost: it may stand there already.
    const lost = known && !known.place ? await web.find(id, to, epochMs(known.attemptedAt) - LOOK_BACK_MS) : null
    if (lost !== null) {
      await posts.confirm({ id, place: lost, contentHash: 'unknown' })
      return settle(wanted, { ...known!, place: lost, contentHash: 'unknown' }, incidentId, parent)
    }
    await posts.intend({ id, incidentId, channel })
    const place = await web.post(message, to, id, isBroadcast)
    await posts.confirm({ id, place, contentHash })
    return place
  }
}

/** The name under which an incident's message is remembered. */
export function mainPostId(incidentId: string): string {
  return `incident:${incidentId}`
}

function threadOf(card: Card): Wanted[] {
  const { incidentId, decisionId, approval } = card
  const wanted: Wanted[] = [{ id: `details:${decisionId}`, message: renderDetails(card), isBroadcast: false }]
  if (card.prompt !== null)
    wanted.push({ id: `prompt:${decisionId}`, message: renderPrompt(decisionId, card.prompt), isBroadcast: false })
  if (card.earlierQuestions > 0 && approval.status === 'pending')
    wanted.push({ id: `asked:${approval.id}`, message: renderAskedAgain(card), isBroadcast: true })
  for (const { number, approvers, mentions } of card.escalations)
    wanted.push({
      id: `escalation:${approval.id}:${number}`,
      message: renderEscalation(card, approvers, mentions),
      isBroadcast: true,
    })
  const shown = card.laterAlerts.slice(0, ALERTS_SHOWN)
  for (const alert of shown)
    wanted.push({
      id: `alert:${incidentId}:${alert.fingerprint}`,
      message: renderLaterAlert(alert),
      isBroadcast: false,
    })
  const more = card.laterAlerts.slice(ALERTS_SHOWN)
  if (more.length > 0) wanted.push({ id: `alerts:${incidentId}`, message: renderMoreAlerts(more), isBroadcast: false })
  return wanted
}
