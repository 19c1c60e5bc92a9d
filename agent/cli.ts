#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { COMMANDS } from './cli/commands.ts'
import { type CliIo, EXIT, optionsOf } from './cli/io.ts'
import { visible } from './cli/style.ts'
import { packageVersion } from './cli/version.ts'
import { secretSources } from './config/secret-sources.ts'
import { withSecrets } from './config/secrets.ts'
import { asFault, type Fault } from './lib/errors.ts'
import { HttpClientOptions, httpClient } from './lib/http-client.ts'

/** The command line, with the code of the called command; the others are there by name, for the overview. */
async function program(io: CliIo, args: readonly string[]): Promise<Command> {
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
  const called = COMMANDS.find(({ name }) => name === calledName(args))
  for (const entry of COMMANDS)
    root.addCommand(inherit(entry === called ? await entry.load(io) : new Command(entry.name).description(entry.about)))
  return root
}

/** The first word that is neither an option nor an option's value. */
function calledName(args: readonly string[]): string | undefined {
  const words = args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '--config')
  return words[0] === 'help' ? words[1] : words[0]
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

/** `eval` writes its JSON to a file, whose name follows. */
function isJson(args: readonly string[]): boolean {
  return args.includes('--json') && calledName(args.slice(2)) !== 'eval'
}

/** For programs: the code is one of the README's. */
function faultJson({ code, message, hint, retryable }: Fault): string {
  return JSON.stringify({ error: { code, message, hint: hint ?? null, retryable } })
}

const USAGE_CODES = new Set(['usage', 'config_invalid', 'payload_invalid', 'not_found'])

async function main(): Promise<number> {
  let environment: CliIo['environment'] = process.env
  const readSecrets = async (folder: string) => {
    environment = await withSecrets(
      folder,
      process.env,
      secretSources(process.env, httpClient(HttpClientOptions.parse({}))),
    )
    return environment
  }
  const streams = { out: process.stdout, err: process.stderr, folder: process.cwd(), readSecrets }
  const io: CliIo = Object.defineProperty(streams, 'environment', { get: () => environment }) as typeof streams & {
    environment: CliIo['environment']
  }
  try {
    const command = await program(io, process.argv.slice(2))
    command.hook('preAction', async (_root, called) => {
      await readSecrets(optionsOf(called, io).config)
    })
    await command.parseAsync(process.argv)
    return process.exitCode === undefined ? EXIT.done : Number(process.exitCode)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const fault = asFault(error)
    io.err.write(`${isJson(process.argv) ? faultJson(fault) : faultText(fault)}\n`)
    return USAGE_CODES.has(fault.code) ? EXIT.usage : EXIT.against
  }
}

// A reader such as `head` may leave before everything was written; that is its right.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.against),
)

process.exitCode = await main()
