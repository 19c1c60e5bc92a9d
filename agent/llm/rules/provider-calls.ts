import type { Target } from '../../domain/action.ts'
import type { Service } from '../../domain/service.ts'
import { mentionsSite, placeOf } from './place.ts'
import { speaksOf } from './products.ts'

/** What the check of the provider's interfaces says in its detail, clause by clause. */
export interface ProviderCalls {
  /** Whose trouble the failing calls show: the home cloud's, ours (refused, over our quota, blocked on our way out), or another vendor's. */
  readonly fault: 'home' | 'ours' | 'foreign'
  /** Somebody who shares nothing with us meets the same. */
  readonly othersToo: boolean
  /** Names were not found, and only where we look from: our own resolvers may be at fault as well. */
  readonly onlyNamesHere: boolean
  /** Which of the places to go to meet failing calls as well. */
  readonly failsAt: readonly Target[]
  /** The same calls are said to succeed in another region or for somebody else. */
  readonly worksElsewhere: boolean
}

/** Failures counted as none, as in "0 of 20" or "0 %", beside another place where they are many. */
const NONE_FAIL = /(?<![\d.])0(?:\.0+)? ?(?:%|of \d)/i
const FAILS =
  /fail|error|time[ds]?[ -]?out|\b5\d\d\b|\b4\d\d\b|slow|denied|refus|exceed|exhaust|disabled|throttl|unreach|lost|SERVFAIL|NXDOMAIN|0 answers|no answer|\bp9\d [\d.]+ ?s/i
const WORKS =
  /\b(?:ok|okay|fine|normal|normally|well|works?|working|succeeds?|pass(?:es)?|answers?|responds?|resolves?|clean|green|healthy|unaffected|as usual)\b|\b200\b/i
/** Refused, beyond our own allowance, or blocked on our own way out. A connection that is refused is none of it: nobody is there to take it. */
const OUR_SIDE =
  /(?<!ECONN|connection (?:is |was )?)refused|\b40[013]\b|denied|\bdisabled|\bquota|\bRESOURCE_?EXHAUSTED|\b429\b|TooManyRequests|too many requests|throttl|limit ?exceeded|rate exceeded|\bconcurrency\b|(?:our|account|project|subscription)(?:'s)? (?:own )?(?:limit|quota|allowance)|for our (?:\w+ )?role|through (?:the |our )?[\w-]* ?(?:proxy|egress|gateway)/i
const SOMEBODY =
  '(?:another|other|different|foreign|unrelated|separate|neighbou?r\\w*|sandbox|trial)\\W+(?:\\w+\\W+){0,2}(?:organi[sz]ation|account|tenant|project|subscription|customer|cloud)s?'
/** The same happens to somebody else, so it is not our side. */
const OTHERS_TOO = new RegExp(`(?:same|also|too|likewise|alike)\\b.{0,60}\\b${SOMEBODY}`, 'i')
const SOMEBODY_WORKS = new RegExp(`\\b${SOMEBODY}`, 'i')
const NAMES = /look(?:ed)?[ -]?ups?|resolv|NXDOMAIN|SERVFAIL|\bdns\b|no such host|0 answers/i
const SEEN_OUTSIDE =
  /public resolver|resolvers? (?:of|in|from)|from (?:outside|the internet|another|other|two|several|both|an? \w+ (?:network|account|cloud))|world ?wide/i
const CLOUDS = ['aws', 'azure', 'gcp']

/** Reads the detail of the check of provider calls; a text that names nobody speaks of the home cloud. */
export function readProviderCalls(detail: string, service: Service): ProviderCalls {
  const clauses = detail.split(/;|\.(?=\s|$)|\bbut\b/).filter((clause) => clause.trim() !== '')
  const failing = clauses.filter((clause) => FAILS.test(clause))
  const counted = failing.length > 0 ? failing : clauses
  const othersToo = OTHERS_TOO.test(detail)
  const worksElsewhere = clauses
    .flatMap((clause) => clause.split(','))
    .some(
      (clause) =>
        ((WORKS.test(clause) && !FAILS.test(clause)) || NONE_FAIL.test(clause)) &&
        !mentionsSite(clause, service.primary) &&
        (placeOf(clause, service) !== null || SOMEBODY_WORKS.test(clause)),
    )
  const home = service.primary.provider
  const strangers = [...CLOUDS, ...service.dependsOn.map(vendorOf)].filter((vendor) => vendor !== home && vendor !== '')
  const isForeign = (clause: string) => speaksOf(clause, strangers) && !speaksOf(clause, [home])
  const fault = counted.every(isForeign)
    ? 'foreign'
    : !othersToo && counted.every((clause) => OUR_SIDE.test(clause) || isForeign(clause))
      ? 'ours'
      : 'home'
  const onlyNamesHere =
    counted.length > 0 && counted.every((clause) => NAMES.test(clause)) && !othersToo && !SEEN_OUTSIDE.test(detail)
  const parts = failing.flatMap((clause) => clause.split(',')).filter((part) => FAILS.test(part) && !WORKS.test(part))
  const failsAt = (['secondary', 'dr'] as const).filter((target) =>
    parts.some((part) => mentionsSite(part, service[target]) && !mentionsSite(part, service.primary)),
  )
  return { fault: counted.length === 0 ? 'home' : fault, othersToo, onlyNamesHere, failsAt, worksElsewhere }
}

function vendorOf(dependency: string): string {
  const [vendor = '', product = ''] = dependency.split(':')
  return vendor === 'third_party' ? product : vendor
}
