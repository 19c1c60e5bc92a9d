import type { Found } from './mask-range.ts'

/** Names whose value is a secret whatever it looks like. */
const STRONG =
  'pass(?:word|wd|phrase|code)|pwd|client[_-]?secret|secret[_-]?(?:access[_-]?)?key|account[_-]?key|shared[_-]?access[_-]?(?:key|signature)|private[_-]?key|_auth(?:token)?|x-amz-(?:signature|security-token|credential)'
/** Names whose value is a secret when it looks like one: prose uses these words for other things too. */
const WEAK =
  '(?:access|refresh|id|auth|api|session|csrf|bot|bearer|security)?[_-]?token|secret|(?:api|access|auth|signing|encryption|master|license|integration|routing|service|webhook)[_-]?key|credentials?|apikey|jsessionid|phpsessid|connect\\.sid|sessionid|(?<=[?&])(?:sig|signature|code|key)|signature|otp|pin'
const SUFFIX = '(?:[_-]?(?:value|hash|b64|base64|plain|text|old|new|live|prod|\\d{1,2}))?'
const SEPARATOR = '(?:\\s{0,3}(?:=>|:=|[:=]|\\\\u003[dD])\\s{0,3}|\\s{1,3}(?=\\\\*["\']))'

const ASSIGNMENT = new RegExp(
  `(?<key>${STRONG}|${WEAK})${SUFFIX}(?<quote>\\\\*["'])?(?<sep>${SEPARATOR})(?<open>\\\\*["'])?`,
  'gi',
)
/** `--password hunter2` on a command line, and `IDENTIFIED BY 'hunter2'` in SQL. */
const SPOKEN = new RegExp(
  `(?:--(?:[a-z]+-){0,2}(?<key>${STRONG}|token|secret|api-?key)[ =]|identified by )(?<open>\\\\*["'])?`,
  'gi',
)
/** "token abc…", "API key is abc…": only what is long and random counts. */
const MENTIONED =
  /(?<![\w-])(?:token|secret|password|passphrase|credential|(?:api|access|secret|signing|auth)[ -]key)(?: (?:is|was|of|id|value))?[ :]{1,2}\\*["'(]?([\w+/.~-]{20,512}={0,2})(?![\w=])/gi
const STRONG_KEY = new RegExp(`^(?:${STRONG})$`, 'i')

const MAX_SECRET = 4096
/** Words that people and programs write where a secret would stand. */
const NOT_SECRET =
  /^(?:null|nil|none|true|false|undefined|empty|missing|invalid|expired|required|incorrect|wrong|unknown|rejected|denied|revoked|rotated|changed|unset|set|not|is|was|has|for|must|the|and|or|failed|failure|error|ok|valid|accepted|mismatch|redacted|masked|hidden|removed|bearer|basic|x+|\*+|\.+|-+|…|\[?\*{3,}\]?|\[?(?:redacted|filtered|masked|hidden|removed)\]?)[.,;:!?)]*$/i
