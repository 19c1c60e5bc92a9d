import { type Slack, slack } from '../approval/slack.ts'
import type { SlackSettings } from '../config/approval-settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { type Asking, freshPatience, showQuestions } from './asking.ts'
import { type DeskParts, slackDesk } from './slack-desk.ts'

export interface SlackAskingParts extends Omit<DeskParts, 'teamId' | 'onChange'> {
  readonly clock: Clock
  readonly log: Log
  readonly options: NonNullable<SlackSettings>
}

/** Slack, connected with the store: shows what is asked there, and takes what is clicked. */
export interface SlackAsking {
  readonly slack: Slack
  start(): Promise<void>
  /** One round of showing; only one of several agents does it at a time. */
  show(): Promise<boolean>
  stop(): Promise<void>
}

/** Builds the Slack side of asking; `nudge` starts the next round of showing now. */
export function slackAsking(parts: SlackAskingParts, nudge: () => void): SlackAsking {
  const { store, clock, log, options } = parts
  let teamId: string | null = null
  const deskParts: DeskParts = { ...parts, teamId: () => teamId, onChange: nudge }
  const connected = slack(options, {
    clock,
    log,
    posts: store.posts,
    desk: (web) => slackDesk(deskParts, web),
    isFirst: (delivery) => store.agents.isFirstDelivery('slack', delivery),
  })
  const patience = freshPatience()
  const asking: Asking = { ...parts, approver: connected }
  return {
    slack: connected,
    start: () => connected.start(),
    show: async () => {
      // Nobody can be known before the workspace is; asked again until Slack answers.
      teamId ??= (await connected.web.identity()).teamId
      return (await store.agents.alone('slack', () => showQuestions(asking, patience))) ?? true
    },
    stop: () => connected.stop(),
  }
}
