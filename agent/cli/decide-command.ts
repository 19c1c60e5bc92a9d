import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { parseRecordedIncident } from '../../evals/recorded-incident.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { type Offline, offline } from '../app/offline.ts'
import { type Config, loadConfig } from '../config.ts'
import { deriveFacts } from '../domain/facts.ts'
import { type Snapshot, snapshotHash } from '../domain/snapshot.ts'
import { planFacts } from '../engine/agent-state.ts'
import { type Judgement, judge } from '../engine/judge.ts'
import { parseAlertmanager } from '../ingest/alertmanager.ts'
import { matchService } from '../ingest/match.ts'
import { Fault } from '../lib/errors.ts'
import { createLog } from '../lib/log.ts'
import { maskedPrompt } from '../llm/masked-prompt.ts'
import { judgeHash } from '../llm/verdict-reply.ts'
import { type AgentState, quietState } from '../policy/input.ts'
import { decisionCard } from './card.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { policyFrom } from './policy-option.ts'
import { packageVersion } from './version.ts'

interface DecideOptions extends GlobalOptions {
  readonly analyst: string
  readonly policy?: string
  readonly showPrompt?: boolean
}

const HELP = `
FILE is a recorded incident (format recorded-incident/v1), or the body of an Alertmanager webhook; for the latter the
upstreams of services.yaml are asked now. Nothing is recorded and nobody is told.

ID is an open incident: it is assessed now instead of when it is due, on the record and with all that follows.

Examples:
  failwise decide evals/incidents/c-ledger-ase1-signed.json
  failwise decide evals/incidents/c-ledger-ase1-signed.json --json | jq .decision
  failwise decide alert.json --analyst anthropic --show-prompt
  curl -s …/incident.json | failwise decide -
  failwise decide inc_mwpx0y4omtrwqhc`

/** `failwise decide`: what the agent would decide about a file. */
export function decideCommand(io: CliIo): Command {
  return new Command('decide')
    .description('decide about a recorded incident or an alert, without recording anything')
    .argument('<file|id>', 'a file, - for standard input, or an open incident')
    .option(
      '--analyst <name>',
      'rules, openai, anthropic, PROVIDER:MODEL, recorded, or auto for what is configured',
      'auto',
    )
    .option('--policy <file>', 'another policy than the one in force')
    .option('--show-prompt', 'print exactly what a model is sent, and stop; needs no key')
    .addHelpText('after', HELP)
    .action(async (file: string, _options, command: Command) => {
      const options = optionsOf<DecideOptions>(command, io)
      if (INCIDENT_ID.test(file)) return decideIncident(file, options, io)
      const config = loadConfig(options.config, io.environment)
      const parts = offline(config, io.environment)
      const { snapshot, state } = await subjectOf(readInput(file), file, config, parts)
      const answer = answerOn(io, options)
      if (options.showPrompt) {
        // Every model is sent the same, and who wants to read it first has no key yet.
        const { prompt } = parts.analystNamed(options.analyst === 'rules' ? 'rules' : 'recorded')
        if (!prompt)
          throw new Fault('usage', 'the analyst "rules" has no prompt', {
            hint: 'Name a model, such as --analyst anthropic.',
          })
        const rendered = await maskedPrompt(prompt, parts.mask, snapshot, deriveFacts(snapshot))
        answer.give({ hash: judgeHash(prompt), ...rendered }, () => `${rendered.system}\n\n${rendered.user}`)
        return
      }
      const { analyst, tracer } = parts.analystNamed(options.analyst)
      const judgement = await judge(snapshot, {
        analyst,
        policy: options.policy === undefined ? config.policy : policyFrom(options.policy),
        healthScore: config.settings.healthScore,
        anomaly: null,
        state,
        now: snapshot.takenAt,
        abort: AbortSignal.timeout(config.settings.assess.deadlineSeconds * 1000),
      })
      await tracer.close()
      answer.give(judgementJson(snapshot, judgement), () =>
        decisionCard({ id: null, snapshot, ...judgement }, answer.paint),
      )
    })
}

