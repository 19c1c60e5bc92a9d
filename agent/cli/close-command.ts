import { Command } from 'commander'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { withStore } from './with-store.ts'

/** `failwise close`: a person ends an incident that no evaluation can end. */
export function closeCommand(io: CliIo): Command {
  return new Command('close')
    .description('end an incident by hand, with a reason, on the record')
    .argument('<incident>', 'its id')
    .requiredOption('--reason <text>', 'why; it stands on the record')
    .addHelpText(
      'after',
      '\nIncidents close by themselves after three good, fresh evaluations; one without any observer of users never does.\n\nExamples:\n  failwise close inc_mwpx0y4omtrwqhc --reason "test alert"',
    )
    .action(async (id: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions & { reason: string }>(command, io)
      const incident = await withStore(options, io, ({ store, actor }) =>
        store.incidents.closeByPerson(id, actor, options.reason),
      )
      answerOn(io, options).give(incident, () => `${incident.id} (${incident.service}) is closed.`)
    })
}
