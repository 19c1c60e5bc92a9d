import { Command } from 'commander'
import { offline } from '../app/offline.ts'
import { loadConfig } from '../config.ts'
import type { Evidence } from '../domain/evidence.ts'
import { Fault } from '../lib/errors.ts'
import { signalText } from './card.ts'
import { answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { clip, table } from './style.ts'

/** `failwise doctor`: asks every configured upstream once and says what could be seen. */
export function doctorCommand(io: CliIo): Command {
  return new Command('doctor')
    .description('reach each configured upstream and say what it could see')
    .argument('[service...]', 'only these services')
    .addHelpText(
      'after',
      '\nExits 1 when a source could not be read.\n\nExamples:\n  failwise doctor\n  failwise doctor checkout --json',
    )
    .action(async (names: string[], _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const config = loadConfig(options.config, io.environment)
      const parts = offline(config, io.environment)
      const answer = answerOn(io, options)
      const unknown = names.find((name) => !parts.services.find(name))
      if (unknown !== undefined) throw new Fault('usage', `there is no service "${unknown}" in services.yaml`)
      const entries = parts.services.all().filter(({ service }) => names.length === 0 || names.includes(service.name))
      const seen: { service: string; evidence: Evidence[] }[] = []
      for (const entry of entries) {
        answer.note(`asking ${entry.collectors.length} sources of ${entry.service.name} …`)
        seen.push({ service: entry.service.name, evidence: (await parts.look(entry, [])).evidence })
      }
      const failed = seen.flatMap(({ evidence }) => evidence).filter(({ status }) => status === 'failed').length
      answer.give(
        seen.map(({ service, evidence }) => ({
          service,
          sources: evidence.map(({ id, status, error, signals }) => ({
            id,
            status,
            signals: signals.length,
            error: error ?? null,
          })),
        })),
        () => [...seen.map(serviceText), `${failed} sources could not be read.`].join('\n'),
      )
      if (failed > 0) process.exitCode = EXIT.against
    })
}

function serviceText({ service, evidence }: { service: string; evidence: readonly Evidence[] }): string {
  return `${service}:\n${table(evidence.map((one) => [`  ${one.status}`, one.id, clip(seenText(one), 90)]))}`
}

function seenText({ status, error, signals }: Evidence): string {
  if (status === 'failed') return `${error?.kind}: ${error?.message}`
  const [first] = signals
  return first ? `${signals.length} signals, first: ${signalText(first)}` : 'answered, nothing reported'
}
