import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real server, started for a test on 127.0.0.1. */
export interface Part {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** A fresh folder under the system's temporary folder, readable by the servers' own users. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `failwise-${name}-`))
  execFileSync('chmod', ['755', folder])
  return folder
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

async function startPart(command: string, args: string[], port: number, readyUrl: string, uid?: number): Promise<Part> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(uid === undefined ? {} : { uid }) })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)))
  await waitUntil(
    async () => {
      if (child.exitCode !== null)
        throw new Error(`${command} ended with ${child.exitCode}:\n${output.join('').slice(-2000)}`)
      return (await fetch(readyUrl).catch(() => null))?.ok ?? false
    },
    20_000,
    `${command} did not become ready:\n${output.join('').slice(-2000)}`,
  )
  return { url: `http://127.0.0.1:${port}`, port, stop: () => stopChild(child) }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

/** Asks again every 100 ms until the check is true; throws with the message once the time is over. */
export async function waitUntil(check: () => Promise<boolean>, timeoutMs: number, message: string): Promise<void> {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(message)
}

export interface PrometheusParts {
  readonly folder: string
  /** OpenMetrics text to backfill before the start. */
  readonly history?: string
  readonly rules?: string
  readonly alertmanagerPort?: number
  /** Extra entries of `scrape_configs`, as YAML. */
  readonly scrape?: string
}

/** A real Prometheus, with history backfilled by promtool. */
export async function startPrometheus(options: PrometheusParts): Promise<Part> {
  const port = await freePort()
  const { folder } = options
  const data = join(folder, 'tsdb')
  mkdirSync(data, { recursive: true })
  if (options.history !== undefined) {
    writeFileSync(join(folder, 'history.txt'), options.history)
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'history.txt'), data])
  }
  const config = ['global: {scrape_interval: 1s, evaluation_interval: 1s}']
  if (options.rules !== undefined) {
    writeFileSync(join(folder, 'rules.yml'), options.rules)
    execFileSync('promtool', ['check', 'rules', join(folder, 'rules.yml')])
    config.push('rule_files: [rules.yml]')
  }
  if (options.alertmanagerPort !== undefined)
    config.push(`alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:${options.alertmanagerPort}']}]}]}`)
  if (options.scrape !== undefined) config.push(`scrape_configs:\n${options.scrape}`)
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, config.join('\n'))
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=30d',
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}`,
  ]
  return startPart('prometheus', args, port, `http://127.0.0.1:${port}/-/ready`)
}

/** A real Alertmanager that posts every alert to a webhook with a bearer token. */
export async function startAlertmanager(folder: string, webhookUrl: string, token: string): Promise<Part> {
  const port = await freePort()
  const file = join(folder, 'alertmanager.yml')
  const config = `
route: {receiver: failwise, group_by: [alertname, service], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers:
- name: failwise
  webhook_configs:
  - url: ${webhookUrl}
    send_resolved: true
    http_config: {authorization: {type: Bearer, credentials: ${token}}}
`
  writeFileSync(file, config)
  const args = [
    `--config.file=${file}`,
    `--storage.path=${join(folder, 'alertmanager')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]
  return startPart('prometheus-alertmanager', args, port, `http://127.0.0.1:${port}/-/ready`)
}

/** A real blackbox exporter with its `http_2xx` module. */
export async function startBlackbox(folder: string): Promise<Part> {
  const port = await freePort()
  const file = join(folder, 'blackbox.yml')
  writeFileSync(file, 'modules: {http_2xx: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}}')
  const args = [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`]
  return startPart('prometheus-blackbox-exporter', args, port, `http://127.0.0.1:${port}/-/healthy`)
}

/** A PostgreSQL server of Debian's, running as `postgres`. */
export interface PostgresPart {
  readonly port: number
  readonly folder: string
  url(database: string): string
  stop(): Promise<void>
}

const PG_BIN = '/usr/lib/postgresql'

/** Path of one of PostgreSQL's own programs, newest installed version. */
export function postgresProgram(name: string): string {
  const versions = existsSync(PG_BIN) ? readdirSync(PG_BIN).sort((a, b) => Number(b) - Number(a)) : []
  if (!versions[0]) throw new Error('PostgreSQL is not installed; run test/parts/install.sh')
  return join(PG_BIN, versions[0], 'bin', name)
}

/** Runs one of PostgreSQL's programs as the `postgres` user when we are root. */
export function asPostgres(program: string, args: string[]): string {
  const path = postgresProgram(program)
  const isRoot = process.getuid?.() === 0
  const [command, argv] = isRoot ? ['runuser', ['-u', 'postgres', '--', path, ...args]] : [path, args]
  return execFileSync(command, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Creates and starts a PostgreSQL primary; extra lines go into its configuration. */
export async function startPostgres(folder: string, settings: string[] = []): Promise<PostgresPart> {
  const port = await freePort()
  const data = join(folder, `pg-${port}`)
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', folder])
  asPostgres('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'])
  return launchPostgres(data, port, settings)
}

/** Starts PostgreSQL on an existing data folder. */
export function launchPostgres(data: string, port: number, settings: string[] = []): PostgresPart {
  const flags = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    `-c unix_socket_directories=${data}`,
    ...settings.map((s) => `-c ${s}`),
  ]
  asPostgres('pg_ctl', ['-D', data, '-w', '-t', '20', '-l', join(data, 'server.log'), '-o', flags.join(' '), 'start'])
  return {
    port,
    folder: data,
    url: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    stop: async () => {
      asPostgres('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop'])
    },
  }
}

/** Removes a scratch folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
