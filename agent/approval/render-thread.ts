import {
  type Block,
  code,
  header,
  type Line,
  linked,
  type Message,
  type Piece,
  paragraph,
  points,
  preformatted,
  strong,
  withinLimits,
  words,
} from './blocks.ts'
import type { Card, LaterAlert } from './card.ts'
import { cut, escaped, fitting, plain } from './text.ts'

/** A list of lines is cut into several blocks, because each has room for so much only. */
const LINES_PER_BLOCK = 12
const LINE_SIZE = 230
const DETAIL_LINES = 180
/** Slack refuses messages whose blocks are too large together. */
const DETAIL_CHARACTERS = 11_000

/** Everything behind the decision, for the thread: all evidence, alternatives, unknowns, every rule. */
export function renderDetails(card: Card): Message {
  const title = `Behind decision ${plain(card.decisionId, 60)}`
  const blocks: Block[] = [header(title)]
  const { verdict } = card
  if (verdict !== null) blocks.push(paragraph([[strong('Reasoning: '), words(plain(verdict.reasoning, 1500))]]))
  const sections: [string, Line[]][] = [
    ['All evidence', card.allEvidence.map((one) => evidenceLine(one))],
    [
      'Other explanations',
      (verdict?.alternatives ?? []).map(({ category, whyNot }) => line(`not ${category}`, whyNot)),
    ],
    ['Not known', (verdict?.unknowns ?? []).map((text): Line => [words(plain(text, LINE_SIZE))])],
    ['Rules of the gate', ruleLines(card)],
  ]
  let room = DETAIL_CHARACTERS
  for (const [name, lines] of sections) {
    if (lines.length === 0) continue
    const { shown, hidden } = fitting(lines.slice(0, DETAIL_LINES), sizeOf, room)
    room -= shown.reduce((sum, one) => sum + sizeOf(one), 0)
    const more: Line[] = hidden > 0 ? [[words(`… and ${hidden} more, in the record`)]] : []
    const all = [...shown, ...more]
    for (let i = 0; i < all.length; i += LINES_PER_BLOCK)
      blocks.push(points(i === 0 ? name : null, all.slice(i, i + LINES_PER_BLOCK)))
  }
  if (card.recordUrl !== null) blocks.push(paragraph([[linked('The whole record', card.recordUrl)]]))
  return { text: escaped(`${title}: ${card.allEvidence.length} pieces of evidence`, 300), blocks: withinLimits(blocks) }
}

function sizeOf(pieces: Line): number {
  return pieces.reduce((sum, piece) => sum + ('text' in piece ? piece.text.length : 20) + 40, 0)
}

function line(head: string, text: string): Line {
  return [code(plain(head, 60)), words(` ${plain(text, LINE_SIZE)}`)]
}

function evidenceLine({ id, text, url, status, observer }: Card['allEvidence'][number]): Line {
  const head: Piece = linked(plain(id, 60), url)
  return [head, words(` (${observer}, ${status}): ${plain(text, LINE_SIZE)}`)]
}

const OUTCOME_ORDER = ['block', 'limit', 'info', 'pass']

function ruleLines({ reasons }: Card): Line[] {
  return [...reasons]
    .sort((a, b) => OUTCOME_ORDER.indexOf(a.outcome) - OUTCOME_ORDER.indexOf(b.outcome))
    .map(({ rule, action, outcome, detail }) => line(`${outcome} ${rule}`, `${action ?? 'all'}: ${detail}`))
}

const PROMPT_CHARACTERS = 10_500
const PROMPT_BLOCK = 2900

/** Exactly what the model was sent, as far as a message holds it. */
export function renderPrompt(decisionId: string, prompt: string): Message {
  const shown = cut(prompt.replaceAll('\r', ''), PROMPT_CHARACTERS)
  const blocks: Block[] = [header(`What the model was asked for ${plain(decisionId, 60)}`)]
  for (let i = 0; i < shown.length; i += PROMPT_BLOCK) blocks.push(preformatted(shown.slice(i, i + PROMPT_BLOCK)))
  if (shown.length < prompt.length)
    blocks.push(paragraph([[words(`${prompt.length - shown.length + 1} more characters are not shown.`)]]))
  return { text: `The prompt of ${escaped(decisionId, 60)}`, blocks }
}

/** A new question about an incident whose message stands already: an update in place rings nobody's phone. */
export function renderAskedAgain(card: Card): Message {
  const who = mentionPieces(card.mentions, card.approval.approvers)
  const why =
    'What was found has changed, so answers to the question before do not count. The message above is up to date.'
  return {
    text: escaped(`Asked again about ${card.service}: an answer is needed`, 200),
    blocks: [paragraph([[strong(`Asked again about ${plain(card.service, 60)}. `), ...who], [words(why)]])],
  }
}

/** Nobody answered so far, so more people are asked. */
export function renderEscalation(card: Card, approvers: readonly string[], mentions: Card['mentions']): Message {
  const head = `No answer yet about ${plain(card.service, 60)}: now also asked: `
  return {
    text: escaped(`${head}${approvers.join(', ')}`, 300),
    blocks: [paragraph([[strong(head), ...mentionPieces(mentions, approvers)]])],
  }
}

function mentionPieces({ users, userGroups }: Card['mentions'], names: readonly string[]): Piece[] {
  const pieces: Piece[] = []
  for (const id of userGroups) pieces.push({ type: 'usergroup', usergroup_id: id }, words(' '))
  for (const id of users.slice(0, 20)) pieces.push({ type: 'user', user_id: id }, words(' '))
  return pieces.length > 0 ? pieces : [words(plain(names.join(', '), 200))]
}

/** One alert that came later. */
export function renderLaterAlert({ text }: LaterAlert): Message {
  return {
    text: escaped(`Another alert: ${text}`, 300),
    blocks: [paragraph([[strong('Another alert: '), words(plain(text, 500))]])],
  }
}

/** All the alerts that came later when they are many. */
export function renderMoreAlerts(alerts: readonly LaterAlert[]): Message {
  const newest = alerts.at(-1)
  const text = `${alerts.length} more alerts; the newest: ${newest?.text ?? ''}`
  return { text: escaped(text, 300), blocks: [paragraph([[strong(plain(text, 500))]])] }
}
