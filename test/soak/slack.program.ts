import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { slackAsking } from '../../agent/app/slack-asking.ts'
import { peopleOf } from '../../agent/approval/people.ts'
import type { Posted } from '../../agent/cli/local-slack/methods.ts'
import { localWorkspace, type Trouble } from '../../agent/cli/local-slack/workspace.ts'
import { ApprovalSettings } from '../../agent/config/approval-settings.ts'
import type { Approval } from '../../agent/domain/approval.ts'
import { sha256 } from '../../agent/domain/canonical.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { startLoop } from '../../agent/engine/loop.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { createLog } from '../../agent/lib/log.ts'
import { createMask } from '../../agent/lib/mask.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import { asked } from '../store/samples.ts'
import type { TestStore } from '../store/test-database.ts'

/** Questions, clicks and runs for a long while, with Slack failing half of the time; at the end every question must be in its right state. */
const minutes = Number(process.argv[2] ?? 30)
const CHANNEL = 'C0SOAK'
const USERS = ['U0A', 'U0B', 'U0C', 'U0STRANGER'] as const
const people = peopleOf(
  ['a', 'b', 'c'].map((name, i) => ({ name, slackUserId: USERS[i]!, groups: [] })),
  [],
)
const clock = systemClock
const random = seeded(7)
const startedMs = clock.now()
const isOver = () => clock.now() - startedMs > minutes * 60_000
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Half of every minute Slack is down as a whole; in the other half, one call in six fails in its own way. */
const trouble = (): Trouble | null => {
  if (isOver()) return null
  if (Math.floor(clock.now() / 15_000) % 2 === 0) return 'down'
  const kinds: readonly (Trouble | null)[] = ['error', 'answer_lost', { pauseSeconds: 1 }]
  return random() < 1 / 6 ? (kinds[Math.floor(random() * kinds.length)] ?? null) : null
}

const folder = await mkdtemp(path.join(tmpdir(), 'failwise-soak-'))
await chmod(folder, 0o755)
const server = await startEmbedded({ folder: path.join(folder, 'data'), purpose: 'serve', clock })
const store = await openStore({
  databaseUrl: server.url,
  clock,
  options: StoreOptions.parse({ eventGroups: 100_000 }),
  anchors: [],
  onAnchorFailure: () => {},
})
const workspace = await localWorkspace({ channel: CHANNEL, trouble })
const asking = slackAsking(
  {
    ...{ store, people, clock, prompt: null, services: { find: () => undefined, all: () => [] }, config: {} as never },
    ...{ log: createLog({ level: 'silent' }), mask: createMask({ key: 'a key for this test only' }), baseUrl: null },
    options: { mode: 'socket', channel: CHANNEL, botToken: 'xoxb-1', appToken: 'xapp-1', apiUrl: workspace.url },
    ...{
      planOf: () => null,
      planHashOf: () => null,
      settings: ApprovalSettings.parse({}),
      assessNow: async () => null,
    },
    ...{ policyHash: () => sha256('version: 1\n'), startWithinMs: () => 600_000, nudge: () => {} },
  },
  () => showing.nudge(),
)
await asking.start()
const failures = { show: 0 }
const every = (name: string, intervalMs: number, round: () => Promise<unknown>) =>
  startLoop({
    name,
    clock,
    intervalMs,
    onError: () => {
      failures.show += 1
    },
    round: async () => {
      await round()
      return false
    },
  })
const showing = every('show', 500, () => asking.show())
const expiry = every('expiry', 500, () => store.approvals.expire())

const test = { store, clock, at: (offsetMs = 0) => instantOf(clock.now() + offsetMs) } as unknown as TestStore
const questions: string[] = []
const clicks = { made: 0, taken: 0 }

async function clickSomewhere(): Promise<void> {
  const messages = workspace.messages()
  // Mostly a recent one, sometimes one that was settled long ago.
  const recent = messages.slice(random() < 0.9 ? -12 : 0)
  const message = recent[Math.floor(random() * recent.length)]
  if (!message) return
  const user = USERS[Math.floor(random() * USERS.length)] ?? 'U0A'
  const isApproval = random() < 0.7
  const opened = workspace.state.views.length
  clicks.made += 1
  const clicked = await workspace.click(user, message, isApproval ? 'failwise_approve' : 'failwise_refuse')
  if (clicked.isTaken) clicks.taken += 1
  for (let i = 0; i < 20 && workspace.state.views.length === opened; i++) await later(25)
  const view = workspace.state.views[opened]
  if (!view) return
  const typed = isApproval ? { consent: 'lose 4 s', reason: '' } : { reason: 'no outage' }
  const times = random() < 0.2 ? 2 : 1
  await Promise.all(Array.from({ length: times }, () => workspace.submit(user, view, typed)))
}

