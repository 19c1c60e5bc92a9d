import { Command } from 'commander'
import { type Replay, replayDecision, replayRecord } from '../app/replay.ts'
import { Fault } from '../lib/errors.ts'
import type { Policy } from '../policy/policy.ts'
import { decisionsSince } from '../store/decisions-since.ts'
import { decisionFor } from './explain-command.ts'
import { answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { policyFrom } from './policy-option.ts'
import { sinceFrom } from './since-option.ts'
import { table } from './style.ts'
import { type StoreWork, withStore } from './with-store.ts'

interface ReplayOptions extends GlobalOptions {
  readonly policy?: string
  readonly since?: string
}

const HELP = `
Decides again from the record alone: snapshot, opinions, agent state and policy as they were. Exits 1 when an answer differs from the record
although the policy is the same.

Examples:
  failwise replay dec_mwpwrt37e4k2f9a
  failwise replay dec_mwpwrt37e4k2f9a --policy stricter.yaml
  failwise replay --since 30d --policy stricter.yaml      which past decisions would this policy change?`

/** `failwise replay`: from the record to the same answer, or to what another policy would have said. */
export function replayCommand(io: CliIo): Command {
  return new Command('replay')
    .description('from the record to the same answer; with --policy, what another policy would have done')
    .argument('[id]', 'a decision, an incident or a service')
    .option('--since <time>', 'all decisions since then instead of one: 30d, 12h or 2026-03-01')
    .option('--policy <file>', 'another policy')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, _options, command: Command) => {
      const options = optionsOf<ReplayOptions>(command, io)
      const { since } = options
      if ((id === undefined) === (since === undefined))
        throw new Fault('usage', 'name one decision, or a time with --since', { hint: 'See failwise replay --help.' })
      const other = options.policy === undefined ? null : policyFrom(options.policy)
      const replays = await withStore(options, io, async ({ store }) =>
        id === undefined
          ? replaysSince(store, since ?? '', other)
          : [replayRecord(await decisionFor(id, store), other)],
      )
      const [only] = replays
      answerOn(io, options).give(id === undefined ? replays.map(inShort) : only, () =>
        id !== undefined && only ? replayText(only) : replaysText(replays),
      )
      if (replays.some((one) => !one.isSnapshotIntact || (!one.underOtherPolicy && !one.isSame)))
        process.exitCode = EXIT.against
    })
}

async function replaysSince(store: StoreWork['store'], since: string, other: Policy | null): Promise<Replay[]> {
  const replays: Replay[] = []
  for await (const { id } of decisionsSince(store, sinceFrom(since, Date.now())))
    replays.push(await replayDecision(id, store, other))
  return replays
}

const say = ({ action, disposition, target }: Replay['recorded']) =>
  `${action} / ${disposition}${target ? ` → ${target}` : ''}`

function inShort({ id, recorded, replayed, isSame, isSnapshotIntact }: Replay) {
  return { id, recorded: say(recorded), replayed: say(replayed), isSame, isSnapshotIntact }
}

function replaysText(replays: readonly Replay[]): string {
  const changed = replays.filter(({ isSame }) => !isSame)
  const rows = changed.map(({ id, recorded, replayed }) => [
    `  ${id}`,
    recorded.decidedAt,
    say(recorded),
    '→',
    say(replayed),
  ])
  const altered = replays.filter(({ isSnapshotIntact }) => !isSnapshotIntact).length
  return [
    `${replays.length} decisions replayed, ${changed.length} differ${altered > 0 ? `, ${altered} with an altered snapshot` : ''}.`,
    ...(rows.length > 0 ? [table(rows)] : []),
  ].join('\n')
}

function replayText(replay: Replay): string {
  const { id, recorded, replayed, isSame, isSnapshotIntact, underOtherPolicy } = replay
  const lines = [`${id}: recorded ${say(recorded)}, replayed ${say(replayed)}`]
  if (!isSnapshotIntact) lines.push('The stored snapshot does not hash to what the decision says: it was altered.')
  if (!underOtherPolicy)
    lines.push(
      isSame ? 'The same, bit by bit.' : 'They differ. The code that decides has changed since, or the record has.',
    )
  else if (isSame) lines.push('The other policy would have decided the same.')
  else {
    lines.push('The other policy would have decided differently. What changed in the reasons:')
    const before = new Map(recorded.reasons.map((reason) => [`${reason.rule} ${reason.action}`, reason]))
    for (const reason of replayed.reasons) {
      const was = before.get(`${reason.rule} ${reason.action}`)
      if (was && was.ceiling !== reason.ceiling)
        lines.push(`  ${reason.rule} (${reason.action ?? 'all'}): ${was.ceiling} → ${reason.ceiling}: ${reason.detail}`)
    }
  }
  return lines.join('\n')
}
