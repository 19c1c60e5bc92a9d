import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { incidentOf } from '../../evals/case.ts'
import { movedBy } from '../../evals/metamorphic/shift.ts'
import { loadRecordedIncident, type RecordedIncident } from '../../evals/recorded-incident.ts'
import { recordedEntry } from '../../evals/recorded-scope.ts'
import type { Agent } from '../app/agent.ts'
import { createAgent } from '../app.ts'
import { Catalogue } from '../config/catalogue.ts'
import { Settings } from '../config/settings.ts'
import { type Config, loadConfig } from '../config.ts'
import type { Assessment } from '../engine/assess.ts'
import type { Progress } from '../engine/progress.ts'
import { Fault } from '../lib/errors.ts'
import { createLog } from '../lib/log.ts'
import { readConsole } from '../server/console-files.ts'
import { serverDepsOf } from '../server/wire.ts'
import { createServer, listen } from '../server.ts'
import { ASK_APPROVERS, ASK_CHANNEL, ASK_INCIDENT, approveInSlack, askSettings } from './ask-demo.ts'
import { decisionCard } from './card.ts'
import { demoPlans } from './demo-plans.ts'
import { serveDemoSite } from './demo-site.ts'
import { serveUpstreams } from './demo-upstreams.ts'
import { type Answer, answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { localWorkspace, type Workspace } from './local-slack/workspace.ts'
import { CONSOLE_FOLDER, untilToldToStop } from './serve-command.ts'
import { clip } from './style.ts'
import { packageVersion } from './version.ts'

interface DemoOptions extends GlobalOptions {
  readonly incident?: string
  readonly ask?: boolean
  readonly port: string
  readonly once?: boolean
}

const DEFAULT_INCIDENT = join(import.meta.dirname, '../../evals/incidents/a-basket-euw1.json')

const HELP = `
The whole agent runs: embedded PostgreSQL, webhook, collectors over HTTP, opinions, gate, record. Only the upstreams answer from a recording,
whose times are moved to now. No keys and no network are needed; with OPENAI_API_KEY or ANTHROPIC_API_KEY set, that model gives the opinion.

Examples:
  npm run demo
  npm run demo -- --incident evals/incidents/c-ledger-ase1-signed.json
  npm run demo -- --ask
  npm run demo -- --once`

/** `failwise demo`: one recorded outage through the whole agent. */
export function demoCommand(io: CliIo): Command {
  return new Command('demo')
    .description('replay a recorded outage through the whole agent, and stay up for you to look around')
    .option('--incident <file>', 'which recorded incident (default: one that fits)')
    .option(
      '--ask',
      'people are asked in a Slack workspace on this machine; two of them approve, and the run is followed',
    )
    .option('--port <port>', 'port of the HTTP server; 0 takes a free one', '8080')
    .option('--once', 'stop after the decision')
    .addHelpText('after', HELP)
    .action(async (_options, command: Command) => {
      const options = optionsOf<DemoOptions>(command, io)
      await demo(options, io, answerOn(io, options))
    })
}

async function demo(options: DemoOptions, io: CliIo, answer: Answer): Promise<void> {
  const recorded = await loadRecordedIncident(options.incident ?? (options.ask ? ASK_INCIDENT : DEFAULT_INCIDENT))
  const startedMs = performance.now()
  const progress = progressOn(answer, startedMs)
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const incident = movedBy(incidentOf(recorded), nowMs - Date.parse(recorded.decidedAt))
  answer.note(`\nReplaying "${clip(recorded.title, 80)}" (${recorded.id}), its times moved to now.\n`)

  const folder = await mkdtemp(join(tmpdir(), 'failwise-demo-'))
  const upstreams = await serveUpstreams(incident)
  progress('start', `recorded upstreams answer at ${upstreams.url}`)
  const workspace = options.ask ? await localWorkspace({ channel: ASK_CHANNEL }) : null
  const site = options.ask ? await serveDemoSite() : null
  const config = demoConfig(incident, upstreams.url, folder, options, io, workspace, site?.url ?? null)
  const log = createLog({ level: 'silent' })
  let onDecision: (assessment: Assessment) => void = () => {}
  const decided = new Promise<Assessment>((resolve) => {
    onDecision = resolve
  })
  const agent = await createAgent({
    ...{ config, log, purpose: 'serve', environment: io.environment, version: packageVersion() },
    progress,
    onAssessed: (assessment) => onDecision(assessment),
  })
  const server = createServer(serverDepsOf(agent), {
    ...{ options: config.settings.server, people: config.settings.people, publicUrl: config.settings.publicUrl },
    version: packageVersion(),
    console: readConsole(CONSOLE_FOLDER),
  })
  const stop = async () => {
    await server.close()
    await agent.stop()
    await upstreams.close()
    await workspace?.close()
    await site?.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const url = await listenSomewhere(server, config)
    progress('start', `agent with embedded PostgreSQL serves at ${url}`)
    await agent.start()
    progress('ingest', `POST ${url}/v1/alerts/alertmanager`)
    await postAlert(url, incident.alert, progress)
    const assessment = await decided
    await showDecision(assessment, agent, url, answer)
    if (workspace) {
      progress('start', `the channel can be looked at: ${workspace.pageUrl}`)
      progress('start', `the console shows the question, both answers and the run: ${url}`)
      await approveInSlack(agent, workspace, answer)
    }
    if (options.once) return
    answer.note(nextSteps(url, incident))
    await untilToldToStop()
  } finally {
    await stop()
  }
}

function progressOn(
  answer: Answer,
  startedMs: number,
): (phase: Parameters<Progress>[0] | 'start', text: string) => void {
  return (phase, text) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(2).padStart(6)
    answer.note(`${seconds} s  ${answer.paint('cyan', `[${phase}]`.padEnd(10))} ${clip(text, 90)}`)
  }
}

