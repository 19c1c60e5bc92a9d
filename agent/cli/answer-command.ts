import { Command } from 'commander'
import { Fault } from '../lib/errors.ts'
import type { AnswerOutcome } from '../store/store.ts'
import { answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { withStore } from './with-store.ts'

interface AnswerOptions extends GlobalOptions {
  readonly reason?: string
}

/** `failwise approve`: a person's yes to an open question. */
export function approveCommand(io: CliIo): Command {
  return answerCommand(
    io,
    'approve',
    'say yes to an open question; it counts once, and only from somebody who was asked',
  )
}

/** `failwise refuse`: a person's no. */
export function refuseCommand(io: CliIo): Command {
  return answerCommand(io, 'refuse', 'say no to an open question')
}

function answerCommand(io: CliIo, answer: 'approve' | 'refuse', about: string): Command {
  return new Command(answer)
    .description(about)
    .argument('<approval>', 'id of the question, from `failwise status`')
    .option('--reason <text>', 'why; it stands on the record')
    .addHelpText('after', `\nExamples:\n  failwise ${answer} apr_mwpx0y4omtrwqhc --reason "seen on the dashboard too"`)
    .action(async (id: string, _options, command: Command) => {
      const options = optionsOf<AnswerOptions>(command, io)
      const outcome = await withStore(options, io, async ({ store, config, actor }) => {
        const question = await store.approvals.get(id)
        if (!question)
          throw new Fault('not_found', `there is no approval ${id}`, { hint: '`failwise status` lists what waits.' })
        const { factsHash, planHash } = question
        const given = { approvalId: id, person: actor.id, answer, via: 'cli', comment: options.reason ?? null }
        return store.approvals.answer({ ...given, factsHash, planHash }, config.policy.approval.expiresMinutes * 60_000)
      })
      answerOn(io, options).give(outcome, () => outcomeText(outcome))
      if (outcome.outcome === 'rejected') process.exitCode = EXIT.against
    })
}

function outcomeText(outcome: AnswerOutcome): string {
  switch (outcome.outcome) {
    case 'voted':
      return `Counted: ${outcome.missing} more must approve.`
    case 'approved':
      return `Approved: ${outcome.run.id} will start. Follow it with \`failwise runs ${outcome.run.id} --follow\`.`
    case 'refused':
      return 'Refused; nothing will be done.'
    case 'rejected':
      return `Not counted (${outcome.reason}): ${outcome.detail}.`
  }
}
