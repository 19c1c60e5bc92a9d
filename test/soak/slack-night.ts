import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type SlackAsking, type SlackAskingParts, slackAsking } from '../../agent/app/slack-asking.ts'
import { peopleOf } from '../../agent/approval/people.ts'
import { localWorkspace, type Trouble, type Workspace } from '../../agent/cli/local-slack/workspace.ts'
import { ApprovalSettings } from '../../agent/config/approval-settings.ts'
import { sha256 } from '../../agent/domain/canonical.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { type Loop, startLoop } from '../../agent/engine/loop.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { createLog } from '../../agent/lib/log.ts'
import { createMask } from '../../agent/lib/mask.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import type { Store } from '../../agent/store/store.ts'
import type { TestStore } from '../store/test-database.ts'

export const CHANNEL = 'C0SOAK'
export const NAMES = ['a', 'b', 'c'] as const
/** The three who may answer, and one of the workspace who may not. */
export const USERS = ['U0A', 'U0B', 'U0C', 'U0STRANGER'] as const
export const clock = systemClock

/** A database, a workspace that fails half of the time, and the Slack side of an agent that is restarted now and then. */
export interface Night {
  readonly store: Store
  /** The store as the samples of the other tests want it. */
  readonly test: TestStore
  readonly workspace: Workspace
  readonly parts: SlackAskingParts
  readonly counts: { calls: number; failedCalls: number; failedRounds: number; restarts: number }
  /** Whether Slack is away as a whole now; its sockets are gone then too. */
  isDown(): boolean
  restart(): Promise<void>
  /** Slack is well from now on. */
  recover(): void
  end(): Promise<void>
}

/** Half of every half minute. */
const isDownNow = () => Math.floor(clock.now() / 15_000) % 2 === 0

/** While it is down every call fails; otherwise one in six does, in its own way. */
function troubles(random: () => number): () => Trouble | null {
  const kinds: readonly Trouble[] = ['error', 'answer_lost', { pauseSeconds: 1 }]
  return () => {
    if (isDownNow()) return 'down'
    return random() < 1 / 6 ? kinds[Math.floor(random() * kinds.length)]! : null
  }
}

export async function slackNight(random: () => number): Promise<Night> {
  const folder = await mkdtemp(path.join(tmpdir(), 'failwise-soak-'))
  await chmod(folder, 0o755)
  const server = await startEmbedded({ folder: path.join(folder, 'data'), purpose: 'serve', clock })
  const store = await openStore({
    ...{ databaseUrl: server.url, clock, anchors: [], onAnchorFailure: () => {} },
    options: StoreOptions.parse({ eventGroups: 100_000 }),
  })
  const counts = { calls: 0, failedCalls: 0, failedRounds: 0, restarts: 0 }
  let trouble: () => Trouble | null = troubles(random)
  const workspace = await localWorkspace({
    channel: CHANNEL,
    trouble: () => {
      const wrong = trouble()
      counts.calls += 1
      if (wrong !== null) counts.failedCalls += 1
      return wrong
    },
  })
  const people = peopleOf(
    NAMES.map((name, i) => ({ name, slackUserId: USERS[i]!, groups: [] })),
    [],
  )
  const parts: SlackAskingParts = {
    ...{ store, people, clock, prompt: null, config: {} as never, baseUrl: null },
    services: { find: () => undefined, all: () => [] },
    log: createLog({ level: 'silent' }),
    mask: createMask({ key: 'a key for this test only' }),
    options: { mode: 'socket', channel: CHANNEL, botToken: 'xoxb-1', appToken: 'xapp-1', apiUrl: workspace.url },
    planOf: () => ({ stages: ['fence-old-primary', 'promote-database', 'switch-dns'], budgetSeconds: 60 }),
    planHashOf: () => 'plan-1',
    settings: ApprovalSettings.parse({}),
    policyHash: () => sha256('version: 1\n'),
    startWithinMs: () => 20_000,
    nudge: () => {},
    assessNow: async () => null,
  }
  const every = (name: string, intervalMs: number, round: () => Promise<unknown>) =>
    startLoop({
      ...{ name, clock, intervalMs },
      onError: () => {
        counts.failedRounds += 1
      },
      round: async () => {
        await round()
        return false
      },
    })
  let asking: SlackAsking
  let showing: Loop
  const begin = async () => {
    asking = slackAsking(parts, () => showing?.nudge())
    await asking.start()
    showing = every('show', 500, () => asking.show())
  }
  const stopAsking = async () => {
    await showing.stop()
    await asking.stop()
  }
  await begin()
  const expiry = every('expiry', 500, async () => {
    await store.approvals.expire()
    await store.runs.expire()
  })
  return {
    ...{ store, workspace, parts, counts, isDown: isDownNow },
    test: { store, clock, at: (offsetMs = 0) => instantOf(clock.now() + offsetMs) } as unknown as TestStore,
    restart: async () => {
      counts.restarts += 1
      await stopAsking()
      await begin()
    },
    recover: () => {
      trouble = () => null
    },
    end: async () => {
      await expiry.stop()
      await stopAsking()
      await workspace.close()
      await store.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same chances at every run. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