function demoConfig(
  incident: RecordedIncident,
  upstreamUrl: string,
  folder: string,
  options: DemoOptions,
  io: CliIo,
  workspace: Workspace | null,
  siteUrl: string | null,
): Config {
  const { service, collectors } = recordedEntry(incident, upstreamUrl)
  const plans = demoPlans(service, siteUrl)
  const catalogue = Catalogue.parse({
    version: 1,
    services: [
      {
        ...service,
        collect: collectors,
        ...(workspace ? { approvers: ASK_APPROVERS, approvalsNeeded: 2 } : { approvers: ['you'] }),
        plans: Object.fromEntries(plans.map(({ action, name }) => [action, name])),
      },
    ],
  })
  const base = loadConfig(options.config, io.environment)
  const settings = Settings.parse({ version: 1, server: { port: portOf(options.port) }, store: { folder } })
  const asking = workspace ? askSettings(settings, workspace) : settings
  return { ...base, settings: { ...asking, analyst: base.settings.analyst }, catalogue, plans, folder }
}

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Fault('usage', `--port must be a number from 0 to 65535; is "${text}"`)
}

/** The wanted port, or a free one when somebody has it: a demo should not fail for that. */
async function listenSomewhere(server: ReturnType<typeof createServer>, config: Config): Promise<string> {
  try {
    return await listen(server, config.settings.server, config.settings.people)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    return listen(server, { ...config.settings.server, port: 0 }, config.settings.people)
  }
}

async function postAlert(
  url: string,
  alert: unknown,
  progress: (phase: 'ingest', text: string) => void,
): Promise<void> {
  const response = await fetch(`${url}/v1/alerts/alertmanager`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alert),
  })
  const body = await response.text()
  if (response.status !== 202)
    throw new Fault('internal', `the webhook answered ${response.status}: ${clip(body, 300)}`)
  progress('ingest', `${response.status} ${body}`)
}

async function showDecision(assessment: Assessment, agent: Agent, url: string, answer: Answer): Promise<void> {
  const { snapshot, judgement, recorded, timings } = assessment
  const { healthScore, opinion, decision } = judgement
  const recordUrl = `${url}/decisions/${recorded.id}`
  const audit = await agent.store.audit.verify([])
  answer.give({ id: recorded.id, decision, verdict: opinion.verdict, healthScore, recordUrl, timings, audit }, () =>
    [
      '',
      decisionCard({ id: recorded.id, snapshot, healthScore, opinion, decision, recordUrl }, answer.paint),
      `Audit log: ${audit.entries} entries, the chain ${audit.ok ? 'verifies' : 'is broken'}. Look ${Math.round(timings.collectMs)} ms, opinions and gate ${Math.round(timings.judgeMs)} ms, all ${Math.round(timings.totalMs)} ms.`,
    ].join('\n'),
  )
}

function nextSteps(url: string, incident: RecordedIncident): string {
  const alert = {
    version: '4',
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'MyAlert', service: incident.service.name, severity: 'critical' },
        startsAt: new Date().toISOString(),
      },
    ],
  }
  return [
    '',
    `Send an alert of your own:  curl -X POST -H 'content-type: application/json' ${url}/v1/alerts/alertmanager -d '${JSON.stringify(alert)}'`,
    'Connect a model:            ANTHROPIC_API_KEY=… npm run demo   (or OPENAI_API_KEY, or OPENAI_BASE_URL for a local server; docs/models.md)',
    '',
    `It stays up: open the record above, or ${url}/docs for the API. Stop with Ctrl-C.`,
  ].join('\n')
}
