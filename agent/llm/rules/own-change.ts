import type { ChangeSignal } from '../../domain/signal.ts'
import { type Argument, sumFor } from './argument.ts'
import {
  consumes,
  isOnlySuspect,
  isProviderWell,
  leadOf,
  NOT_A_CAUSE,
  reachedAsManyAsFail,
  takenBack,
} from './change-context.ts'
import { CODE, COMMON_GROUND, complains, relationOf } from './change-relation.ts'
import { argueFromSpread } from './change-spread.ts'
import { FRONT, touchesWhatFails } from './change-touches.ts'
import { didWhatFails, namedIn, wordsIn } from './change-words.ts'
import type { Impact } from './impact.ts'
import { failingNeighbour } from './neighbours.ts'
import type { Readings } from './readings.ts'
import { hasRival } from './rivals.ts'
import { COSMETIC, IRREVERSIBLE, NOT_PRODUCTION } from './vocabulary.ts'

/** A change of ours and how much speaks for it as the cause. */
export interface Suspect {
  readonly change: ChangeSignal
  /** Minutes before the onset; negative when it came later. */
  readonly leadMinutes: number
  readonly score: number
  readonly arguments: readonly Argument[]
  readonly isCode: boolean
  readonly isReversible: boolean
  /** It has to do with the service or with what fails. */
  readonly isConnected: boolean
  /** It changed what stands in front of the servers, where the failures are. */
  readonly isFront: boolean
  /** Something besides the hour points at it. */
  readonly isCorroborated: boolean
}

const OWN_CODE = 'errors are raised in own code'

/** Weighs every recent change; the most suspicious one first. */
export function suspectChanges(readings: Readings, impact: Impact, edge: readonly Argument[]): Suspect[] {
  return readings.changes
    .filter((change) => !NOT_A_CAUSE.test(change.changeKind))
    .map((change) => weigh(change, readings, impact, edge))
    .sort((a, b) => b.score - a.score || (a.change.ref < b.change.ref ? -1 : 1))
}

