import type { Action } from '../domain/action.ts'
import { epochMs } from '../domain/time.ts'
import {
  actions,
  type Block,
  button,
  code,
  header,
  type Line,
  linked,
  type Message,
  moment,
  type Piece,
  paragraph,
  points,
  strong,
  withinLimits,
  words,
} from './blocks.ts'
import { buttonValue } from './button-value.ts'
import { type Card, isRefusable, type Phase, phaseOf, type ShownEvidence } from './card.ts'
import { duration, escaped, plain } from './text.ts'

const VERBS: Readonly<Record<Action, string>> = {
  no_action: 'do nothing about',
  observe: 'watch',
  self_heal: 'restart',
  rollback_change: 'roll back the last change of',
  region_failover: 'fail over',
  dr_failover: 'fail over',
  page_human: 'page a person about',
}

const HEADS: Readonly<Record<Phase, string>> = {
  asked: 'Approve?',
  approved: 'Approved:',
  running: 'Running:',
  paused: 'Paused:',
  undoing: 'Rolling back:',
  done: 'Done:',
  undone: 'Rolled back:',
  failed: 'FAILED:',
  cancelled: 'Not started:',
  refused: 'Refused:',
  expired: 'Expired:',
  withdrawn: 'Withdrawn:',
}

const OUTCOMES: Readonly<Partial<Record<Phase, string>>> = {
  expired: 'Nobody answered in time, so the answer is no. Nothing was done.',
  done: 'Finished and verified.',
  undone: 'A stage failed; everything it did was taken back.',
  failed: 'It could not finish and could not take everything back. A person is needed now.',
  cancelled: 'Nobody started it in time. Nothing was done.',
}

/** How many pieces of evidence stand in the message; the rest is in the thread. */
const EVIDENCE_SHOWN = 3
/** While it counts, a message changes once a minute, and a run's every quarter: Slack takes about one change per second. */
const RUN_STEP_SECONDS = 15

/** The message about one incident: what is asked first, then why, then what it costs, then the buttons. */
export function renderCard(card: Card): Message {
  const phase = phaseOf(card)
  const isOpen = phase === 'asked'
  const isUnderWay = ['approved', 'running', 'paused', 'undoing'].includes(phase)
  const deed = `${VERBS[card.action]} ${plain(card.service, 60)}${card.to === null ? '' : ` to ${plain(card.to, 50)}`}`
  const title = `${HEADS[phase]} ${isOpen ? deed.charAt(0).toUpperCase() + deed.slice(1) : deed}`
  // On a phone the buttons must come before the long part, and what decides about them before the buttons.
  const blocks: Block[] = [header(title), paragraph(statusLines(card, phase)), points(null, mainLines(card, isOpen))]
  if (isOpen) blocks.push(questionButtons(card))
  else if (isRefusable(card)) blocks.push(actions('failwise_question', [refuseButton(card)]))
  if (card.supporting.length > 0) blocks.push(evidenceBlock('For', card.supporting))
  blocks.push(
    card.contradicting.length > 0
      ? evidenceBlock('Against', card.contradicting)
      : points('Against', [[words('nothing that was found')]]),
  )
  const gate = isOpen ? gateLines(card) : []
  if (gate.length > 0) blocks.push(points('Why a person is asked', gate))
  const figures = figureLines(card)
  if (figures.length > 0) blocks.push(points('Figures', figures))
  if (!isOpen && !isUnderWay) blocks.push(feedbackButtons(card))
  blocks.push(paragraph([footer(card)]))
  return { text: fallback(card, phase, title), blocks: withinLimits(blocks) }
}

