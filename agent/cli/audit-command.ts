import { createWriteStream } from 'node:fs'
import { Command, Option } from 'commander'
import { anchorFilesOf } from '../app/open-store.ts'
import { AuditEntry, type AuditKind, type ChainedEntry } from '../domain/audit.ts'
import { Fault, isFault } from '../lib/errors.ts'
import { readAnchors } from '../store/anchors.ts'
import { answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { clip, table } from './style.ts'
import { withStore } from './with-store.ts'

interface ListOptions extends GlobalOptions {
  readonly limit: string
  readonly service?: string
  readonly incident?: string
  readonly kind?: string
  readonly actor?: string
  readonly before?: string
}

/** `failwise audit`: the record that cannot be changed unnoticed. */
export function auditCommand(io: CliIo): Command {
  return new Command('audit')
    .description('the record: list, show, verify, export')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(verifyCommand(io))
    .addCommand(exportCommand(io))
}

const KINDS = AuditEntry.options.map(({ shape }) => shape.kind.value)

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('entries, newest first')
    .option('--limit <n>', 'how many', '50')
    .option('--service <name>', 'only about a service')
    .option('--incident <id>', 'only about an incident')
    .addOption(new Option('--kind <kind>', 'only of a kind').choices(KINDS))
    .option('--actor <id>', 'only by an agent or a person')
    .option('--before <seq>', 'only older than an entry')
    .addHelpText(
      'after',
      '\nExamples:\n  failwise audit list --service checkout\n  failwise audit list --actor alice --kind approval_voted --json',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<ListOptions>(command, io)
      const entries = await withStore(options, io, ({ store }) =>
        store.audit.list({
          limit: wholeNumber(options.limit, '--limit'),
          ...(options.service && { service: options.service }),
          ...(options.incident && { incidentId: options.incident }),
          ...(options.kind && { kinds: [options.kind as AuditKind] }),
          ...(options.actor && { actor: options.actor }),
          ...(options.before && { beforeSeq: wholeNumber(options.before, '--before') }),
        }),
      )
      answerOn(io, options).give(entries, () => (entries.length === 0 ? 'No entries.' : table(entries.map(rowOf))))
    })
}

function showCommand(io: CliIo): Command {
  return new Command('show')
    .description('one entry, whole')
    .argument('<seq>', 'its place in the chain')
    .addHelpText('after', '\nExamples:\n  failwise audit show 1042')
    .action(async (seq: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const entry = await withStore(options, io, ({ store }) => store.audit.get(wholeNumber(seq, 'seq')))
      if (!entry) throw new Fault('not_found', `there is no entry ${seq}`)
      answerOn(io, options).give(entry, () => JSON.stringify(entry, null, 2))
    })
}

function verifyCommand(io: CliIo): Command {
  return new Command('verify')
    .description('check the chain against itself and against the heads anchored outside the database')
    .option('--anchors <file...>', 'more files with anchored heads: anchor files, or logs of the agent')
    .addHelpText(
      'after',
      '\nExamples:\n  failwise audit verify\n  failwise audit verify --anchors /mnt/worm/heads.ndjson\n\nExits 1 when something was altered, is missing or stands in another place; names the first such entry.',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<GlobalOptions & { anchors?: string[] }>(command, io)
      const result = await withStore(options, io, async ({ store, config }) => {
        const own = await Promise.all(
          // An anchor file that nobody wrote yet anchors nothing; one that a person names must be there.
          anchorFilesOf(config).map((file) =>
            readAnchors(file).catch((error) => (isFault(error, 'not_found') ? [] : Promise.reject(error))),
          ),
        )
        const given = await Promise.all((options.anchors ?? []).map((file) => readAnchors(file)))
        return store.audit.verify([...own, ...given].flat())
      })
      answerOn(io, options).give(result, () =>
        result.ok
          ? `The chain verifies: ${result.entries} entries, ${result.anchors} anchored heads up to entry ${result.anchoredUpTo}.`
          : `BROKEN at entry ${result.problem?.seq} (${result.problem?.kind}): ${result.problem?.detail}`,
      )
      if (!result.ok) process.exitCode = EXIT.against
    })
}

function exportCommand(io: CliIo): Command {
  return new Command('export')
    .description('all entries, oldest first')
    .addOption(new Option('--format <format>', 'how').choices(['ndjson', 'csv', 'json']).default('ndjson'))
    .option('--out <file>', 'where; standard output without it')
    .addHelpText('after', '\nExamples:\n  failwise audit export --format csv --out record.csv')
    .action(async (_options, command: Command) => {
      const options = optionsOf<GlobalOptions & { format: 'ndjson' | 'csv' | 'json'; out?: string }>(command, io)
      const to = options.out === undefined ? io.out : createWriteStream(options.out)
      const written = await withStore(options, io, ({ store }) => store.audit.export(to, options.format))
      answerOn(io, options).note(`${written} entries`)
    })
}

function rowOf({ seq, entry }: ChainedEntry): string[] {
  return [String(seq), entry.at, entry.kind, entry.actor.id, clip(aboutOf(entry), 100)]
}

function aboutOf(entry: ChainedEntry['entry']): string {
  if (entry.kind === 'decision_made')
    return `${entry.service}: ${entry.action} / ${entry.disposition} (${entry.decisionId})${entry.blocked.length > 0 ? ` not ${entry.blocked.map(({ action }) => action).join(', ')}` : ''}`
  const { at: _at, actor: _actor, kind: _kind, ...rest } = entry
  return Object.entries(rest)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

function wholeNumber(text: string, name: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1) return number
  throw new Fault('usage', `${name} must be a whole number from 1; is "${text}"`)
}
