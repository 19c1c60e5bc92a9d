import type { App } from '@slack/bolt'
import type { Clock } from '../lib/clock.ts'
import { asFault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { type ButtonValue, readButtonValue } from './button-value.ts'
import { type Card, isRefusable } from './card.ts'
import type { Clicker, Desk, Origin, Reply } from './desk.ts'
import { approveDialog, CONSENT_FIELD, outcomeDialog, REASON_FIELD, refuseDialog } from './dialogs.ts'
import type { SlackWeb } from './slack-web.ts'
import { escaped } from './text.ts'

export interface ListenerPorts {
  readonly desk: Desk
  readonly web: SlackWeb
  readonly clock: Clock
  readonly log: Log
  /** Where people are asked; what Slack sends about a dialog names no channel. */
  readonly channel: string
}

/** Slack waits three seconds for an answer to a dialog; past this much the outcome comes as a message instead. */
const DIALOG_PATIENCE_MS = 2000

const STALE = 'This message is out of date, or the question is closed. The current one is in this channel.'

/** The parts of Slack's requests that are read. Everything about who and where comes from the signed request itself. */
interface SignedBody {
  readonly user?: { readonly id?: unknown; readonly team_id?: unknown }
  readonly team?: { readonly id?: unknown } | null
  readonly user_id?: unknown
  readonly team_id?: unknown
  readonly channel?: { readonly id?: unknown } | null
  readonly channel_id?: unknown
  readonly container?: { readonly message_ts?: unknown }
  readonly trigger_id?: unknown
}

function originOf(body: unknown): Origin {
  const { user, team, user_id, team_id, channel, channel_id, container } = (body ?? {}) as SignedBody
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return {
    userId: text(user?.id) ?? text(user_id) ?? '',
    // The user's own workspace: in a shared channel somebody of another one may click.
    teamId: text(user?.team_id) ?? text(team?.id) ?? text(team_id),
    channel: text(channel?.id) ?? text(channel_id),
    place: text(container?.message_ts),
  }
}

/** Connects buttons, dialogs and the command with the desk. Handlers hold no rules. */
export function listenOn(app: App, { desk, web, clock, log, channel: home }: ListenerPorts): void {
  const whisper = async (text: string, { channel, userId }: Origin) => {
    if (userId === '') return
    // The act is done and stored; only its echo is lost.
    await web
      .whisper(escaped(text, 2000), { channel: channel ?? home, userId })
      .catch((error: unknown) => log.info({ err: asFault(error) }, 'could not answer a click in Slack'))
  }

  const onButton = (
    actionId: string,
    run: (about: ButtonValue, by: Clicker, triggerId: string) => Promise<Reply | null>,
  ) =>
    app.action(actionId, async ({ ack, body, action }) => {
      await ack().catch(() => undefined)
      const origin = originOf(body)
      const by = await desk.clicker(origin, actionId)
      if (by === null)
        return whisper('You are not among the people who may answer here. This is on the record.', origin)
      const about = readButtonValue('value' in action ? action.value : null)
      if (about === null) {
        await desk.strange(actionId, origin)
        return whisper('That button is not one of ours; nothing was done. This is on the record.', origin)
      }
      const triggerId = (body as SignedBody).trigger_id
      const reply = await run(about, by, typeof triggerId === 'string' ? triggerId : '')
      if (reply !== null) await whisper(reply.text, origin)
    })

  const onQuestion = (actionId: string, isOpen: (card: Card) => boolean, dialogFor: (card: Card) => object) =>
    onButton(actionId, async (about, by, triggerId) => {
      const card = await desk.card(about, by.origin)
      if (card === null || !isOpen(card)) {
        await desk.strange(`${actionId}_stale`, by.origin)
        return { isDone: false, text: STALE }
      }
      await desk.opened(about, by, actionId)
      // The dialog repeats what the clicked message said, so that a message which was overtaken cannot approve the newer question.
      const seen = { ...card, approval: { ...card.approval, factsHash: about.facts, planHash: about.plan } }
      await web.openDialog(dialogFor(seen), triggerId)
      return null
    })

  onQuestion('failwise_approve', ({ approval }) => approval.status === 'pending', approveDialog)
  onQuestion('failwise_refuse', isRefusable, refuseDialog)
  onButton('failwise_more_time', (about, by) => desk.moreTime(about, by))
  onButton('failwise_reassess', (about, by) => desk.reassess(about, by))
  onButton('failwise_right', (about, by) => desk.label(about, by, 'right'))
  onButton('failwise_wrong', (about, by) => desk.label(about, by, 'wrong'))

  const onDialog = (
    callbackId: string,
    run: (about: ButtonValue, by: Clicker, typed: { consent: string; comment: string }) => Promise<Reply>,
  ) =>
    app.view(callbackId, async ({ ack, body, view }) => {
      const origin = originOf(body)
      const about = readButtonValue(view.private_metadata)
      const by = await desk.clicker(origin, callbackId)
      if (by === null || about === null) {
        if (about === null) await desk.strange(callbackId, origin)
        await ack({
          response_action: 'update',
          view: outcomeDialog('Not counted', 'You may not answer this.') as never,
        })
        return
      }
      const field = (name: string) => view.state.values[name]?.[name]?.value ?? ''
      const outcome = run(about, by, { consent: field(CONSENT_FIELD), comment: field(REASON_FIELD) }).catch(
        (error: unknown): Reply => {
          log.warn({ err: asFault(error) }, 'an answer from Slack could not be stored')
          return {
            isDone: false,
            text: 'It could not be stored, so it does not count. Please try again, or use the command line.',
          }
        },
      )
      const soon = await Promise.race([outcome, clock.sleep(DIALOG_PATIENCE_MS).then(() => null)])
      if (soon === null) {
        await ack().catch(() => undefined)
        await whisper((await outcome).text, origin)
        return
      }
      const title = soon.isDone ? 'Done' : 'Not counted'
      await ack({ response_action: 'update', view: outcomeDialog(title, soon.text) as never }).catch(() => undefined)
    })

  onDialog('failwise_approve_view', (about, by, typed) => desk.approve(about, by, typed))
  onDialog('failwise_refuse_view', (about, by, typed) => desk.refuse(about, by, typed.comment))

  app.command('/failwise', async ({ ack, body, respond }) => {
    // Acknowledged at once: what follows may take as long as an assessment.
    await ack().catch(() => undefined)
    const origin = originOf(body)
    const by = await desk.clicker(origin, '/failwise')
    const reply: Reply =
      by === null
        ? { isDone: false, text: 'You are not among the people of failwise.yaml. This is on the record.' }
        : await desk.command(body.text ?? '', by).catch((error: unknown) => {
            const fault = asFault(error)
            return { isDone: false, text: escaped([fault.message, fault.hint].filter(Boolean).join(' '), 1000) }
          })
    await respond({ response_type: 'ephemeral', text: reply.text }).catch(() => whisper(reply.text, origin))
  })

  // Nothing of ours has these names: an action that somebody made up.
  app.action(/^(?!failwise_(approve|refuse|more_time|reassess|right|wrong)$)/, async ({ ack, body }) => {
    await ack().catch(() => undefined)
    await desk.strange('unknown_action', originOf(body))
  })
  app.error(async (error) => {
    log.warn({ err: asFault(error) }, 'a request from Slack could not be handled')
  })
}