function statusLines(card: Card, phase: Phase): Line[] {
  const { approval } = card
  const lines: Line[] = []
  const approved = approval.votes.filter((vote) => vote.answer === 'approve')
  if (phase === 'asked') {
    const leftSeconds = (epochMs(approval.expiresAt) - card.nowMs) / 1000
    const missing = approval.needed - approved.length
    lines.push([
      strong(`${approved.length} of ${approval.needed} approved`),
      words(missing === 1 ? ', one more person needed.' : `, ${missing} more people needed.`),
    ])
    lines.push([
      words('Answer by '),
      moment(epochMs(approval.expiresAt)),
      words(` (${minutesLeft(leftSeconds)}). Silence means no: nothing is done.`),
    ])
    lines.push([words('Asked: '), ...mentions(card)])
  }
  const outcome = OUTCOMES[phase]
  if (outcome !== undefined) lines.push([strong(outcome)])
  if (phase === 'withdrawn')
    lines.push([strong(`No longer asked: ${plain(approval.closedReason ?? 'replaced', 200)}. Nothing was done.`)])
  if (phase === 'approved') lines.push([strong(`Approved ${approved.length} of ${approval.needed}, waiting to start.`)])
  lines.push(...runLines(card))
  for (const vote of approval.votes)
    lines.push([
      words(vote.answer === 'approve' ? '✓ approved by ' : '✗ refused by '),
      strong(plain(vote.person, 80)),
      words(` (${plain(vote.via, 20)}, `),
      moment(epochMs(vote.at)),
      words(')'),
      ...(vote.comment === null || vote.comment === '' ? [] : [words(`: “${plain(vote.comment, 300)}”`)]),
    ])
  return lines
}

function minutesLeft(seconds: number): string {
  return seconds < 60 ? 'less than a minute left' : `${Math.ceil(seconds / 60)} min left`
}

function runLines({ run }: Card): Line[] {
  if (run === null) return []
  const lines: Line[] = []
  const number = run.stageCount === null ? `${run.stageNumber}` : `${run.stageNumber} of ${run.stageCount}`
  if (run.stage !== null) lines.push([strong(`Stage ${number}: ${plain(run.stage, 60)}`)])
  if (run.elapsedSeconds !== null) {
    const isOver = !['running', 'paused', 'rolling_back'].includes(run.state)
    const elapsed = isOver ? run.elapsedSeconds : Math.floor(run.elapsedSeconds / RUN_STEP_SECONDS) * RUN_STEP_SECONDS
    const budget = run.budgetSeconds === null ? '' : ` of ${duration(run.budgetSeconds)} budget`
    lines.push([words(`${isOver ? 'Took' : 'Running for'} ${duration(elapsed)}${budget}`)])
  }
  if (run.detail !== null) lines.push([words(plain(run.detail, 300))])
  if (run.state === 'paused')
    lines.push([words('A person lets it go on or ends it: '), code(`failwise run resume ${run.id} --reason "…"`)])
  return lines
}

function mentions({ mentions: { users, userGroups }, approval }: Card): Piece[] {
  const pieces: Piece[] = []
  for (const id of userGroups) pieces.push({ type: 'usergroup', usergroup_id: id }, words(' '))
  for (const id of users.slice(0, 20)) pieces.push({ type: 'user', user_id: id }, words(' '))
  return pieces.length > 0 ? pieces : [words(plain(approval.approvers.join(', '), 200) || 'nobody')]
}

/** What decides about the answer. */
function mainLines(card: Card, isOpen: boolean): Line[] {
  const { approval, verdict } = card
  const lines: Line[] = []
  if (card.to !== null) lines.push([strong('Move: '), words(`${plain(card.from, 60)} → `), strong(plain(card.to, 60))])
  lines.push(
    verdict === null
      ? [strong('Cause: '), words('unknown; the analyst gave no verdict')]
      : [strong('Cause: '), words(`${verdict.rootCause.category}: ${plain(verdict.rootCause.summary, 280)}`)],
  )
  const sure: Piece[] = []
  if (verdict !== null) {
    const calibrated =
      card.calibratedConfidence === null ? 'not calibrated' : `calibrated ${percent(card.calibratedConfidence)}`
    sure.push(words(`${percent(verdict.confidence)} (${calibrated}, ${plain(card.analyst ?? '', 40)})`))
  } else sure.push(words('none'))
  lines.push([strong('Confidence: '), ...sure])
  if (card.to !== null) {
    const accepts = isOpen && approval.dataLossSeconds !== 0 ? '; approving accepts that' : ''
    lines.push([strong('Data loss: '), words(`${dataLossText(approval.dataLossSeconds)}${accepts}`)])
  }
  if (card.readiness !== null) lines.push([strong('Target: '), words(plain(card.readiness, 250))])
  return lines
}

function figureLines({ healthScore, rto, cost }: Card): Line[] {
  const lines: Line[] = []
  if (healthScore !== null)
    lines.push([
      strong('Health score: '),
      words(`${healthScore.score} of ${healthScore.maximum} (${healthScore.level.replaceAll('_', ' ')})`),
    ])
  if (rto !== null) lines.push([strong('Recovery time: '), words(plain(rto, 120))])
  if (cost !== null) lines.push([strong('Cost: '), words(plain(cost, 200))])
  return lines
}

