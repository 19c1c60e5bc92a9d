import type { Found } from './mask-range.ts'

/**
 * Secrets that are recognised by their own shape. Every pattern starts with a literal and repeats only one bounded class at a time, so
 * that no line, however long or hostile, makes the search slower than linear.
 */
const SHAPES: readonly { readonly kind: string; readonly hint: string; readonly pattern: RegExp }[] = [
  { kind: 'jwt', hint: 'eyJ', pattern: /(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{4,8192}(?:\.[\w-]{0,4096})?/g },
  { kind: 'aws-key', hint: 'IA', pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g },
  { kind: 'google-key', hint: 'AIza', pattern: /(?<![\w-])AIza[\w-]{35}(?![\w-])/g },
  { kind: 'google-token', hint: 'ya29.', pattern: /(?<![\w-])ya29\.[\w-]{20,2048}/g },
  { kind: 'api-key', hint: 'sk-', pattern: /(?<![\w-])sk-[\w-]{20,256}/g },
  { kind: 'stripe-key', hint: 'whsec_', pattern: /(?<![\w-])whsec_[A-Za-z0-9+/=]{16,128}/g },
  { kind: 'slack-token', hint: 'xoxe', pattern: /(?<![\w-])xoxe(?:\.xox[bp])?-[\w-]{10,400}/g },
  { kind: 'digitalocean-token', hint: '_v1_', pattern: /(?<![\w-])do[opr]_v1_[0-9a-f]{32,128}/g },
  { kind: 'pypi-token', hint: 'pypi-', pattern: /(?<![\w-])pypi-AgEI[\w-]{20,512}/g },
  { kind: 'age-key', hint: 'AGE-SECRET', pattern: /AGE-SECRET-KEY-1[A-Z0-9]{20,100}/g },
  // user:password@host in an address of any scheme; only the password goes, the host is evidence.
  {
    kind: 'url-password',
    hint: '://',
    pattern: /(?<=:\/\/[^\s/?#:@"'<>\\]{0,128}:)[^\s/?#"'<>\\]{1,256}(?=@[\w[.-])/g,
  },
  { kind: 'url-token', hint: '://', pattern: /(?<=:\/\/)[\w.~%-]{20,512}(?=@[\w[.-])/g },
  // Go's MySQL form, which has no scheme.
  { kind: 'url-password', hint: '@tcp(', pattern: /(?<=[\w.-]{1,64}:)[^\s:@"'<>\\]{1,128}(?=@tcp\()/g },
]

const HEADER =
  /authorization\\*["']?\s{0,4}[:=]\s{0,4}(?:\[\s?)?\\*["']?(?:([A-Za-z][\w-]{2,20})\s{1,4})?([^\s"'\\<>]{4,8192})/gi
const HEADER_SCHEME = /^(?:bearer|basic|digest|negotiate|ntlm|token|apikey|oauth|splunk|hmac|aws4-hmac-sha256)$/i
const SCHEME = /(?:bearer|basic)\s{1,4}([\w.~+/=-]{8,8192})/gi
const COOKIE = /cookie\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?([\w.-]{1,80}=[^\r\n"\\]{3,8192})/gi
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g

/** Finds secrets by their own shape: tokens, keys, authorization headers, cookies, passwords in addresses, private keys. */
export function findTokens(text: string): Found[] {
  const found: Found[] = []
  for (const { kind, hint, pattern } of SHAPES) {
    if (!text.includes(hint)) continue
    for (const match of text.matchAll(pattern))
      found.push({ start: match.index, end: match.index + match[0].length, kind })
  }
  for (const match of text.matchAll(HEADER)) {
    const [whole, scheme = '', value = ''] = match
    // "authorization: failed for …" is prose; a credential follows a scheme or looks like one.
    const isCredential = HEADER_SCHEME.test(scheme) ? true : !HEADER_SCHEME.test(value) && looksRandom(value)
    const end = match.index + whole.length
    if (isCredential) found.push({ start: end - value.length, end, kind: 'authorization' })
  }
  addLast(found, text, SCHEME, 'authorization', looksRandom)
  addLast(found, text, COOKIE, 'cookie', () => true)
  if (text.includes('PRIVATE KEY')) addPrivateKeys(found, text)
  return found
}

function addLast(found: Found[], text: string, pattern: RegExp, kind: string, accept: (value: string) => boolean) {
  for (const match of text.matchAll(pattern)) {
    const value = match[1] ?? ''
    const end = match.index + match[0].length
    if (accept(value)) found.push({ start: end - value.length, end, kind })
  }
}

/** "Basic authentication" and "bearer tokens" are prose; a credential has a digit, padding or mixed case in it. */
function looksRandom(value: string): boolean {
  return /\d/.test(value) || value.endsWith('=') || /[a-z][A-Z]/.test(value)
}

/**
 * A whole key when its end is there. Log shippers also cut a key into one entry per line: then every long run of base64 in the same text
 * goes too, since nothing says which of them belongs to the key.
 */
function addPrivateKeys(found: Found[], text: string) {
  let isCut = false
  for (const match of text.matchAll(PRIVATE_KEY)) {
    const from = match.index + match[0].length
    const footer = text.slice(from, from + 20_000).search(/-----END [A-Z0-9 ]{0,40}PRIVATE KEY/)
    const body = footer < 0 ? null : text.slice(from, from + footer)
    if (body !== null && /^(?:[\w+/=\s:,-]|\\+[nrt])*$/.test(body)) {
      const trimmed = body.replace(/^(?:\s|\\+[nrt])+|(?:\s|\\+[nrt])+$/g, '')
      if (trimmed) {
        const start = from + body.indexOf(trimmed)
        found.push({ start, end: start + trimmed.length, kind: 'private-key' })
      }
    } else isCut = true
  }
  if (!isCut) return
  for (const match of text.matchAll(/[A-Za-z0-9+/]{40,8192}={0,2}/g))
    if (!/^[0-9a-f]+$/.test(match[0]))
      found.push({ start: match.index, end: match.index + match[0].length, kind: 'private-key' })
}
