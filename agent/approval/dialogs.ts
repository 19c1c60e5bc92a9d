import { type Block, type Line, paragraph, points, strong, words } from './blocks.ts'
import { buttonValue } from './button-value.ts'
import type { Card } from './card.ts'
import { dataLossText } from './render-card.ts'
import { plain } from './text.ts'

/** A dialog as Slack takes it. */
export type Dialog = { readonly type: 'modal' } & Readonly<Record<string, unknown>>

export const CONSENT_FIELD = 'consent'
export const REASON_FIELD = 'reason'

const plainText = (text: string) => ({ type: 'plain_text', text, emoji: false })

/** Repeats what will happen and where, and has the loss of data typed out where there may be one. */
export function approveDialog(card: Card): Dialog {
  const lines: Line[] = [[strong('Service: '), words(plain(card.service, 80))]]
  if (card.to !== null)
    lines.push(
      [strong('From: '), words(plain(card.from, 80))],
      [strong('To: '), strong(plain(card.to, 80))],
      [strong('Data loss: '), words(dataLossText(card.approval.dataLossSeconds))],
    )
  const blocks: Block[] = [paragraph([[words('You approve this and nothing else:')]]), points(null, lines)]
  if (card.consent !== null) {
    blocks.push({
      type: 'input',
      block_id: CONSENT_FIELD,
      label: plainText(`Type “${card.consent}” to accept the loss of data`),
      element: {
        type: 'plain_text_input',
        action_id: CONSENT_FIELD,
        max_length: 40,
        focus_on_load: true,
        placeholder: plainText(card.consent),
      },
    })
  }
  blocks.push(commentField('Comment (stands on the record)', true))
  return dialog('failwise_approve_view', 'Approve?', 'Approve', card, blocks)
}

/** Asks why not; the next person reads it. */
export function refuseDialog(card: Card): Dialog {
  const where = card.to === null ? '' : ` to ${plain(card.to, 60)}`
  const intro = paragraph([
    [words(`The answer becomes no: ${plain(card.service, 60)} is not moved${where}.`)],
    [words('Nobody can approve it afterwards; the agent may ask again when the facts change.')],
  ])
  return dialog('failwise_refuse_view', 'Refuse?', 'Refuse', card, [intro, commentField('Why not?', false)])
}

/** What came of it. */
export function outcomeDialog(title: string, text: string): Dialog {
  return {
    type: 'modal',
    title: plainText(title.slice(0, 24)),
    close: plainText('Close'),
    blocks: [paragraph([[words(plain(text, 1000))]])],
  }
}

function commentField(label: string, optional: boolean): Block {
  const element = { type: 'plain_text_input', action_id: REASON_FIELD, multiline: true, max_length: 500 }
  return { type: 'input', block_id: REASON_FIELD, optional, label: plainText(label), element }
}

function dialog(callbackId: string, title: string, submit: string, card: Card, blocks: readonly Block[]): Dialog {
  return {
    type: 'modal',
    callback_id: callbackId,
    title: plainText(title),
    submit: plainText(submit),
    close: plainText('Cancel'),
    private_metadata: buttonValue(card),
    blocks,
  }
}