let number = 0
while (!isOver()) {
  number += 1
  const expiresAt = instantOf(clock.now() + 20_000 + random() * 60_000)
  const question = { approvers: ['a', 'b', 'c'], needed: 2, expiresAt }
  questions.push((await asked(test, `service-${number}`, question)).approvalId)
  const waitUntil = clock.now() + 5000
  while (clock.now() < waitUntil) {
    await clickSomewhere()
    if (random() < 0.02) workspace.dropSockets()
    await later(random() * 400)
  }
  if (number % 60 === 0) report('so far')
}
process.stdout.write('Slack is well again; every message must now be brought up to date\n')
await later(90_000)
report('at the end')
const problems = await check()
for (const problem of problems) process.stdout.write(`WRONG  ${problem}\n`)
process.stdout.write(
  problems.length === 0 ? 'Every question is in its right state.\n' : `${problems.length} are wrong.\n`,
)
process.exitCode = problems.length === 0 ? 0 : 1
await Promise.all([showing.stop(), expiry.stop()])
await asking.stop()
await workspace.close()
await store.close()
await server.stop()
await rm(folder, { recursive: true, force: true })

function report(when: string): void {
  const { calls } = workspace.state
  process.stdout.write(
    `${when}: ${questions.length} questions, ${clicks.made} clicks (${clicks.taken} taken), ${calls.length} calls, ${failures.show} failed rounds\n`,
  )
}

async function check(): Promise<string[]> {
  const problems: string[] = []
  const runs = await store.runs.list({ limit: 100_000 })
  for (const id of questions) {
    const approval = await store.approvals.get(id)
    if (!approval) {
      problems.push(`${id} is gone`)
      continue
    }
    const own = runs.filter((run) => run.approvalId === id)
    const yes = new Set(approval.votes.filter((vote) => vote.answer === 'approve').map((vote) => vote.person))
    const no = approval.votes.some((vote) => vote.answer === 'refuse')
    const wrong = (what: string) => problems.push(`${id} (${approval.status}): ${what}`)
    if (approval.status === 'pending') wrong('still open')
    if (own.length > (approval.status === 'approved' ? 1 : 0)) wrong(`${own.length} runs`)
    if (approval.status === 'approved' && yes.size < (no ? 1 : 2)) wrong('too few different people')
    if (approval.status === 'approved' && no && own[0]?.state !== 'cancelled') wrong('refused, but its run stands')
    if (approval.status === 'refused' && !no) wrong('refused by nobody')
    if (approval.status === 'expired' && yes.size >= 2) wrong('expired although enough people approved')
    checkMessage(approval, own[0]?.state ?? null, wrong, await placeOf(approval.incidentId))
  }
  const audit = await store.audit.verify([])
  if (!audit.ok) problems.push(`the audit chain: ${audit.problem?.detail}`)
  const marks = workspace.state.messages.map(({ metadata }) => JSON.stringify(metadata))
  if (new Set(marks).size !== marks.length) problems.push(`${marks.length - new Set(marks).size} messages stand twice`)
  return problems
}

async function placeOf(incidentId: string): Promise<Posted | undefined> {
  const posts = await store.posts.of(incidentId)
  const place = posts.find(({ id }) => id === `incident:${incidentId}`)?.place
  return workspace.messages().find((message) => message.place === place)
}

function checkMessage(
  approval: Approval,
  run: string | null,
  wrong: (what: string) => void,
  message: Posted | undefined,
): void {
  const word =
    run === 'cancelled' || approval.status === 'refused'
      ? /^(Refused|Not started)/
      : approval.status === 'approved'
        ? /^Approved/
        : /^Expired/
  if (!message) wrong('it was never shown')
  else if (!word.test(message.text)) wrong(`it shows: ${message.text.slice(0, 60)}`)
}

/** The same chances at every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