const TEMPLATE = /^(?:\$\{|\{\{|\$\(|\$[A-Z_]+|%[a-z]\b|%[A-Z_]+%|<[a-z_ -]+>)/
/** Places, times, versions, measures and ids of things: evidence, never a secret. */
const PLAIN =
  /^(?:https?:|arn:|\/|\.{1,2}\/|v?\d+(?:\.\d+)+|\d{4}-\d\d-\d\d|-?\d{1,9}(?:\.\d+)?(?:[a-z%µ]{0,4})?$|projects\/|sha256:)/i

/** Finds secrets by the name that they are assigned to, as in `password=…`, `"api_key": "…"` or `--token …`. */
export function findAssignments(text: string): Found[] {
  const found: Found[] = []
  for (const match of text.matchAll(ASSIGNMENT)) {
    const { key = '', quote, sep = '', open } = match.groups ?? {}
    const isStrong = STRONG_KEY.test(key)
    // The working directory goes by the same name.
    if (key.toLowerCase() === 'pwd' && text[match.index + match[0].length] === '/') continue
    // "password 'x'" is SQL; "token 'x'" is prose.
    if (sep.trim() === '' && !isStrong) continue
    add(found, text, match.index + match[0].length, {
      open,
      quote,
      isStrong,
      isAssigned: sep.trim() !== '' && !/\s$/.test(sep),
    })
  }
  for (const match of text.matchAll(SPOKEN))
    add(found, text, match.index + match[0].length, {
      open: match.groups?.open,
      quote: undefined,
      isStrong: true,
      isAssigned: true,
    })
  for (const match of text.matchAll(MENTIONED)) {
    const value = (match[1] ?? '').replace(/[.,;:]+$/, '')
    const start = match.index + match[0].length - (match[1] ?? '').length
    if (isRandom(value) && !PLAIN.test(value)) found.push({ start, end: start + value.length, kind: 'token' })
  }
  return found
}

interface Place {
  /** The quote that opens the value, with the backslashes before it. */
  readonly open: string | undefined
  /** The quote that closes the name. */
  readonly quote: string | undefined
  readonly isStrong: boolean
  /** Written as `name=value` or `name: "value"`, not as prose with a colon. */
  readonly isAssigned: boolean
}

function add(found: Found[], text: string, start: number, place: Place) {
  const end = (place.open && quotedEnd(text, start, place.open)) || bareEnd(text, start)
  const value = text.slice(start, end)
  if (!value || NOT_SECRET.test(value) || TEMPLATE.test(value)) return
  if (place.isStrong ? !isPassword(value, place) : !isTokenLike(value, place)) return
  const kind = place.isStrong ? 'password' : 'token'
  // A bare number or word after a quoted name is a JSON value of its own.
  if (place.quote && !place.open) found.push({ start, end, kind, quote: place.quote })
  else found.push({ start, end, kind })
}

/**
 * Where the quoted value ends; null when the quote is never closed. A quote with more backslashes than the opening one is part of the value,
 * and in JSON a value in single quotes does not reach beyond the string that it stands in.
 */
function quotedEnd(text: string, start: number, open: string): number | null {
  const depth = open.length - 1
  const mark = open.at(-1)!
  const part = text.slice(start, start + MAX_SECRET)
  const isJson = mark === "'" && /^\s*[[{]/.test(text.slice(0, 20))
  for (let at = 0; at < part.length; at += 1) {
    const char = part[at]
    if (char !== mark && !(isJson && char === '"')) continue
    let slashes = 0
    while (slashes < at && part[at - 1 - slashes] === '\\') slashes += 1
    if (char !== mark) {
      if (slashes % 2 === 0) return null
    } else if (depth === 0 && slashes % 2 === 0) return start + at
    else if (depth > 0 && slashes <= depth) return start + at - slashes
  }
  return null
}

/** A separator ends a bare value only where the next name or nothing follows: passwords hold commas and semicolons too. */
const BARE = /(?:(?!,\s|;(?:\s|$)|;[\w. -]{1,30}=|[,&][\w.-]{1,30}[=:])[^\s"'\\<>{}]){1,4096}/y

function bareEnd(text: string, start: number): number {
  if (text[start] === '<' || text[start] === '[') return start
  BARE.lastIndex = start
  const value = BARE.exec(text)?.[0] ?? ''
  return start + value.replace(/[.,)\]]+$/, '').length
}

/** After "password:" prose may follow ("password: expired for …"); a number or a single plain word is taken for prose there. */
function isPassword(value: string, { open, isAssigned, quote }: Place): boolean {
  if (open || isAssigned || quote) return value.length >= 3
  return value.length >= 4 && !/^[a-z]+$/i.test(value) && !PLAIN.test(value)
}

function isTokenLike(value: string, { open, isAssigned }: Place): boolean {
  if (value.length < 8 || PLAIN.test(value)) return false
  if (isRandom(value)) return true
  // Names of things are words joined by hyphens; what is left has digits, capitals and signs mixed.
  if (/^[A-Za-z]+(?:[-_./: ][A-Za-z]+)*$/.test(value)) return false
  return (open !== undefined || isAssigned) && !/\s/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value)
}

/** Long, without white space, and with too many different characters and changes of kind to be words. */
function isRandom(value: string): boolean {
  if (value.length < 16 || /\s/.test(value) || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false
  const seen = new Map<string, number>()
  for (const char of value) seen.set(char, (seen.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of seen.values()) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits >= 3
}
