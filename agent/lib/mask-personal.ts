import type { Found } from './mask-range.ts'

/** Endings that look like a domain after an @ and are none: systemd units and package or image versions. */
const NOT_DOMAIN = /\.(?:service|socket|timer|target|mount|scope|slice|device|path|swap)$|^v?\d+(?:\.\d+)/i
const LOCAL = /[\w.%+'-]/
const DOMAIN = /[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,6}\.[a-z]{2,24}(?![\w-])/iy

/** 13 to 19 digits, alone or in groups with one kind of separator; the leading digit is that of a card scheme. */
const CARD =
  /(?<![\w.+-])(?:[3-6]\d{12,18}|[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{1,7}|3[47]\d\d([ -])\d{6}\2\d{5})(?![\w.]\w|\w)/g
const CARD_NAME = /(?:card|pan|cc|credit)[\w -]{0,20}\\*["']?\s{0,2}[:=]\s{0,2}\\*["']?$/i

/** Finds e-mail addresses and payment card numbers. */
export function findPersonalData(text: string): Found[] {
  return [...findAddresses(text), ...findCards(text)]
}

/** Goes from each @ outwards, so that a long line costs no more than its length. */
function findAddresses(text: string): Found[] {
  const found: Found[] = []
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at
    while (start > 0 && at - start < 64 && LOCAL.test(text[start - 1]!)) start -= 1
    // A backslash before the first letter makes it part of an escape such as \n.
    if (text[start - 1] === '\\' && start < at) start += 1
    while (start < at && !/[A-Za-z0-9_]/.test(text[start]!)) start += 1
    DOMAIN.lastIndex = at + 1
    const domain = DOMAIN.exec(text)?.[0]
    if (start === at || !domain || NOT_DOMAIN.test(domain) || text.slice(start, at) === 'git') continue
    found.push({ start, end: at + 1 + domain.length, kind: 'email' })
  }
  return found
}

function findCards(text: string): Found[] {
  const found: Found[] = []
  let isJson: boolean | undefined
  for (const match of text.matchAll(CARD)) {
    const digits = match[0].replace(/\D/g, '')
    if (!hasCardLength(digits) || !passesLuhn(digits)) continue
    const { index: start } = match
    const end = start + match[0].length
    const before = text.slice(Math.max(0, start - 40), start)
    const isNamed = CARD_NAME.test(before)
    const isQuotedAlone = /\\*["']$/.test(before) && /^\\*["']/.test(text.slice(end, end + 4))
    // A number that is a whole value is a measurement or an id unless its name says card.
    if (isQuotedAlone && !isNamed) continue
    const isBareValue = /[:,[]\s{0,20}$/.test(before) && /^\s{0,20}[,}\]]/.test(text.slice(end, end + 24))
    if (isBareValue) {
      isJson ??= parses(text)
      if (isJson && !isInString(text, start)) {
        if (isNamed) found.push({ start, end, kind: 'card', quote: '"' })
        continue
      }
    }
    found.push({ start, end, kind: 'card' })
  }
  return found
}

/** Lengths by scheme: Diners and Amex 14 and 15, everybody else 16 (Visa also 13 and 19, but those are rarer than counters that pass the check). */
function hasCardLength(digits: string): boolean {
  if (digits.startsWith('3')) return digits.length === 14 || digits.length === 15
  return digits.length === 16
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i])
    const weighted = i % 2 === 1 ? digit * 2 : digit
    sum += weighted > 9 ? weighted - 9 : weighted
  }
  return sum % 10 === 0
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Whether a place in a JSON text lies inside a string. */
function isInString(json: string, place: number): boolean {
  let isInside = false
  for (let i = 0; i < place; i += 1) {
    if (json[i] === '\\') i += 1
    else if (json[i] === '"') isInside = !isInside
  }
  return isInside
}
