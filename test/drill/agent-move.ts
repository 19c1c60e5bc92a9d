import { z } from 'zod'
import { consentPhrase } from '../../agent/approval/card.ts'
import { Approval } from '../../agent/domain/approval.ts'
import type { JournalEntry, Run } from '../../agent/domain/run.ts'
import type { RunReport } from '../../agent/domain/run-report.ts'
import { waitUntil } from '../parts/servers.ts'
import { APPROVER } from './agent-folder.ts'
import type { AgentProcess } from './agent-process.ts'

/** A run that an agent carried out. */
export interface AgentRun {
  readonly run: Run
  readonly journal: readonly JournalEntry[]
  readonly report: RunReport | null
}

/** What came of an alert, by the clock of the machine, which is everybody's here. */
export interface AnsweredAlert extends AgentRun {
  readonly approval: Approval
  readonly decision: { readonly action: string; readonly disposition: string; readonly why: readonly string[] }
  readonly onsetMs: number
  readonly alertMs: number
  readonly askedMs: number
  readonly answeredMs: number
  readonly startedMs: number
  readonly verifiedMs: number
}

const PATIENCE_MS = 180_000
const Incident = z.looseObject({ incident: z.looseObject({ openedAt: z.string() }) })
const Decision = z.looseObject({
  decision: z.looseObject({
    ...{ action: z.string(), disposition: z.string() },
    reasons: z.array(
      z.looseObject({ rule: z.string(), action: z.string().nullable(), ceiling: z.string(), detail: z.string() }),
    ),
  }),
})

/** Waits until the agent asks about a service, answers as the one who may, and follows the run to its end. */
export async function answerWhenAsked(agent: AgentProcess, service: string, onsetMs: number): Promise<AnsweredAlert> {
  let said = 'nothing was asked'
  let asked: { question: Approval; runId: string } | undefined
  // Facts that change meanwhile make a question void, and the agent asks anew.
  const isAnswered = async () => {
    const waiting = z.array(Approval.loose()).parse(await agent.ask('/v1/approvals?status=pending'))
    const question = waiting.find((one) => one.service === service)
    if (!question) return false
    const phrase = consentPhrase(question)
    const consent = phrase === null ? [] : ['--consent', phrase]
    const token = { FAILWISE_TOKEN: APPROVER.token }
    const { out, error } = await agent.attempt(['approve', question.id, ...consent, '--json'], token)
    said = `${out}${error}`
    const runId = /run_[a-z0-9]+/.exec(out)?.[0]
    if (runId !== undefined) asked = { question, runId }
    return asked !== undefined
  }
  await waitUntil(isAnswered, PATIENCE_MS, () => `a run that somebody approved; last was said: ${said}`)
  const { question, runId } = asked!
  const ended = runOf(await agent.command(['runs', runId, '--follow', '--json']))
  const approval = Approval.loose().parse(await agent.ask(`/v1/approvals/${question.id}`))
  const { incident } = Incident.parse(await agent.ask(`/v1/incidents/${question.incidentId}`))
  const { decision } = Decision.parse(await agent.ask(`/v1/decisions/${question.decisionId}`))
  const verified = ended.journal.findLast(({ stage, kind }) => stage === 'verify' && kind === 'verified')
  return {
    ...ended,
    approval,
    decision: {
      ...{ action: decision.action, disposition: decision.disposition },
      why: decision.reasons
        .filter(({ action, ceiling }) => action === decision.action && ceiling === decision.disposition)
        .map(({ rule, detail }) => `${rule}: ${detail}`),
    },
    onsetMs,
    alertMs: Date.parse(incident.openedAt),
    askedMs: Date.parse(approval.createdAt),
    answeredMs: Date.parse(approval.votes.at(-1)?.at ?? approval.createdAt),
    startedMs: Date.parse(ended.run.startedAt ?? ended.run.requestedAt),
    verifiedMs: Date.parse(verified?.at ?? ended.run.finishedAt ?? ended.run.requestedAt),
  }
}

/** Runs a command that ends with a run, such as a rehearsal or the way home. */
export async function runByCommand(agent: AgentProcess, args: readonly string[]): Promise<AgentRun> {
  return runOf(await agent.command([...args, '--json']))
}

function runOf(said: string): AgentRun {
  const { run, journal, report } = JSON.parse(said) as Partial<AgentRun>
  if (!run || !journal) throw new Error(`this is not a run:\n${said}`)
  return { run, journal, report: report ?? null }
}
