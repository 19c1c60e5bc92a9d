import { createHmac } from 'node:crypto'
import { findAssignments } from './mask-assignments.ts'
import { findPersonalData } from './mask-personal.ts'
import { type Found, outsidePlaceholders } from './mask-range.ts'
import { createRuleSet } from './mask-rules.ts'
import { findTokens } from './mask-tokens.ts'

/** Replaces secrets in a text by stable placeholders such as `<secret:aws-key:1f3a>`; the same secret gets the same placeholder. */
export type Mask = (text: string) => Promise<string>

export interface MaskOptions {
  /**
   * Keys the placeholders. Keep it for as long as placeholders should stay comparable, and keep it to yourself: with it, a short
   * secret could be guessed from its placeholder.
   */
  readonly key: string | Uint8Array
}

/** One masked secret, for people who check what was masked. */
export interface Masked {
  readonly kind: string
  readonly secret: string
  readonly start: number
}

/** The mask as a plain function, for places that cannot wait, such as a logger. */
export function createSyncMask({ key }: MaskOptions): (text: string) => string {
  if (key.length < 16) throw new TypeError('the key of the mask needs at least 16 characters or bytes')
  const find = createFinder()
  const placeholder = (kind: string, secret: string) => `<secret:${kind}:${fingerprint(key, secret)}>`

  const maskText = (text: string) => {
    let masked = ''
    let at = 0
    for (const { start, end, kind, quote = '' } of find(text)) {
      masked += text.slice(at, start) + quote + placeholder(kind, text.slice(start, end)) + quote
      at = end
    }
    return masked + text.slice(at)
  }

  /** Member by member: slower, and the layout is lost, but what goes in as JSON comes out as JSON. */
  const maskMember = (name: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item) => maskMember(name, item))
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [maskText(key), maskMember(key, item)]))
    if (typeof value !== 'string') return value
    const [named] = findAssignments(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
    return named ? placeholder(named.kind, value) : maskText(value)
  }

  return (text) => {
    const masked = maskText(text)
    // Quotes inside quotes can be read in more than one way; a body that was JSON is not handed on as something else.
    if (masked === text || !/^\s*[[{]/.test(text.slice(0, 100)) || parsed(masked) || !parsed(text)) return masked
    return JSON.stringify(maskMember('', parsed(text)?.value))
  }
}

function parsed(json: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(json) }
  } catch {
    return null
  }
}

/** The mask as the port that collectors and prompts take. JSON stays valid JSON, and masking twice changes nothing. */
export function createMask(options: MaskOptions): Mask {
  const mask = createSyncMask(options)
  return async (text) => mask(text)
}

/** Lists what would be masked in a text. */
export function listSecrets(text: string): Masked[] {
  return createFinder()(text).map(({ start, end, kind }) => ({ kind, secret: text.slice(start, end), start }))
}

function createFinder(): (text: string) => Found[] {
  const findByRules = createRuleSet()
  return (text) => {
    const found = [...findTokens(text), ...findAssignments(text), ...findPersonalData(text), ...findByRules(text)]
    return merge(outsidePlaceholders(text, found))
  }
}

/** Sorted and without overlaps: of two findings that share characters the union is masked, under the name of the first. */
function merge(found: Found[]): Found[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const merged: Found[] = []
  for (const next of found) {
    const last = merged.at(-1)
    if (!last || next.start >= last.end) merged.push(next)
    else if (next.end > last.end) merged[merged.length - 1] = { ...last, end: next.end }
  }
  return merged
}

/** Sixteen bits: enough to tell the secrets of one incident apart, too few to confirm a guess. */
function fingerprint(key: string | Uint8Array, secret: string): string {
  return createHmac('sha256', key).update(`mask ${secret}`).digest('hex').slice(0, 4)
}
