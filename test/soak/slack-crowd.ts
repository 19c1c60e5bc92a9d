import { takeAnswer } from '../../agent/app/answering.ts'
import type { Person } from '../../agent/approval/people.ts'
import type { Posted } from '../../agent/cli/local-slack/methods.ts'
import type { Run } from '../../agent/domain/run.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { isFault } from '../../agent/lib/errors.ts'
import { AGENT, asked, decisionOf, QUESTION } from '../store/samples.ts'
import { clock, NAMES, type Night, USERS } from './slack-night.ts'

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const STRANGER = USERS.at(-1)
const STAGES = ['fence-old-primary', 'promote-database', 'switch-dns']

/** What was done, for comparison with what is on the record. */
export interface Done {
  readonly questions: string[]
  readonly incidents: string[]
  clicks: number
  clicksTaken: number
  submitted: number
  submittedTaken: number
  repeats: number
  inTerminal: number
  /** The database could not be reached in time, so nobody knows whether it was stored. */
  unsure: number
}

/** People, alerts and runs of one night, one after another and by chance. */
export function crowdOf({ store, test, workspace, parts, isDown }: Night, random: () => number) {
  const done: Done = {
    ...{ questions: [], incidents: [], clicks: 0, clicksTaken: 0 },
    ...{ submitted: 0, submittedTaken: 0, repeats: 0, inTerminal: 0, unsure: 0 },
  }
  const oneOf = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]
  /** A machine that does a lot else is no fault of ours: what the database could not take in time is left. */
  const patiently = async (act: () => Promise<unknown>): Promise<void> => {
    await act().catch((error: unknown) => {
      if (!isFault(error) || !error.retryable) throw error
      done.unsure += 1
    })
  }
  const question = () => ({
    ...{ approvers: [...NAMES], needed: 2 },
    expiresAt: instantOf(clock.now() + 20_000 + random() * 60_000),
  })

  async function ask(): Promise<void> {
    const { approvalId, incidentId } = await asked(test, `service-${done.questions.length + 1}`, question())
    done.questions.push(approvalId)
    done.incidents.push(incidentId)
  }

  /** The facts of an open question change, so that it is asked anew and the answers so far are worth nothing. */
  async function changeFacts(): Promise<void> {
    const open = await store.approvals.list({ status: 'pending', limit: 20 })
    const approval = oneOf(open)
    if (!approval) return
    await store.incidents.scheduleAssessment(approval.incidentId, test.at())
    const claim = await store.incidents.claimAssessment('agent-a', 60_000, approval.incidentId)
    if (!claim) return
    const recorded = await store.decisions.record(
      decisionOf(test, claim, {
        service: approval.service,
        decision: {
          ...{ action: 'region_failover', disposition: 'ask', target: 'secondary', planHash: 'plan-1' },
          factsHash: `facts-${done.questions.length}-${Math.floor(random() * 1e6)}`,
        },
        approval: { ...QUESTION, ...question() },
      }),
    )
    if (recorded.approvalId !== null && recorded.approvalId !== approval.id) done.questions.push(recorded.approvalId)
  }

  async function submit(user: string, view: Record<string, unknown>, typed: Record<string, string>): Promise<void> {
    // Somebody else's dialog, sent by one who is in no list, is a click of others on the record and no answer.
    if (user === STRANGER) return void (await workspace.submit(user, view, typed))
    done.submitted += 1
    const { isTaken, body } = await workspace.submit(user, view, typed)
    if (JSON.stringify(body).includes('could not be stored')) done.unsure += 1
    else if (isTaken) done.submittedTaken += 1
    if (random() > 0.1) return
    // Slack was not sure that it arrived, and sends the same once more.
    done.repeats += 1
    await workspace.submit(user, view, typed, { repeat: true })
  }

  async function click(): Promise<void> {
    const messages = workspace.messages()
    // Mostly a recent one, sometimes one that was settled long ago.
    const message: Posted | undefined = oneOf(messages.slice(random() < 0.9 ? -12 : 0))
    if (!message) return
    const user = oneOf(USERS)!
    const isApproval = random() < 0.8
    const opened = workspace.state.views.length
    done.clicks += 1
    const clicked = await workspace.click(user, message, isApproval ? 'failwise_approve' : 'failwise_refuse')
    if (clicked.isTaken) done.clicksTaken += 1
    for (let i = 0; i < 20 && workspace.state.views.length === opened; i++) await later(25)
    const view = workspace.state.views[opened]
    if (!view) return
    const typed = { consent: random() < 0.9 ? 'lose 4 s' : 'yes', reason: 'by chance' }
    if (random() < 0.2) await Promise.all([submit(user, view, typed), submit(user, view, typed)])
    else await submit(user, view, typed)
  }

  /** Somebody gave up on Slack. */
  async function answerInTerminal(): Promise<void> {
    const approval = oneOf(await store.approvals.list({ status: 'pending', limit: 20 }))
    if (!approval) return
    const person = parts.people.byName(oneOf(NAMES)!) as Person
    const { factsHash, planHash } = approval
    const given = { approvalId: approval.id, person, via: 'cli', seen: { factsHash, planHash }, comment: '' } as const
    await takeAnswer({ ...given, answer: 'approve', consent: 'lose 4 s' }, { ...parts, members: null })
    done.inTerminal += 1
  }

  /** Begins half of the runs that were approved, and carries each on by one stage; the others lapse. */
  async function workOnRuns(): Promise<void> {
    if (random() < 0.5) await store.runs.start('agent-a', { maximumRunning: 3 })
    for (const run of await store.runs.list({ states: ['running', 'rolling_back'], limit: 10 })) await carryOn(run)
  }

  async function carryOn(run: Run): Promise<void> {
    const journal = await store.runs.journalOf(run.id)
    const stage = STAGES[journal.length]
    const change = (to: 'succeeded' | 'rolling_back' | 'rolled_back', detail: string) =>
      store.runs.change({
        ...{ runId: run.id, from: run.state, to, detail },
        ...{ generation: run.generation, actor: AGENT },
      })
    if (run.state === 'rolling_back') await change('rolled_back', 'taken back')
    else if (stage === undefined) await change('succeeded', 'verified')
    else if (random() < 0.1) await change('rolling_back', `${stage} failed`)
    else
      await store.runs.journal({
        ...{ runId: run.id, generation: run.generation, stage, kind: 'verified', detail: 'done', data: {} },
      } as never)
  }

  async function clickAround(untilMs: number): Promise<void> {
    while (clock.now() < untilMs) {
      await click()
      await later(random() * 300)
    }
  }

  /** Everything that goes on beside the clicks, until then. */
  async function live(untilMs: number): Promise<void> {
    const clicking = [clickAround(untilMs), clickAround(untilMs)]
    while (clock.now() < untilMs) {
      const chance = random()
      if (isDown() || chance < 0.02) workspace.dropSockets()
      if (chance < 0.1) await patiently(answerInTerminal)
      else if (chance < 0.15) await patiently(changeFacts)
      await patiently(workOnRuns)
      await later(random() * 500)
    }
    await Promise.all(clicking)
  }
  return { done, ask: () => patiently(ask), live, workOnRuns: () => patiently(workOnRuns) }
}
