import { onTestFinished } from 'vitest'
import { takeAnswer } from '../../agent/app/answering.ts'
import { type SlackAsking, type SlackAskingParts, slackAsking } from '../../agent/app/slack-asking.ts'
import { peopleOf } from '../../agent/approval/people.ts'
import type { Posted } from '../../agent/cli/local-slack/methods.ts'
import { localWorkspace, type Workspace } from '../../agent/cli/local-slack/workspace.ts'
import { ApprovalSettings } from '../../agent/config/approval-settings.ts'
import { Catalogue } from '../../agent/config/catalogue.ts'
import { Settings } from '../../agent/config/settings.ts'
import { sha256 } from '../../agent/domain/canonical.ts'
import { Service } from '../../agent/domain/service.ts'
import type { ServiceBook } from '../../agent/engine/service-entry.ts'
import { createLog } from '../../agent/lib/log.ts'
import { createMask } from '../../agent/lib/mask.ts'
import { Policy } from '../../agent/policy/policy.ts'
import type { NewApproval } from '../../agent/store/store.ts'
import { asked } from '../store/samples.ts'
import type { TestStore, testServer } from '../store/test-database.ts'

export const CHANNEL = 'C0INCIDENTS'
export const USERS = {
  alice: 'U0ALICE',
  bob: 'U0BOB',
  carol: 'U0CAROL',
  mallory: 'U0MALLORY',
  dora: 'U0DORA',
  vera: 'U0VERA',
} as const
const SIGNING_SECRET = 'a-signing-secret-of-slack'

/** Vera may only look. Alice and Bob by name, Carol through a group of the list, Dora through a user group of Slack; Mallory is in the workspace and in no list. */
const PEOPLE = peopleOf(
  [
    { name: 'alice', slackUserId: USERS.alice, groups: [] },
    { name: 'bob', slackUserId: USERS.bob, groups: [] },
    { name: 'carol', slackUserId: USERS.carol, groups: ['managers'] },
    { name: 'dora', slackUserId: USERS.dora, groups: [] },
    { name: 'vera', slackUserId: USERS.vera, role: 'viewer', groups: [] },
  ],
  [{ name: 'managers' }, { name: 'on-call', slackUserGroupId: 'S0ONCALL' }],
)

export interface Scene {
  readonly test: TestStore
  readonly workspace: Workspace
  readonly asking: SlackAsking
  /** Answers that nobody awaits have been given when this resolves to true. */
  show(): Promise<boolean>
  ask(
    group?: string,
    question?: Partial<NewApproval>,
  ): Promise<{ approvalId: string; incidentId: string; message: Posted }>
  /** The message of an incident as it stands. */
  message(incidentId: string): Promise<Posted>
  /** Clicks a button and returns the dialog that opened, or what was whispered. */
  press(
    user: keyof typeof USERS,
    message: Posted,
    actionId: string,
  ): Promise<{ view: Record<string, unknown> | null; said: string | null }>
  approve(user: keyof typeof USERS, message: Posted, consent?: string): Promise<string>
  refuse(user: keyof typeof USERS, message: Posted, reason?: string): Promise<string>
  /** The same answer by another way in, as that way hands it on. */
  answerBy(
    via: 'console' | 'cli',
    user: keyof typeof USERS,
    approvalId: string,
    answer?: 'approve' | 'refuse',
  ): Promise<string>
  /** Acts on the record that a click left, without the dialogs that were opened. */
  acts(): Promise<string[]>
  restart(): Promise<void>
  /** The policy in force from now on. */
  usePolicy(hash: string): void
  /** The plan file as it is from now on; null when it was removed. */
  setPlan(hash: string | null): void
}

export interface SceneOptions {
  readonly mode?: 'socket' | 'http'
  readonly settings?: object
  readonly workspace?: Workspace
}

