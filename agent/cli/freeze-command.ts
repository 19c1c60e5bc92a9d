import { Command } from 'commander'
import { instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { type StoreWork, withStore } from './with-store.ts'

interface FreezeOptions extends GlobalOptions {
  readonly reason: string
  readonly maintenance?: boolean
  readonly minutes?: string
}

/** `failwise freeze`: nothing is done any more, for one service or for all; deciding and telling go on. */
export function freezeCommand(io: CliIo): Command {
  return new Command('freeze')
    .description('the kill switch: nothing is done for a service, or for all of them; on the record')
    .argument('[service]', 'one service; without it, everything')
    .requiredOption('--reason <text>', 'why; it stands on the record')
    .option('--maintenance', 'a maintenance window instead of a freeze')
    .option('--minutes <n>', 'ends by itself after this time; without it, a person ends it')
    .addHelpText(
      'after',
      '\nExamples:\n  failwise freeze --reason "provider migration, nobody touches anything"\n  failwise freeze checkout --reason "index rebuild" --maintenance --minutes 60',
    )
    .action(async (service: string | undefined, _options, command: Command) => {
      const options = optionsOf<FreezeOptions>(command, io)
      const set = await withStore(options, io, ({ store, config, actor }) => {
        assertKnown(config, service)
        const until = options.minutes === undefined ? null : instantOf(Date.now() + minutesOf(options.minutes) * 60_000)
        const kind = options.maintenance ? 'maintenance' : 'freeze'
        return store.freezes.set({ service: service ?? null, kind, reason: options.reason, by: actor, until })
      })
      answerOn(io, options).give(
        set,
        () =>
          `${set.service ?? 'Everything'} is frozen (${set.kind}) by ${set.setBy}${set.until ? ` until ${set.until}` : ''}: ${set.reason}`,
      )
    })
}

/** `failwise unfreeze`: lifts what a freeze of the same scope set. */
export function unfreezeCommand(io: CliIo): Command {
  return new Command('unfreeze')
    .description('lift the freeze of a service, or of everything; on the record')
    .argument('[service]', 'one service; without it, the freeze of everything')
    .requiredOption('--reason <text>', 'why; it stands on the record')
    .addHelpText('after', '\nExamples:\n  failwise unfreeze checkout --reason "index rebuilt, verified"')
    .action(async (service: string | undefined, _options, command: Command) => {
      const options = optionsOf<FreezeOptions>(command, io)
      const lifted = await withStore(options, io, ({ store, config, actor }) => {
        assertKnown(config, service)
        return store.freezes.lift(service ?? null, actor, options.reason)
      })
      answerOn(io, options).give(lifted, () =>
        lifted.length === 0
          ? `${service ?? 'Everything'} was not frozen.`
          : `${service ?? 'Everything'} is no longer frozen.`,
      )
    })
}

function assertKnown(config: StoreWork['config'], service: string | undefined): void {
  const names = config.catalogue.services.map(({ name }) => name)
  if (service === undefined || names.includes(service)) return
  throw new Fault('usage', `there is no service "${service}" in services.yaml`, {
    hint: `There are: ${names.join(', ') || 'none'}.`,
  })
}

function minutesOf(text: string): number {
  const minutes = Number(text)
  if (minutes > 0 && minutes <= 60 * 24 * 30) return minutes
  throw new Fault('usage', `--minutes must be a number from 1 to 43200; is "${text}"`)
}
