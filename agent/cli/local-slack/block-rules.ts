/** What Slack refuses; null when it would take the blocks. Kept strict, so that a message which the real one refuses is refused here too. */
export function blocksProblem(blocks: unknown, limit = 50): string | null {
  if (!Array.isArray(blocks)) return 'blocks must be a list'
  if (blocks.length > limit) return `more than ${limit} blocks`
  let characters = 0
  for (const [i, block] of blocks.entries()) {
    const problem = blockProblem(block as Record<string, unknown>)
    if (problem !== null) return `/blocks/${i}: ${problem}`
    characters += JSON.stringify(block).length
  }
  return characters > 60_000 ? 'msg_blocks_too_long' : null
}

const TYPES = new Set(['header', 'section', 'rich_text', 'actions', 'divider', 'context', 'input'])

function blockProblem(block: Record<string, unknown>): string | null {
  const { type, block_id: blockId } = block
  if (typeof type !== 'string' || !TYPES.has(type)) return `unknown type ${String(type)}`
  if (blockId !== undefined && String(blockId).length > 255) return 'block_id too long'
  if (type === 'header') return textProblem(block.text, 150, 'plain_text')
  if (type === 'section') return textProblem(block.text, 3000, null)
  if (type === 'actions') return elementsProblem(block.elements, 25)
  if (type === 'rich_text') return richTextProblem(block.elements)
  if (type === 'input') return textProblem(block.label, 2000, 'plain_text')
  return null
}

function textProblem(given: unknown, limit: number, wanted: string | null): string | null {
  const { type, text } = (given ?? {}) as { type?: unknown; text?: unknown }
  if (wanted !== null && type !== wanted) return `text must be ${wanted}`
  if (typeof text !== 'string' || text.length === 0) return 'text is missing'
  return text.length > limit ? `text longer than ${limit}` : null
}

function elementsProblem(given: unknown, limit: number): string | null {
  if (!Array.isArray(given) || given.length === 0 || given.length > limit) return 'wrong number of elements'
  const ids = new Set<unknown>()
  for (const element of given as Record<string, unknown>[]) {
    const problem = textProblem(element.text, 75, 'plain_text')
    if (problem !== null) return problem
    if (typeof element.value === 'string' && element.value.length > 2000) return 'value longer than 2000'
    if (typeof element.accessibility_label === 'string' && element.accessibility_label.length > 75)
      return 'accessibility_label longer than 75'
    if (ids.has(element.action_id)) return 'action_id used twice'
    ids.add(element.action_id)
  }
  return null
}

const PIECES = new Set(['text', 'link', 'user', 'usergroup', 'date'])

function richTextProblem(given: unknown): string | null {
  if (!Array.isArray(given) || given.length === 0) return 'rich_text without elements'
  for (const element of given as Record<string, unknown>[]) {
    if (element.type === 'rich_text_list') {
      const problem = richTextProblem(element.elements)
      if (problem !== null) return problem
      continue
    }
    if (element.type !== 'rich_text_section' && element.type !== 'rich_text_preformatted')
      return `unknown rich_text element ${String(element.type)}`
    if (!Array.isArray(element.elements) || element.elements.length === 0) return 'empty rich_text element'
    for (const piece of element.elements as Record<string, unknown>[]) {
      if (typeof piece.type !== 'string' || !PIECES.has(piece.type)) return `unknown piece ${String(piece.type)}`
      if (piece.type === 'text' && (typeof piece.text !== 'string' || piece.text.length === 0)) return 'empty text'
      if (piece.type === 'link' && !/^https?:\/\//.test(String(piece.url))) return 'link without an address'
    }
  }
  return null
}
