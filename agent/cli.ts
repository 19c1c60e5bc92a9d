#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { evalCommand } from '../evals/command.ts'
import { auditCommand } from './cli/audit-command.ts'
import { captureCommand } from './cli/capture-command.ts'
import { checkCommand } from './cli/check-command.ts'
import { decideCommand } from './cli/decide-command.ts'
import { demoCommand } from './cli/demo-command.ts'
import { doctorCommand } from './cli/doctor-command.ts'
import { explainCommand } from './cli/explain-command.ts'
import { freezeCommand, unfreezeCommand } from './cli/freeze-command.ts'
import { type CliIo, EXIT } from './cli/io.ts'
import { replayCommand } from './cli/replay-command.ts'
import { outcomeCommand, reportCommand } from './cli/report-command.ts'
import { serveCommand } from './cli/serve-command.ts'
import { statusCommand } from './cli/status-command.ts'
import { storeCommand } from './cli/store-command.ts'
import { visible } from './cli/style.ts'
import { packageVersion } from './cli/version.ts'
import { watchCommand } from './cli/watch-command.ts'
import { asFault, type Fault } from './lib/errors.ts'

function program(io: CliIo): Command {
  const root = new Command('failwise')
    .description('Decides whether an incident deserves a failover, and proves why.')
    .version(packageVersion())
    .option(
      '--config <folder>',
      'folder of the configuration files (default: $FAILWISE_CONFIG, else the working folder)',
    )
    .option('--json', 'answer in JSON')
    .enablePositionalOptions()
    .showHelpAfterError('(try failwise --help)')
    .exitOverride()
  const commands = [
    ...[serveCommand(io), demoCommand(io), statusCommand(io), watchCommand(io)],
    ...[decideCommand(io), explainCommand(io), replayCommand(io), evalCommand(io)],
    ...[captureCommand(io), outcomeCommand(io), reportCommand(io)],
    ...[freezeCommand(io), unfreezeCommand(io), auditCommand(io), storeCommand(io)],
    ...[checkCommand(io), doctorCommand(io)],
  ]
  for (const command of commands) root.addCommand(inherit(command))
  return root
}

/** Options of the root may also stand behind the command's name, where people type them. */
function inherit(command: Command): Command {
  command.exitOverride()
  const isNew = (flag: string) => command.options.every((option) => option.long !== flag)
  if (isNew('--json')) command.option('--json', 'answer in JSON')
  if (isNew('--config')) command.option('--config <folder>', 'folder of the configuration files')
  for (const inner of command.commands) inherit(inner)
  return command
}

function faultText(fault: Fault): string {
  const lines = [`failwise: ${fault.message}`]
  if (fault.hint) lines.push(fault.hint)
  if (fault.code === 'internal' && fault.cause instanceof Error) lines.push(fault.cause.stack ?? '')
  return lines.map((line) => line.split('\n').map(visible).join('\n')).join('\n')
}

const USAGE_CODES = new Set(['usage', 'config_invalid', 'payload_invalid', 'not_found'])

async function main(): Promise<number> {
  const io: CliIo = { out: process.stdout, err: process.stderr, environment: process.env, folder: process.cwd() }
  try {
    await program(io).parseAsync(process.argv)
    return process.exitCode === undefined ? EXIT.done : Number(process.exitCode)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const fault = asFault(error)
    io.err.write(`${faultText(fault)}\n`)
    return USAGE_CODES.has(fault.code) ? EXIT.usage : EXIT.against
  }
}

// A reader such as `head` may leave before everything was written; that is its right.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.against),
)

process.exitCode = await main()