function weigh(change: ChangeSignal, readings: Readings, impact: Impact, edge: readonly Argument[]): Suspect {
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null = change.id) =>
    list.push({ hypothesis: 'own_change', weight, note, evidence })
  const lead = leadOf(change, readings)
  timeOf(change, lead, readings.onsetIsKnown ? 0 : 5, add)

  const text = `${change.changeKind} ${change.service} ${change.summary}`
  const isCode = CODE.test(change.changeKind)
  const named = namedIn(change, readings)
  const relation = relationOf(change, readings)
  const isOwn = relation === 'ours'
  const touched = touchesWhatFails(text, readings)
  if (named.length > 0) add(1.6, `error lines or failing measures name ${named.slice(0, 3).join(', ')}`)
  const handled = didWhatFails(change, readings)
  if (handled) add(1.6, `its own run handled ${handled.name}, which error lines name`, handled.evidence)
  const words = named.length === 0 && !handled ? wordsIn(change, readings) : []
  if (words.length > 0) add(0.8, `new error lines speak of ${words.slice(0, 3).join(', ')}`)
  if (isOwn) add(0.6, `${change.service} is among what fails or what we need`)
  else if (relation === 'strange' && !handled && !consumes(change, readings) && (isCode || !touched))
    add(-1.5, `${change.service} is not among what fails`)
  if (touched && !isCode) add(1.2, 'what it touches is what fails')
  if (
    isCode &&
    relation !== 'strange' &&
    readings.logs.some((log) => log.isError && log.nearness !== 'elsewhere' && log.topics.has('exception'))
  )
    add(1.2, OWN_CODE)
  argueFromReach(change, named.length > 0, impact, add)
  const isSound = isProviderWell(readings) && readings.checks.get('node_states')?.status === 'ok'
  if (isSound) add(0.5, 'machines and provider calls are well', null)
  const consumer = consumes(change, readings)
  if (consumer) add(2.5, `${consumer.name} takes most of what all share since then`, consumer.evidence)
  const isFront = FRONT.test(text) && lead >= -1.5 && lead <= 15 && sumFor(edge, 'edge') >= 1.5
  if (isFront) add(1.5, 'it changed what stands in front of the servers, and that is what fails')
  const taken = takenBack(change, readings)
  if (taken && impact.state === 'hurt' && impact.trend !== 'recovering')
    add(-3, 'it was taken back and users are hurt as before', taken.id)
  const neighbour = isCode ? failingNeighbour(readings) : undefined
  if (neighbour) add(-1.5, 'what it does not touch fails since the same minutes', neighbour.signal.id)
  argueFromSpread(change, isCode, isOwn, readings, add)
  const isExplained = hasRival(readings)
  // A full rollout of the very service in the minutes of the onset, on sound machines, is more than an accident of time.
  const isAtOnset =
    (isOwn || complains(change, readings)) &&
    isSound &&
    readings.onsetIsKnown &&
    lead >= -1.5 &&
    lead <= 5 &&
    (change.rolloutPercent ?? 100) >= 40 &&
    !COSMETIC.test(change.summary) &&
    !(isExplained && !isCode)
  const isAlone =
    isProviderWell(readings) &&
    readings.checks.get('node_states')?.status !== 'error' &&
    relation !== 'strange' &&
    !isExplained &&
    (isFront || impact.bad.some((reading) => reading.meaning.kind !== 'traffic')) &&
    isOnlySuspect(change, lead, readings)
  if (isAlone) add(0.5, 'nothing else changed, and nobody outside reports a fault')
  const score = list.reduce((sum, item) => sum + item.weight, 0)
  const parted = list.some((item) => item.weight >= 2 && item.evidence !== change.id)
  return {
    change,
    leadMinutes: lead,
    // Hours apart, words in common prove little: what fails was there before.
    score: lead > 180 && !parted ? Math.min(score, 2) : score,
    arguments: list,
    isCode,
    isReversible: !IRREVERSIBLE.test(change.summary),
    isConnected:
      isOwn ||
      touched ||
      handled !== null ||
      consumer !== null ||
      named.length > 0 ||
      (relation === 'maybe' && COMMON_GROUND.test(change.service)),
    isFront,
    isCorroborated:
      named.length > 0 ||
      handled !== null ||
      words.length > 0 ||
      parted ||
      isFront ||
      isAtOnset ||
      isAlone ||
      reachedAsManyAsFail(change.rolloutPercent, impact) ||
      (touched && !isCode) ||
      list.some((item) => item.note === OWN_CODE),
  }
}

type Add = (weight: number, note: string, evidence?: string | null) => void

function timeOf(change: ChangeSignal, lead: number, slack: number, add: Add): void {
  const name = `${change.changeKind} ${change.ref} of ${change.service}`
  if (lead < -3 - slack) add(-6, `${name} came ${Math.round(-lead)} min after the onset`)
  else if (lead <= 15 + slack) add(2.5, `${name} came ${Math.max(0, Math.round(lead))} min before the onset`)
  else if (lead <= 30) add(1.4, `${name} came ${Math.round(lead)} min before the onset`)
  else if (lead <= 75) add(0.6, `${name} came ${Math.round(lead)} min before the onset`)
  else if (lead > 1800) add(-0.5, `${name} is more than a day older than the onset`)
}

/** How far it reached, against how many fail, and whether it can break anything at all. */
function argueFromReach({ summary, rolloutPercent }: ChangeSignal, isNamed: boolean, impact: Impact, add: Add): void {
  if (COSMETIC.test(summary) && !isNamed) add(-0.7, 'by its title it can hardly break anything')
  if (NOT_PRODUCTION.test(summary)) add(-3, 'it did not reach production')
  if (rolloutPercent !== null && rolloutPercent < 40 && impact.severity > (rolloutPercent / 100) * 1.8 + 0.04)
    add(-2.5, `it reached ${rolloutPercent} % while ${Math.round(impact.severity * 100)} % fails`)
  if (reachedAsManyAsFail(rolloutPercent, impact)) add(1.5, `as many fail as it reached: ${rolloutPercent} %`)
}
