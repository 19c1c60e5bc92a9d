import type { Action } from '../../domain/action.ts'
import type { Category } from '../../domain/verdict.ts'
import type { Argument } from './argument.ts'
import { causeOf, type Weighing } from './cause.ts'
import type { Impact } from './impact.ts'
import type { Suspect } from './own-change.ts'
import type { Readings } from './readings.ts'
import { WORDS } from './vocabulary.ts'

/** A conclusion before confidence and words. */
export interface Draft {
  readonly category: Category
  readonly provider?: string | null
  readonly action: Action
  readonly confidence: number
  readonly summary: string
  readonly because: readonly Argument[]
}

/** Nothing fresh can be read from most sources at once: it may be we who are cut off. */
export function judgeBlind(readings: Readings, impact: Impact): Draft | null {
  const { evidence } = readings.snapshot
  const failed = evidence.filter((item) => item.status === 'failed')
  if (impact.state !== 'unknown' || failed.length < evidence.length * 0.35) return null
  return {
    category: 'monitoring_fault',
    action: 'page_human',
    confidence: 0.7,
    summary: 'Most sources cannot be reached at once, whoever runs them: it may be we who are cut off',
    because: failed.slice(0, 4).map((item) => ({
      hypothesis: 'blind',
      weight: 1,
      note: `${item.source} could not be reached`,
      evidence: item.id,
    })),
  }
}

/** Measures that count records which do not agree with each other; versions, schemas and clocks that differ are not data. */
const DIFFERS =
  /^(?!.*(?:version|schema|config|clock|image|etag|cache)).*(?:mismatch|reconcil\w*_(?:diff|fail|err)|discrepan|checksum|corrupt|duplicate|diverge|inconsisten|orphan|double_(?:book|charge|entr|spend)|unbalanced|lost_writes|wrong_(?:tenant|owner|user|account|balance))/i

/** The data itself is damaged, blocked or diverging: copies follow it. */
export function judgeData(readings: Readings, suspects: readonly Suspect[]): Draft | null {
  const lines = readings.logs.filter((log) => log.topics.has('data') && log.isError)
  const emptied = readings.ownSeries.filter(
    (reading) =>
      /rows|records|documents|objects|tuples|balances?\b/i.test(reading.signal.name) &&
      // A balance of credits is an allowance, not data.
      !/burst|credit|quota|budget/i.test(`${reading.signal.name} ${reading.signal.query}`) &&
      fellToNothing(reading.signal.points.map((point) => point[1])),
  )
  const checks = [...readings.checks.values()].filter(
    (check) => (check.status === 'error' || check.status === 'degraded') && WORDS.data.test(check.detail ?? ''),
  )
  const differing = readings.ownSeries.filter(
    (reading) => reading.state === 'bad' && reading.meaning.badWhen === 'high' && DIFFERS.test(reading.signal.name),
  )
  const isDamaged = lines.length > 0 || emptied.length > 0 || checks.length > 0
  if (!isDamaged && (differing.length === 0 || isUndoable(suspects[0]))) return null
  const say = (note: string, evidence: string): Argument => ({ hypothesis: 'data', weight: 2, note, evidence })
  return {
    category: 'internal_data',
    action: 'page_human',
    confidence: 0.75,
    summary: 'The data itself is damaged or at stake; copies follow it, so no move and no restart helps',
    because: [
      ...lines.slice(0, 2).map((log) => say('log lines speak of lost, blocked or diverging data', log.signal.id)),
      ...checks.slice(0, 2).map((check) => say(`${check.check} finds data that is not what it should be`, check.id)),
      ...differing
        .slice(0, 2)
        .map((reading) => say(`${reading.signal.name} counts what does not agree`, reading.signal.id)),
      ...emptied.slice(0, 2).map((reading) => say(`${reading.signal.name} fell to next to nothing`, reading.signal.id)),
    ],
  }
}

/** Records are told apart wrongly since a change that can be undone: undoing it ends that, while a job has written its rows already. */
function isUndoable(suspect: Suspect | undefined): boolean {
  return (
    suspect !== undefined &&
    suspect.score >= 3 &&
    suspect.isCorroborated &&
    suspect.isReversible &&
    !/^(?:job|batch|backfill|import|migration|data|script)$/i.test(suspect.change.changeKind)
  )
}

function fellToNothing(values: readonly (number | null)[]): boolean {
  const known = values.filter((value) => value !== null)
  const [first, last] = [known[0], known.at(-1)]
  return last !== undefined && first !== undefined && first > 20 && last < first * 0.1
}

/** Hostile acts in the logs: a move only moves the target. */
export function judgeSecurity(readings: Readings): Draft | null {
  const lines = readings.logs.filter(
    (log) => log.topics.has('security') && log.isError && !/block(?:ed)?\b|action=block/i.test(log.text),
  )
  if (lines.length === 0) return null
  const lever = readings.logs.find((log) => log.topics.has('readyLever'))
  const because: Argument[] = lines
    .slice(0, 3)
    .map((log) => ({ hypothesis: 'security', weight: 2, note: 'log lines show hostile acts', evidence: log.signal.id }))
  if (lever)
    because.push({ hypothesis: 'security', weight: 1, note: 'a defence stands ready', evidence: lever.signal.id })
  return {
    category: 'security',
    action: lever ? 'self_heal' : 'page_human',
    confidence: 0.65,
    summary: 'This is an attack, not an outage; another site only moves the target',
    because,
  }
}

/** What users feel is getting better on its own. */
export function judgeRecovering(readings: Readings, impact: Impact, weighing: Weighing): Draft | null {
  if (impact.state !== 'hurt' || impact.trend !== 'recovering') return null
  const cause = causeOf(readings, weighing)
  return {
    category: cause.category,
    provider: cause.provider,
    action: 'observe',
    confidence: 0.75,
    summary: 'What users feel is getting better on its own; any lever now would disturb that',
    because: [
      ...impact.bad.slice(0, 3).map(
        (reading): Argument => ({
          hypothesis: 'provider',
          weight: 1,
          note: `${reading.signal.name} has given back ${Math.round(reading.recovered * 100)} % of its worst`,
          evidence: reading.signal.id,
        }),
      ),
      ...cause.because,
    ],
  }
}
