import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { tokenHashOf } from '../approval/people.ts'
import { loadConfig } from '../config.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { table } from './style.ts'

const HELP = `
Examples:
  failwise people
  failwise people token`

/** `failwise people`: who may answer questions, and by which ways in. */
export function peopleCommand(io: CliIo): Command {
  const list = new Command('list')
    .description('who stands in failwise.yaml, and by which ways in')
    .addHelpText('after', '\nExamples:\n  failwise people list --json | jq ".[] | select(.hasToken | not)"')
    .action((_options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const { people } = loadConfig(options.config, io.environment).settings
      const shown = people.map(({ name, slackUserId, tokenHash, groups }) => ({
        ...{ name, groups, slack: slackUserId ?? null, hasToken: tokenHash !== undefined },
      }))
      answerOn(io, options).give(shown, () =>
        shown.length === 0
          ? 'Nobody stands under "people" in failwise.yaml, so nobody can answer a question.'
          : table(
              shown.map((one) => [
                one.name,
                one.slack ?? 'not in Slack',
                one.hasToken ? 'token' : 'no token',
                one.groups.join(', '),
              ]),
            ),
      )
    })
  const token = new Command('token')
    .description('make a token for console and command line, and its hash for failwise.yaml')
    .addHelpText('after', '\nExamples:\n  failwise people token')
    .action((_options, command: Command) => {
      const made = `fwp_${randomBytes(24).toString('hex')}`
      const hash = tokenHashOf(made)
      answerOn(io, optionsOf<GlobalOptions>(command, io)).give({ token: made, tokenHash: hash }, () =>
        [
          `Token, for the person alone (shown once):  ${made}`,
          `Beside the name in failwise.yaml:           tokenHash: ${hash}`,
        ].join('\n'),
      )
    })
  return new Command('people')
    .description('who may answer questions, and by which ways in')
    .addHelpText('after', HELP)
    .addCommand(list, { isDefault: true })
    .addCommand(token)
}
