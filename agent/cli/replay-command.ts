import { Command } from 'commander'
import { type Replay, replayRecord } from '../app/replay.ts'
import { decisionFor } from './explain-command.ts'
import { answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { policyFrom } from './policy-option.ts'
import { withStore } from './with-store.ts'

interface ReplayOptions extends GlobalOptions {
  readonly policy?: string
}

const HELP = `
Decides again from the record alone: snapshot, opinions, agent state and policy as they were. Exits 1 when the answer differs.

Examples:
  failwise replay dec_mwpwrt37e4k2f9a
  failwise replay dec_mwpwrt37e4k2f9a --policy stricter.yaml`

/** `failwise replay`: from the record to the same answer, or to what another policy would have said. */
export function replayCommand(io: CliIo): Command {
  return new Command('replay')
    .description('from the record to the same answer; with --policy, what another policy would have done')
    .argument('<id>', 'a decision, an incident or a service')
    .option('--policy <file>', 'another policy')
    .addHelpText('after', HELP)
    .action(async (id: string, _options, command: Command) => {
      const options = optionsOf<ReplayOptions>(command, io)
      const other = options.policy === undefined ? null : policyFrom(options.policy)
      const record = await withStore(options, io, ({ store }) => decisionFor(id, store))
      const replay = replayRecord(record, other)
      answerOn(io, options).give(replay, () => replayText(replay))
      if (!replay.underOtherPolicy && !(replay.isSame && replay.isSnapshotIntact)) process.exitCode = EXIT.against
    })
}

function replayText({ id, recorded, replayed, isSame, isSnapshotIntact, underOtherPolicy }: Replay): string {
  const say = ({ action, disposition, target }: Replay['recorded']) =>
    `${action} / ${disposition}${target ? ` → ${target}` : ''}`
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