const INCIDENT_ID = /^inc_[a-z0-9]+$/

/** Assesses an open incident at once, as the agent would; another agent that holds it is not disturbed. */
async function decideIncident(id: string, options: DecideOptions, io: CliIo): Promise<void> {
  if (options.policy !== undefined || options.showPrompt)
    throw new Fault(
      'usage',
      '--policy and --show-prompt are for files: what goes on record is decided under the policy in force',
    )
  const config = loadConfig(options.config, io.environment)
  const log = createLog({ level: 'silent' })
  const { environment } = io
  // Loaded only here: deciding about a file needs none of it.
  const { createAgent } = await import('../app.ts')
  const agent = await createAgent({
    config,
    environment,
    log,
    version: packageVersion(),
    purpose: 'command',
    analyst: options.analyst,
  })
  try {
    const incident = await agent.store.incidents.get(id)
    if (!incident)
      throw new Fault('not_found', `there is no incident ${id}`, { hint: '`failwise status` shows the open ones.' })
    const assessment = await agent.assessNow(id)
    if (!assessment)
      throw new Fault(
        'conflict',
        `incident ${id} was not assessed: it is closed, another agent holds it, or the assessment failed`,
        {
          hint: '`failwise status` and `failwise audit list` say which.',
        },
      )
    const { snapshot, judgement, recorded } = assessment
    const answer = answerOn(io, options)
    answer.give({ id: recorded.id, ...judgementJson(snapshot, judgement) }, () =>
      decisionCard({ id: recorded.id, snapshot, ...judgement }, answer.paint),
    )
  } finally {
    await agent.stop()
  }
}

interface Subject {
  readonly snapshot: Snapshot
  readonly state: AgentState
}

async function subjectOf(value: unknown, file: string, config: Config, parts: Offline): Promise<Subject> {
  const { format } = (value ?? {}) as { format?: unknown }
  if (typeof format === 'string') {
    // A recording has no agent state of its own: nothing is frozen or cooling, and plans and approvers exist.
    return { snapshot: await snapshotOf(parseRecordedIncident(value, file)), state: quietState() }
  }
  const alerts = parseAlertmanager(value)
  const matchables = config.catalogue.services.map(({ name, match }) => ({ name, matchers: match }))
  const matches = alerts.map((alert) => matchService(alert, matchables))
  const services = new Set(matches.flatMap((match) => (match.kind === 'matched' ? [match.service] : [])))
  const [service] = services
  const entry = service === undefined ? undefined : parts.services.find(service)
  if (!entry || services.size !== 1) {
    const unmatched = matches.find((match) => match.kind === 'unmatched')
    const why =
      services.size > 1 ? `the alerts are about ${[...services].join(' and ')}` : (unmatched?.reason ?? 'no alert')
    throw new Fault('usage', `${file}: cannot tell which service it is about: ${why}`, {
      hint: 'See `match` in services.yaml.',
    })
  }
  const approversExist = (entry.approverCount ?? entry.approvers.length) >= entry.approvalsNeeded
  return { snapshot: await parts.look(entry, alerts), state: { ...quietState(planFacts(entry)), approversExist } }
}

/** What `--json` prints; other programs rely on it. */
export function judgementJson(snapshot: Snapshot, judgement: Judgement): Record<string, unknown> {
  const { decision, opinion, healthScore, factsHash } = judgement
  const { action, disposition, target, blocked, reasons, planHash, expiresAt, policyHash } = decision
  return {
    decision: { action, disposition, target, blocked, reasons, planHash, expiresAt },
    verdict: opinion.verdict,
    opinion,
    healthScore,
    snapshotHash: snapshotHash(snapshot),
    factsHash,
    policyHash,
  }
}

function readInput(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw new Fault('usage', `cannot read ${file}`, {
      cause,
      hint: 'Give the path of a file, or - for standard input.',
    })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('payload_invalid', `${file} is not JSON: ${(cause as Error).message}`, { cause })
  }
}
