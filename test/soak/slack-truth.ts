import type { Approval } from '../../agent/domain/approval.ts'
import type { AuditEntry } from '../../agent/domain/audit.ts'
import { ACTIVE_RUN_STATES, type RunState } from '../../agent/domain/run.ts'
import type { Done } from './slack-crowd.ts'
import type { Night } from './slack-night.ts'

export interface Truth {
  readonly problems: string[]
  readonly byStatus: Readonly<Record<string, number>>
  readonly byRunState: Readonly<Record<string, number>>
  readonly votes: number
  readonly rejected: number
  readonly strangers: number
  readonly entries: number
  /** When the last question was closed or the last run ended. */
  readonly endedMs: number
}

/** How a message must begin, by where its question and run ended. */
const WORDS: Readonly<Record<string, RegExp>> = {
  approved: /^Approved/,
  running: /^Running/,
  undoing: /^Rolling back/,
  succeeded: /^Done/,
  rolled_back: /^Rolled back/,
  cancelled: /^(Refused|Not started)/,
  refused: /^Refused/,
  expired: /^Expired/,
}

/** Compares questions, votes, runs, messages and record with one another; everything that does not fit is a problem. */
export async function truthOf({ store, workspace }: Night, done: Done): Promise<Truth> {
  const problems: string[] = []
  const runs = await store.runs.list({ limit: 100_000 })
  const entries: AuditEntry[] = (await store.audit.list({ limit: 1_000_000 })).map(({ entry }) => entry)
  const approvals: Approval[] = []
  for (const id of done.questions) {
    const approval = await store.approvals.get(id)
    if (!approval) problems.push(`${id} is gone`)
    else approvals.push(approval)
  }
  for (const approval of approvals) {
    const wrong = (what: string) => problems.push(`${approval.id} (${approval.status}): ${what}`)
    const own = runs.filter((run) => run.approvalId === approval.id)
    checkQuestion(approval, own[0]?.state ?? null, own.length, entries, wrong)
  }
  for (const run of runs) if (ACTIVE_RUN_STATES.includes(run.state)) problems.push(`${run.id} is still ${run.state}`)

  const messages = workspace.messages()
  for (const incidentId of new Set(done.incidents)) {
    const [newest] = await store.approvals.list({ incidentId, limit: 1 })
    const run = runs.find(({ approvalId }) => approvalId === newest?.id)
    const place = (await store.posts.of(incidentId)).find(({ id }) => id === `incident:${incidentId}`)?.place
    const message = messages.find((one) => one.place === place)
    const state = run?.state ?? newest?.status ?? ''
    if (!message) problems.push(`${incidentId} (${state}) was never shown`)
    else if (!WORDS[state]?.test(message.text)) problems.push(`${incidentId} (${state}) shows: ${message.text}`)
  }
  const marks = workspace.state.messages.map(({ metadata }) => JSON.stringify(metadata))
  if (new Set(marks).size !== marks.length) problems.push(`${marks.length - new Set(marks).size} messages stand twice`)

  const voted = entries.filter(({ kind }) => kind === 'approval_voted').length
  const acts = entries.flatMap((entry) => (entry.kind === 'administrative_act' ? [entry.act] : []))
  const rejected = acts.filter((act) => act === 'approval_answer_rejected').length
  // Whether one that Slack saw no answer to was handled, nobody can know; each of the others left exactly one entry, repeats none.
  const fewest = done.submittedTaken + done.inTerminal
  const most = done.submitted + done.inTerminal + done.unsure
  if (voted + rejected < fewest || voted + rejected > most)
    problems.push(`${voted + rejected} answers on the record, of ${fewest} to ${most} that were given`)
  const audit = await store.audit.verify([])
  if (!audit.ok) problems.push(`the audit chain: ${audit.problem?.detail}`)
  const endings = [...approvals.map(({ closedAt }) => closedAt), ...runs.map(({ finishedAt }) => finishedAt)]
  return {
    problems,
    byStatus: countBy(approvals.map(({ status }) => status)),
    byRunState: countBy(runs.map(({ state }) => state)),
    ...{ votes: voted, rejected, entries: entries.length },
    strangers: acts.filter((act) => act === 'slack_click_rejected').length,
    endedMs: Math.max(...endings.map((at) => (at === null ? 0 : Date.parse(at)))),
  }
}

function checkQuestion(
  { id, status, votes }: Approval,
  run: RunState | null,
  runCount: number,
  entries: readonly AuditEntry[],
  wrong: (what: string) => void,
): void {
  // Votes are taken from the record too, so that a row that was lost or changed shows.
  const told = entries.filter((entry) => entry.kind === 'approval_voted' && entry.approvalId === id)
  const yes = new Set(told.flatMap((e) => (e.kind === 'approval_voted' && e.answer === 'approve' ? [e.actor.id] : [])))
  const no = told.some((entry) => entry.kind === 'approval_voted' && entry.answer === 'refuse')
  if (new Set(votes.map(({ person }) => person)).size !== votes.length) wrong('somebody has two votes')
  if (votes.some(({ person }) => !['a', 'b', 'c'].includes(person))) wrong('somebody voted who may not')
  if (status === 'pending') wrong('still open')
  if (runCount !== (status === 'approved' ? 1 : 0)) wrong(`${runCount} runs`)
  if (status === 'approved' && yes.size < 2) wrong('too few different people')
  if (status === 'approved' && no && run !== 'cancelled') wrong('refused, but its run stands')
  if (status === 'refused' && !no) wrong('refused by nobody')
  if (status === 'expired' && (yes.size >= 2 || no)) wrong('expired although it was answered')
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of [...words].sort()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