/** What would be lost, in words. */
export function dataLossText(seconds: number | null): string {
  if (seconds === null) return 'UNKNOWN: the lag of the target could not be measured'
  if (seconds === 0) return 'none measured'
  return `up to ${duration(Math.ceil(seconds))} of writes`
}

function evidenceBlock(title: string, evidence: readonly ShownEvidence[]): Block {
  const lines = evidence
    .slice(0, EVIDENCE_SHOWN)
    .map(({ id, text, url }): Line => [linked(plain(id, 60), url), words(`: ${plain(text, 180)}`)])
  const hidden = evidence.length - lines.length
  if (hidden > 0) lines.push([words(`and ${hidden} more, in the thread`)])
  return points(title, lines)
}

const GATE_SHOWN = 4

function gateLines({ reasons, action }: Card): Line[] {
  const speaking = reasons.filter(
    (reason) =>
      (reason.action === action || reason.action === null) &&
      (reason.outcome === 'limit' || reason.outcome === 'block'),
  )
  const lines = speaking
    .slice(0, GATE_SHOWN)
    .map(({ rule, detail }): Line => [code(rule), words(` ${plain(detail, 160)}`)])
  const passed = reasons.filter((reason) => reason.action === action && reason.outcome === 'pass').length
  const hidden = speaking.length - lines.length
  if (speaking.length > 0 && passed + hidden > 0)
    lines.push([
      words(`${hidden > 0 ? `${hidden} more limits and ` : ''}${passed} rules that permit it, in the thread`),
    ])
  return lines
}

function questionButtons(card: Card): Block {
  const value = buttonValue(card)
  const target = targetText(card)
  return actions('failwise_question', [
    button({ actionId: 'failwise_approve', text: 'Approve…', value, style: 'primary', label: `Approve: ${target}` }),
    refuseButton(card),
    button({ actionId: 'failwise_more_time', text: 'Need more time', value, label: 'Let the question stand longer' }),
    button({ actionId: 'failwise_reassess', text: 'Re-assess now', value, label: 'Look at the evidence again now' }),
  ])
}

/** Stands until the run begins: whoever sees at the last moment that it is wrong must not look for a command. */
function refuseButton(card: Card) {
  const label = `Refuse: ${targetText(card)}`
  return button({ actionId: 'failwise_refuse', text: 'Refuse…', value: buttonValue(card), style: 'danger', label })
}

function targetText({ service, to }: Card): string {
  return plain(to === null ? service : `${service} to ${to}`, 60)
}

function feedbackButtons(card: Card): Block {
  const value = buttonValue(card)
  const { right, wrong } = card.feedback
  const count = (n: number) => (n > 0 ? ` ${n}` : '')
  return actions('failwise_feedback', [
    button({ actionId: 'failwise_right', text: `👍 Right call${count(right)}`, value, label: 'The verdict was right' }),
    button({ actionId: 'failwise_wrong', text: `👎 Wrong call${count(wrong)}`, value, label: 'The verdict was wrong' }),
  ])
}

function footer(card: Card): Line {
  const pieces: Piece[] = [code(card.approval.id)]
  if (card.recordUrl !== null) pieces.push(words(' · '), linked('record', card.recordUrl))
  if (card.runbookUrl !== null) pieces.push(words(' · '), linked('runbook', card.runbookUrl))
  if (card.approval.status === 'pending')
    pieces.push(words(' · in a terminal: '), code(`failwise approve ${card.approval.id}`))
  return pieces
}

/** What a phone's lock screen and a screen reader say: all that is needed to know whether to get up. */
function fallback(card: Card, phase: Phase, title: string): string {
  const cause = card.verdict === null ? 'cause unknown' : card.verdict.rootCause.category
  const parts = [escaped(title, 200)]
  if (phase === 'asked')
    parts.push(
      escaped(cause, 60),
      `data loss: ${dataLossText(card.approval.dataLossSeconds)}`,
      `answer by ${card.approval.expiresAt.slice(11, 16)} UTC, silence means no`,
    )
  else if (card.run?.stage) parts.push(`stage ${card.run.stageNumber}: ${escaped(card.run.stage, 60)}`)
  else if (OUTCOMES[phase] !== undefined) parts.push(OUTCOMES[phase])
  return parts.join(' · ')
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
