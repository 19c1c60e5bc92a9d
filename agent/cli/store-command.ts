import { createReadStream, createWriteStream } from 'node:fs'
import { Command } from 'commander'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { withStore } from './with-store.ts'

/** `failwise store`: the whole store in and out, without any PostgreSQL tool. */
export function storeCommand(io: CliIo): Command {
  const exporting = new Command('export')
    .description('write the whole store to a file, from one consistent moment')
    .argument('<file>', 'where')
    .addHelpText('after', '\nExamples:\n  failwise store export backup.ndjson')
    .action(async (file: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const result = await withStore(options, io, ({ store }) =>
        store.maintenance.exportStore(createWriteStream(file, { mode: 0o600 })),
      )
      answerOn(io, options).give(
        { file, ...result },
        () => `${result.rows} rows in ${file}, checksum ${result.checksum}`,
      )
    })
  const importing = new Command('import')
    .description('fill an empty store from an export; all of it or nothing')
    .argument('<file>', 'an export')
    .addHelpText('after', '\nExamples:\n  DATABASE_URL=postgres://… failwise store import backup.ndjson')
    .action(async (file: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const result = await withStore(options, io, ({ store }) => store.maintenance.importStore(createReadStream(file)))
      answerOn(io, options).give(
        { file, ...result },
        () => `${result.rows} rows from ${file}, checksum ${result.checksum}`,
      )
    })
  return new Command('store')
    .description('export and import the whole store')
    .addCommand(exporting)
    .addCommand(importing)
}