/** A database, an agent's Slack side, and a workspace on this machine that the unmodified library talks to. */
export async function slackScene(databases: ReturnType<typeof testServer>, options: SceneOptions = {}): Promise<Scene> {
  const test = await databases.open()
  // Slack's library compares signed requests with the machine's clock, so here the test's clock starts there.
  if (options.mode === 'http') test.clock.set(new Date().toISOString())
  const workspace =
    options.workspace ??
    (await localWorkspace({ channel: CHANNEL, userGroups: { S0ONCALL: [USERS.dora] }, now: () => test.clock.now() }))
  onTestFinished(() => workspace.close())
  const entry = {
    service: Service.parse({ name: 'checkout', primary: { provider: 'aws', region: 'us-east-1' } }),
    ...{ collectors: [], plans: {}, approvers: ['alice', 'bob'], approvalsNeeded: 1 },
  }
  const services: ServiceBook = { find: (name) => (name === 'checkout' ? entry : undefined), all: () => [entry] }
  const policyText = 'version: 1\n'
  const config = {
    ...{ folder: '/nowhere', policy: Policy.parse({ version: 1 }), policyText, policyFile: '', absent: [], plans: [] },
    settings: Settings.parse({ version: 1 }),
    catalogue: Catalogue.parse({ version: 1 }),
  }
  const scenePolicy = { hash: POLICY_HASH }
  const scenePlan: { hash: string | null } = { hash: 'plan-1' }
  const parts: SlackAskingParts = {
    ...{ store: test.store, people: PEOPLE, clock: test.clock, services, prompt: null },
    config: config as never,
    log: createLog({ level: 'silent' }),
    mask: createMask({ key: 'a key for this test only' }),
    options:
      options.mode === 'http'
        ? {
            ...{
              mode: 'http',
              channel: CHANNEL,
              botToken: 'xoxb-1',
              apiUrl: workspace.url,
              signingSecret: SIGNING_SECRET,
            },
            ...{ host: '127.0.0.1', port: 0 },
          }
        : { mode: 'socket', channel: CHANNEL, botToken: 'xoxb-1', appToken: 'xapp-1', apiUrl: workspace.url },
    baseUrl: 'https://failwise.example',
    planOf: () => ({ stages: ['stop-writes', 'promote-database', 'switch-dns'], budgetSeconds: 900 }),
    settings: ApprovalSettings.parse(options.settings ?? {}),
    policyHash: () => scenePolicy.hash,
    planHashOf: () => scenePlan.hash,
    startWithinMs: () => 600_000,
    nudge: () => {},
    assessNow: async () => null,
  }
  const build = () => slackAsking(parts, () => {})
  let asking = build()
  const start = async () => {
    await asking.start()
    const port = asking.slack.port()
    if (port !== null) workspace.sendTo(`http://127.0.0.1:${port}/slack/events`, SIGNING_SECRET)
    else await until(() => workspace.sockets() > 0 && asking.slack.isConnected(), 'a socket')
    await asking.show()
  }
  await start()
  onTestFinished(() => asking.stop())

  const message = async (incidentId: string) => {
    const posts = await test.store.posts.of(incidentId)
    const place = posts.find(({ id }) => id === `incident:${incidentId}`)?.place
    const found = workspace.messages().find((one) => one.place === place)
    if (!found) throw new Error(`no message about ${incidentId}`)
    return found
  }
  const press: Scene['press'] = async (user, posted, actionId) => {
    const [views, whispers] = [workspace.state.views.length, workspace.state.ephemeral.length]
    await workspace.click(USERS[user], posted, actionId)
    await until(
      () => workspace.state.views.length > views || workspace.state.ephemeral.length > whispers,
      `what came of ${actionId}`,
    )
    const isView = workspace.state.views.length > views
    return {
      view: isView ? (workspace.state.views.at(-1) ?? null) : null,
      said: isView ? null : (workspace.state.ephemeral.at(-1)?.text ?? null),
    }
  }
  const fill = async (user: keyof typeof USERS, view: Record<string, unknown>, values: Record<string, string>) => {
    const answered = await workspace.submit(USERS[user], view, values)
    return textOf(answered.body.view)
  }
  return {
    test,
    workspace,
    get asking() {
      return asking
    },
    show: () => asking.show(),
    message,
    ask: async (group = 'checkout', question = {}) => {
      const { approvalId, incidentId } = await asked(test, group, { expiresAt: test.at(600_000), ...question })
      await asking.show()
      return { approvalId, incidentId, message: await message(incidentId) }
    },
    press,
    approve: async (user, posted, consent = 'lose 4 s') => {
      const { view, said } = await press(user, posted, 'failwise_approve')
      return view === null ? (said ?? '') : fill(user, view, { consent, reason: '' })
    },
    refuse: async (user, posted, reason = 'not an outage') => {
      const { view, said } = await press(user, posted, 'failwise_refuse')
      return view === null ? (said ?? '') : fill(user, view, { reason })
    },
    answerBy: async (via, user, approvalId, answer = 'approve') => {
      const person = PEOPLE.byName(user)
      const seen = { factsHash: 'facts-1', planHash: 'plan-1' }
      if (!person) throw new Error(`${user} is in no list`)
      const given = { approvalId, person, via, answer, seen, comment: 'by hand', consent: 'lose 4 s' } as const
      return (await takeAnswer(given, { ...parts, members: null })).text
    },
    acts: async () =>
      (await test.store.audit.list({ kinds: ['administrative_act'], limit: 100 }))
        .map(({ entry }) =>
          entry.kind === 'administrative_act' ? `${entry.actor.id} ${entry.act} ${entry.reason}` : '',
        )
        .filter((text) => !text.includes(' approval_dialog_opened '))
        .reverse(),
    usePolicy: (hash) => {
      scenePolicy.hash = hash
    },
    setPlan: (hash) => {
      scenePlan.hash = hash
    },
    restart: async () => {
      await asking.stop()
      asking = build()
      await start()
    },
  }
}

/** The policy of the sample decisions. */
const POLICY_HASH = sha256('version: 1\n')

/** All text of blocks or a dialog, in order. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('')
  if (value === null || typeof value !== 'object') return ''
  const { type, text, elements, blocks, fallback, user_id, usergroup_id } = value as Record<string, unknown>
  const own = typeof text === 'string' ? text : textOf(text)
  const mention = user_id ? `@${user_id}` : usergroup_id ? `@${usergroup_id}` : ''
  const end = ['header', 'rich_text_section', 'actions'].includes(String(type)) ? '\n' : ''
  return `${own}${typeof fallback === 'string' ? fallback : ''}${mention}${textOf(elements)}${textOf(blocks)}${end}`
}

/** Waits for what happens elsewhere, without a pause of its own choosing. */
export async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
