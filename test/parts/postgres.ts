import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './servers.ts'

/** A PostgreSQL server of the distribution's, running as `postgres` when we are root. */
export interface PostgresPart {
  readonly port: number
  readonly folder: string
  url(database: string): string
  stop(): Promise<void>
  /** Starts it again on its data. */
  start(): Promise<void>
}

const PG_ROOT = '/usr/lib/postgresql'

/** Path of one of PostgreSQL's own programs, newest installed version. */
export function postgresProgram(name: string): string {
  const versions = existsSync(PG_ROOT) ? readdirSync(PG_ROOT).sort((a, b) => Number(b) - Number(a)) : []
  if (!versions[0]) throw new Error('PostgreSQL is not installed; run test/parts/install.sh')
  return join(PG_ROOT, versions[0], 'bin', name)
}

function asPostgres(program: string, args: string[]): void {
  const path = postgresProgram(program)
  const isRoot = process.getuid?.() === 0
  const [command, argv] = isRoot ? ['runuser', ['-u', 'postgres', '--', path, ...args]] : [path, args]
  execFileSync(command, argv, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' })
}

/** Creates and starts a primary; extra settings are `name=value`. */
export async function startPostgres(folder: string, settings: readonly string[] = []): Promise<PostgresPart> {
  const port = await freePort()
  const data = join(folder, `pg-${port}`)
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', folder])
  asPostgres('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-k', '-E', 'UTF8'])
  return launch(data, port, settings)
}

/** A standby that streams from the primary, made by pg_basebackup. */
export async function startStandby(
  folder: string,
  primary: PostgresPart,
  settings: readonly string[] = [],
): Promise<PostgresPart> {
  const port = await freePort()
  const data = join(folder, `standby-${port}`)
  const source = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres']
  asPostgres('pg_basebackup', [...source, '-D', data, '-R', '-X', 'stream', '-C', '-S', 'standby', '-c', 'fast'])
  return launch(data, port, settings)
}

function launch(data: string, port: number, settings: readonly string[]): PostgresPart {
  const all = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${data}`,
    'max_connections=60',
    'wal_sender_timeout=4s',
    ...settings,
  ]
  const flags = [`-p ${port}`, ...all.map((one) => `-c ${one}`)].join(' ')
  const start = () => asPostgres('pg_ctl', ['-D', data, '-w', '-t', '20', '-l', `${data}.log`, '-o', flags, 'start'])
  start()
  return {
    port,
    folder: data,
    url: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    stop: async () => asPostgres('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']),
    start: async () => start(),
  }
}
