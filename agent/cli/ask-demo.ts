import { join } from 'node:path'
import type { Agent } from '../app/agent.ts'
import { Settings } from '../config/settings.ts'
import { ACTIVE_RUN_STATES } from '../domain/run.ts'
import { Fault } from '../lib/errors.ts'
import { isForPeople, lineOf } from './follow-run.ts'
import type { Answer } from './io.ts'
import type { Posted } from './local-slack/methods.ts'
import type { Workspace } from './local-slack/workspace.ts'
import { clip, wrap } from './style.ts'

const CHANNEL = 'C0INCIDENTS'
const USERS = { alice: 'U0ALICE', bob: 'U0BOB' } as const

/** An outage about which the built-in rules ask people. */
export const ASK_INCIDENT = join(import.meta.dirname, '../../evals/incidents/a-kv-usw2.json')
export const ASK_CHANNEL = CHANNEL

/** Settings with two people who may answer, in a workspace on this machine. */
export function askSettings(settings: Settings, workspace: Workspace): Settings {
  const asking = Settings.parse({
    version: 1,
    people: Object.entries(USERS).map(([name, slackUserId]) => ({ name, slackUserId })),
    slack: { mode: 'socket', channel: CHANNEL, botToken: 'xoxb-local', appToken: 'xapp-local', apiUrl: workspace.url },
  })
  return { ...settings, mode: 'live', people: asking.people, slack: asking.slack }
}

export const ASK_APPROVERS = Object.keys(USERS)

/** Two people approve what is asked, each in their own dialog, and the run is followed by its message. */
export async function approveInSlack(agent: Agent, workspace: Workspace, answer: Answer): Promise<void> {
  const message = await appears(() => workspace.messages()[0], 'the question')
  show(message, answer)
  for (const [name, userId] of Object.entries(USERS)) {
    answer.note(
      answer.paint(
        'bold',
        `\n${name} clicks “Approve…”, and a dialog asks for the consent to the stated loss of data.`,
      ),
    )
    const opened = workspace.state.views.length
    await workspace.click(userId, message, 'failwise_approve')
    const view = await appears(() => workspace.state.views[opened], 'the dialog')
    const consent = /Type “([^”]+)”/.exec(JSON.stringify(view))?.[1] ?? ''
    if (consent !== '') answer.note(`   ${name} types: ${consent}`)
    const { body } = await workspace.submit(userId, view, { consent, reason: '' })
    answer.note(`   Slack shows ${name}: ${clip(textOf(body.view), 120)}`)
  }
  await follow(agent, message, answer)
  show(message, answer)
}

/** What the run does, and beside it what the message says of it, until both have ended. */
async function follow(agent: Agent, message: Posted, answer: Answer): Promise<void> {
  const [asked] = await agent.store.approvals.list({ limit: 1 })
  let last = ''
  let told = 0
  for (;;) {
    const [run] = await agent.store.runs.list({ limit: 1 })
    const journal = run ? await agent.store.runs.journalOf(run.id) : []
    const plan = agent.plans.byHash(run?.planHash ?? '')
    for (const entry of journal.slice(told)) if (run && isForPeople(entry)) answer.note(lineOf(entry, run, plan))
    told = journal.length
    const isOver = run !== undefined && !ACTIVE_RUN_STATES.includes(run.state)
    const now = headOf(message)
    if (now !== last) answer.note(answer.paint('cyan', `\n[the message now]  ${clip(now, 200)}`))
    last = now
    if (asked && asked.status !== 'approved') break
    // Shown until the message itself says how the run ended.
    if (isOver && !/^(Approved|Running|Paused)/.test(now)) break
    await agent.clock.sleep(250)
  }
}

const PATIENCE_MS = 30_000

async function appears<T>(look: () => T | undefined, what: string): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (performance.now() > end)
      throw new Fault('deadline', `${what} did not appear in the local workspace`, {
        hint: 'The decision may not ask anybody; try without --incident.',
      })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function show(message: Posted, answer: Answer): void {
  const bar = answer.paint('green', '│')
  const lines = message.blocks.flatMap((block) => textOf(block).split('\n'))
  answer.note('')
  for (const line of lines.filter((text) => text.trim() !== ''))
    for (const wrapped of wrap(line, 100).split('\n')) answer.note(`${bar} ${wrapped}`)
}

function headOf(message: Posted): string {
  return message.blocks
    .slice(0, 2)
    .map((block) => textOf(block).replaceAll('\n', '  '))
    .join(' ')
}

/** A block's words, one line for each of its own. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('')
  if (value === null || typeof value !== 'object') return ''
  const { type, text, elements, blocks, fallback, user_id } = value as Record<string, unknown>
  const words = typeof text === 'string' ? text : textOf(text)
  const own = type === 'button' ? `[ ${words} ]  ` : words
  const inner =
    type === 'rich_text_list' && Array.isArray(elements)
      ? elements.map((one) => `• ${textOf(one)}`).join('')
      : textOf(elements)
  const end = ['header', 'rich_text_section', 'actions'].includes(String(type)) ? '\n' : ''
  return `${own}${typeof fallback === 'string' ? fallback : ''}${user_id ? `@${String(user_id)}` : ''}${inner}${textOf(blocks)}${end}`
}
