import type { Service, Site } from '../../domain/service.ts'

const REGION_WORDS =
  'north|south|east|west|central|southeast|northeast|us|uk|europe|asia|australia|japan|korea|india|canada|france|germany|switzerland|norway|sweden|uae|brazil|africa|poland|italy|israel|qatar|spain|mexico|zealand|new|jio'

/** How a region may be written: as a code ("eu-west-1"), as words ("West Europe"), or short ("euw1"). */
export function regionPattern(region: string): RegExp {
  const code = region.toLowerCase()
  const words = wordsOf(code)
  const forms = [quoted(code), quoted(code.replaceAll('-', '_')), ...shortForms(code)]
  if (words) forms.push(words.join('[ -]?'))
  return new RegExp(`(?<![a-z0-9]|(?:north|south|east|west)[ -]?)(?:${forms.join('|')})(?![a-z]{2}|\\d)`, 'i')
}

/** The usual abbreviations: "eu-west-1" is euw1 or ew1, "ap-southeast-2" is apse2 or ase2. */
function shortForms(code: string): string[] {
  const match = /^([a-z]+)-(?:([a-z]+)-)?([a-z]+?)-?(\d+)$/.exec(code) ?? /^([a-z]+)()-([a-z]+)(\d+)$/.exec(code)
  if (!match) return []
  const [, continent = '', , direction = '', number = ''] = match
  const initials = direction.replace(/north|south|east|west|central/g, (word) => word[0] ?? '')
  const long = `${continent.slice(0, 2)}${initials}${number}`
  const short = `${continent.slice(0, 1)}${initials}${number}`
  return [long, short].filter((form) => form.length >= 3)
}

function wordsOf(code: string): string[] | null {
  if (code.includes('-')) return null
  const words: string[] = []
  let rest = code
  const vocabulary = REGION_WORDS.split('|').sort((a, b) => b.length - a.length)
  while (rest.length > 0) {
    const word = vocabulary.find((candidate) => rest.startsWith(candidate)) ?? /^\d+$/.exec(rest)?.[0]
    if (!word) return null
    words.push(word)
    rest = rest.slice(word.length)
  }
  return words
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Whether a text speaks of a site's region under any of its names. */
export function mentionsSite(text: string, site: Site | null): boolean {
  return site !== null && regionPattern(site.region).test(text.replaceAll('_', '-'))
}

export type Place = 'primary' | 'secondary' | 'dr' | 'elsewhere'

/** Which of the service's places a region code or a phrase speaks of; null when it names no region at all. */
export function placeOf(text: string, service: Service): Place | null {
  if (mentionsSite(text, service.primary)) return 'primary'
  if (mentionsSite(text, service.secondary)) return 'secondary'
  if (mentionsSite(text, service.dr)) return 'dr'
  return /\b(?:[a-z]{2,}-[a-z]+-?\d|[a-z]+-(?:east|west|north|south|central)[a-z]*-?\d)\b/i.test(text)
    ? 'elsewhere'
    : null
}

/** Names of zones inside the primary region as texts write them, such as "eu-west-1a", "use1-az2" or "zone b". */
export function zonesIn(text: string, primary: Site): string[] {
  const region = quoted(primary.region.toLowerCase())
  const found = new Set<string>()
  const lower = text.toLowerCase()
  for (const match of lower.matchAll(new RegExp(`${region}-?([a-f])\\b`, 'g'))) found.add(match[1] ?? '')
  for (const match of lower.matchAll(/\b[a-z]{2,5}\d?-?(az\d)\b/g)) found.add(match[1] ?? '')
  for (const match of lower.matchAll(/\bzones? ((?:[a-f]|\d)(?:(?:,? and |, ?| or |\/)(?:[a-f]|\d))*)\b/g))
    for (const zone of (match[1] ?? '').matchAll(/\b(?:[a-f]|\d)\b/g)) found.add(zone[0])
  return [...found].filter(Boolean)
}
