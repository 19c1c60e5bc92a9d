import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

/** Removes a scratch folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
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

/** Asks again every 100 ms until the check is true; throws with the message once the time is over. */
export async function waitUntil(
  check: () => Promise<boolean> | boolean,
  timeoutMs: number,
  message: string | (() => string),
): Promise<void> {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(typeof message === 'string' ? `waited in vain for ${message}` : message())
}

async function startPart(command: string, args: string[], port: number, readyPath: string): Promise<Part> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  // Nothing of ours outlives a test run that is cut off.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(String(chunk)))
  child.on('error', (error) => output.push(`${error.message}; test/parts/install.sh installs it\n`))
  const said = () => `${command} did not become ready:\n${output.join('').slice(-2000)}`
  const url = `http://127.0.0.1:${port}`
  await waitUntil(
    async () => {
      if (child.exitCode !== null || child.pid === undefined) throw new Error(said())
      return (await fetch(`${url}${readyPath}`).catch(() => null))?.ok ?? false
    },
    20_000,
    said,
  )
  return {
    url,
    port,
    stop: async () => {
      process.removeListener('exit', kill)
      await stopChild(child)
    },
  }
}

/** Ends a child process and waits for it. */
export async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}

export interface PrometheusWanted {
  readonly folder: string
  /** OpenMetrics text to backfill before the start. */
  readonly history?: string
  readonly rules?: string
  readonly alertmanagerPort?: number
  /** Entries of `scrape_configs`, as YAML. */
  readonly scrape?: string
}

/** A real Prometheus that can be stopped and started again on its data. */
export interface PrometheusPart extends Part {
  start(): Promise<void>
}

/** Starts Prometheus, with history backfilled by promtool. */
export async function startPrometheus(wanted: PrometheusWanted): Promise<PrometheusPart> {
  const port = await freePort()
  const { folder } = wanted
  const data = join(folder, 'tsdb')
  mkdirSync(data, { recursive: true })
  if (wanted.history !== undefined) {
    writeFileSync(join(folder, 'history.txt'), wanted.history)
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'history.txt'), data])
  }
  const config = ['global: {scrape_interval: 1s, evaluation_interval: 1s}']
  if (wanted.rules !== undefined) {
    writeFileSync(join(folder, 'rules.yml'), wanted.rules)
    execFileSync('promtool', ['check', 'rules', join(folder, 'rules.yml')])
    config.push('rule_files: [rules.yml]')
  }
  if (wanted.alertmanagerPort !== undefined)
    config.push(`alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:${wanted.alertmanagerPort}']}]}]}`)
  if (wanted.scrape !== undefined) config.push(`scrape_configs:\n${wanted.scrape}`)
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, config.join('\n'))
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=30d',
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}`,
  ]
  let part = await startPart('prometheus', args, port, '/-/ready')
  return {
    ...part,
    stop: () => part.stop(),
    start: async () => {
      part = await startPart('prometheus', args, port, '/-/ready')
    },
  }
}

/** A real Alertmanager whose token for the webhook can be changed while it runs. */
export interface AlertmanagerPart extends Part {
  useToken(token: string): Promise<void>
  /** Tells it of an alert as Prometheus would; `endsAt` in the past ends it. */
  send(labels: Readonly<Record<string, string>>, times: { startsAt: string; endsAt?: string }): Promise<void>
}

/** Starts an Alertmanager that posts every alert to a webhook with a bearer token. */
export async function startAlertmanager(folder: string, webhookUrl: string, token: string): Promise<AlertmanagerPart> {
  const port = await freePort()
  const file = join(folder, 'alertmanager.yml')
  const configure = (credentials: string) =>
    writeFileSync(
      file,
      `
route: {receiver: failwise, group_by: [alertname, service], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers:
- name: failwise
  webhook_configs:
  - url: ${webhookUrl}
    send_resolved: true
    http_config: {authorization: {type: Bearer, credentials: ${credentials}}}
`,
    )
  configure(token)
  const args = [
    `--config.file=${file}`,
    `--storage.path=${join(folder, 'alertmanager')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]
  const part = await startPart('prometheus-alertmanager', args, port, '/-/ready')
  const post = async (path: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${part.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body ?? {}) })
    if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status} to ${path}: ${await answer.text()}`)
  }
  return {
    ...part,
    useToken: async (next) => {
      configure(next)
      await post('/-/reload')
    },
    send: (labels, times) => post('/api/v2/alerts', [{ labels, ...times }]),
  }
}

/** Starts a blackbox exporter with its `http_2xx` module. */
export async function startBlackbox(folder: string): Promise<Part> {
  const port = await freePort()
  const file = join(folder, 'blackbox.yml')
  writeFileSync(file, 'modules: {http_2xx: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}}')
  const args = [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`]
  return startPart('prometheus-blackbox-exporter', args, port, '/-/healthy')
}
