import { parseArgs } from 'node:util'

const HELP = `usage: npm run drill:local -- [--json FILE] [--html FOLDER] [--no-patroni]

Loses a site of real servers on this machine under load, lets the agent move away and home again, and measures; then Patroni with the same servers.
Exits with 0 only when no acknowledged write was lost or doubled. Everything is removed afterwards.

  --json FILE     also write every figure
  --html FOLDER   also write a page for each move
  --no-patroni    leave the comparison out

Example: npm run drill:local -- --no-patroni --html drill`

/** The options of the drill; null when there is nothing to do but what was printed, with the exit code set. */
export function drillOptions(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        html: { type: 'string' },
        json: { type: 'string' },
        'no-patroni': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (!values.help) return values
    process.stdout.write(`${HELP}\n`)
    process.exitCode = 0
  } catch (error) {
    process.stderr.write(`drill: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}\n`)
    process.exitCode = 2
  }
  return null
}
