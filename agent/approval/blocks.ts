import { cut } from './text.ts'

/** Slack's own limits; a message beyond them is refused as a whole, and then nobody is asked. */
export const LIMITS = Object.freeze({
  blocks: 50,
  header: 150,
  section: 3000,
  buttonText: 75,
  buttonValue: 2000,
  modalTitle: 24,
  /** Of the fallback text; Slack cuts longer ones itself, in the middle of a word. */
  text: 3000,
})

/** A block as Slack takes it. */
export type Block = { readonly type: string } & Readonly<Record<string, unknown>>

/** A message: blocks, and the text for notifications and screen readers. */
export interface Message {
  readonly text: string
  readonly blocks: readonly Block[]
}

type Style = Readonly<Partial<Record<'bold' | 'italic' | 'code', true>>>

/** A piece of a line. Text stands as it is: Slack looks for no markup in it. */
export type Piece =
  | { readonly type: 'text'; readonly text: string; readonly style?: Style }
  | { readonly type: 'link'; readonly url: string; readonly text: string }
  | { readonly type: 'user'; readonly user_id: string }
  | { readonly type: 'usergroup'; readonly usergroup_id: string }
  | { readonly type: 'date'; readonly timestamp: number; readonly format: string; readonly fallback: string }

export type Line = readonly Piece[]

export const words = (text: string): Piece => ({ type: 'text', text })
export const strong = (text: string): Piece => ({ type: 'text', text, style: { bold: true } })
export const code = (text: string): Piece => ({ type: 'text', text, style: { code: true } })

/** A link of ours, or only its words when there is no address. */
export function linked(text: string, url: string | null): Piece {
  return url === null ? words(text) : { type: 'link', url, text }
}

/** A moment in the reader's own time zone. */
export function moment(atMs: number): Piece {
  const fallback = `${new Date(atMs).toISOString().slice(11, 16)} UTC`
  return { type: 'date', timestamp: Math.floor(atMs / 1000), format: '{time}', fallback }
}

export function header(text: string): Block {
  return { type: 'header', text: { type: 'plain_text', text: cut(text, LIMITS.header), emoji: false } }
}

/** Lines one under another. */
export function paragraph(lines: readonly Line[]): Block {
  const elements = lines.flatMap((line, i) => (i === 0 ? [...line] : [words('\n'), ...line]))
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }
}

/** A title and points under it. */
export function points(title: string | null, items: readonly Line[]): Block {
  const head = title === null ? [] : [{ type: 'rich_text_section', elements: [strong(title)] }]
  const list = {
    type: 'rich_text_list',
    style: 'bullet',
    elements: items.map((elements) => ({ type: 'rich_text_section', elements })),
  }
  return { type: 'rich_text', elements: [...head, list] }
}

/** Text in fixed width, as it is. */
export function preformatted(text: string): Block {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [words(cut(text, LIMITS.section))] }],
  }
}

export interface ButtonOptions {
  readonly actionId: string
  readonly text: string
  readonly value: string
  readonly style?: 'primary' | 'danger'
  /** What a screen reader says instead of the short text. */
  readonly label: string
}

export function button({ actionId, text, value, style, label }: ButtonOptions) {
  return {
    type: 'button',
    action_id: actionId,
    text: { type: 'plain_text', text: cut(text, LIMITS.buttonText), emoji: false },
    value,
    accessibility_label: cut(label, LIMITS.buttonText),
    ...(style && { style }),
  }
}

export function actions(blockId: string, elements: readonly object[]): Block {
  return { type: 'actions', block_id: blockId, elements }
}

/** At most as many blocks as Slack takes; what is left out is said. */
export function withinLimits(blocks: readonly Block[], limit = LIMITS.blocks): readonly Block[] {
  if (blocks.length <= limit) return blocks
  const hidden = blocks.length - limit + 1
  return [...blocks.slice(0, limit - 1), paragraph([[words(`… and ${hidden} more parts, in the record`)]])]
}
