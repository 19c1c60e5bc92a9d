/** Markup that is safe to be put into a page. */
export interface Markup {
  readonly markup: string
}

type Part = Markup | string | number | null | undefined | false | readonly Part[]

/** Characters that reorder or hide text, or move a cursor: shown by their code instead of obeyed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: neutralising them is the point
const TRICKY = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** Text for an element or a quoted attribute. */
export function escaped(text: string): string {
  return text
    .replaceAll(TRICKY, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** A template whose values are escaped unless they are markup themselves; lists are joined, null, undefined and false vanish. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let out = strings[0] ?? ''
  for (const [index, part] of parts.entries()) out += rendered(part) + (strings[index + 1] ?? '')
  return { markup: out }
}

function rendered(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return String(part)
  if ('markup' in part) return part.markup
  return part.map(rendered).join('')
}
