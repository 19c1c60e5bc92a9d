import type { SeriesSignal } from '../../domain/signal.ts'

/** What a series measures, as far as its SLI, unit, name and query tell. */
export interface SeriesMeaning {
  readonly kind: 'errors' | 'latency' | 'traffic' | 'success' | 'lag' | 'saturation' | 'other'
  /** Null when neither direction is known to be bad. */
  readonly badWhen: 'high' | 'low' | null
  /** A share between 0 and 1. */
  readonly isShare: boolean
  /** Seen by probes, not by the requests of real users. */
  readonly isProbe: boolean
  /** Part of the service level indicators: what users feel. */
  readonly isSli: boolean
}

const PROBE = /probe|blackbox|synthetic|canary_success|smoke|check_success|heartbeat/i
const ERRORS =
  /error|(?:^|_)errs?(?:_|\b)|fail|5xx|servfail|timeout|denied|refus|reject|loss|oom|kill|not_?ready|unready|unhealthy|under_replicated|without_valid|pending|unavailable|dropped|lost|mismatch|violation|anomal|unauthori|conflict|retrans|throttl|exceeded|evict|crash|impaired|(?:^|_)[45]\d\d(?:_|\b)/i
const SUCCESS = /success|availab|ready|healthy|(?:^|_)(?:ok|up|alive|hit)(?:_|\b)/i
const LAG = /lag|behind|age_|oldest|backlog|queue/i
const LATENCY = /latency|duration|_p\d\d\b|p9\d|seconds_bucket|response_time|pause|wait|stall|blocked/i
const SATURATION = /cpu|memory|working_set|heap|disk_used|utili[sz]ation|saturation/i
const TRAFFIC =
  /rate|requests|orders|sessions|logins|bookings|payments|messages|sales|traffic|throughput|per_second|clients|users|commits/i

/** Which way of a series is bad; for a series without an SLI, from the words that metric names use. */
export function directionOf(signal: SeriesSignal): SeriesMeaning {
  const text = `${signal.name} ${signal.query}`
  const isShare = signal.unit === 'ratio' || signal.unit === 'percent' || /ratio|share/.test(signal.name)
  const isProbe = PROBE.test(text)
  const sli = signal.sli
  if (sli) return { kind: sli.role, badWhen: sli.badWhen, isShare, isProbe, isSli: true }
  const base = { isShare, isProbe, isSli: false }
  const name = signal.name
  if (SATURATION.test(name)) return { ...base, kind: 'saturation', badWhen: 'high' }
  if (LAG.test(name)) return { ...base, kind: 'lag', badWhen: 'high' }
  if (LATENCY.test(name)) return { ...base, kind: 'latency', badWhen: 'high' }
  if (ERRORS.test(name)) return { ...base, kind: 'errors', badWhen: 'high' }
  if (SUCCESS.test(name)) return { ...base, kind: 'success', badWhen: 'low' }
  // Probes and up-ness count from 1 down to 0 whatever their name says.
  if (isProbe && isShare) return { ...base, kind: 'success', badWhen: 'low' }
  if (TRAFFIC.test(name)) return { ...base, kind: 'traffic', badWhen: 'low' }
  return { ...base, ...meaningByLevel(signal, isShare) }
}

/** A share that stood near nothing counts failures, one that stood near all counts what works; what stood in between does not tell. */
function meaningByLevel(signal: SeriesSignal, isShare: boolean): Pick<SeriesMeaning, 'kind' | 'badWhen'> {
  const unknown = { kind: 'other', badWhen: null } as const
  if (!isShare || /rollout|canary_(?:share|weight|percent)|weight|used|fill|usage|hit|fresh/i.test(signal.name))
    return unknown
  const known = signal.points.map((point) => point[1]).filter((value) => value !== null)
  const early = known.slice(0, Math.ceil(known.length / 2)).sort((a, b) => a - b)
  const level = early[Math.floor(early.length / 2)]
  if (level === undefined || known.some((value) => value < 0 || value > 1.0001)) return unknown
  if (level < 0.02) return { kind: 'errors', badWhen: 'high' }
  return level > 0.97 ? { kind: 'success', badWhen: 'low' } : unknown
}
