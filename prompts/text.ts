/** Characters that are invisible, reorder text, or smuggle a second text: controls, zero-width, bidi, tags, variation selectors, private use. */
const HIDDEN = /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
/** Everything that looks like an angle bracket, of which tags and role markers are made. */
const OPENING = /[<\uff1c\u2039\u00ab\u3008\u300a\u27e8\u27ea\u276e\u2770\u2329\u2264\u227a\ufe64]/g
const CLOSING = /[>\uff1e\u203a\u00bb\u3009\u300b\u27e9\u27eb\u276f\u2771\u232a\u2265\u227b\ufe65]/g
/** Look-alikes of the quotes, backticks and rules that set text off. */
const QUOTES = /["\u201c-\u201f\u2033\uff02\u275d\u275e`\u02cb\uff40]/g
const ROLE_TOKEN = /\[\s*(\/?\s*(?:inst|sys|system|assistant|user|tool)\s*)\]/gi

const MAX_WORD = 80
/** Runs that hold nothing to read: base64, hex, padding. JSON without blanks has signs in it and is shortened as text. */
const UNBROKEN = /[^\s,:;{}()[\]'|&?]{81,}/g

interface TextLimits {
  readonly maxChars: number
}

/**
 * Text of others as one quoted line: nothing in it can end the quote, start a line, hide, or look like a tag. What was removed is said, since
 * somebody who hides characters in a log line is evidence too.
 */
export function quoted(text: string, { maxChars }: TextLimits): string {
  return `"${neutral(text, maxChars)}"`
}

/** A short value such as a label or a name: bare when it is plain, quoted when it is anything else. */
export function value(text: string, maxChars = 60): string {
  return text.length <= maxChars && /^[\w.:/@+%-]+$/.test(text) ? text : quoted(text, { maxChars })
}

function neutral(text: string, maxChars: number): string {
  // Far beyond what is shown there is nothing worth the work of cleaning it.
  const head = text.slice(0, maxChars * 20)
  const visible = head.replace(HIDDEN, '')
  const hidden = [...head.matchAll(HIDDEN)].length
  const flat = visible
    .replace(OPENING, '(')
    .replace(CLOSING, ')')
    .replace(QUOTES, "'")
    .replace(ROLE_TOKEN, '($1)')
    .replace(/([-=#*_~\u2014\u2500])\1{3,}/g, '$1$1$1')
    .replace(/\s*[\r\n\t]+\s*/g, ' / ')
    .replace(/\s{2,}/g, ' ')
    .replace(UNBROKEN, (word) => `${word.slice(0, MAX_WORD / 2)}\u2026(+${word.length - MAX_WORD / 2})`)
    .trim()
  const rest = flat.length + text.length - head.length - maxChars
  const cut = rest > 0 ? `${whole(flat.slice(0, maxChars))}\u2026(+${rest} chars)` : flat
  return hidden > 0 ? `${cut} (${hidden} hidden characters removed)` : cut
}

/** Without half of a surrogate pair at its end. */
function whole(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text
}
