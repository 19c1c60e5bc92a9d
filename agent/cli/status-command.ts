import { Command } from 'commander'
import { type Status, statusOf } from '../app/status.ts'
import { systemClock } from '../lib/clock.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { clip, table } from './style.ts'
import { withStore } from './with-store.ts'

/** `failwise status`: services, open incidents, what waits for whom, what is frozen. */
export function statusCommand(io: CliIo): Command {
  return new Command('status')
    .description('services, open incidents, what waits for whom, what is frozen')
    .addHelpText('after', '\nExamples:\n  failwise status\n  failwise status --json | jq .waiting')
    .action(async (_options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const status = await withStore(options, io, ({ store, config }) =>
        statusOf({ store, config, clock: systemClock }),
      )
      answerOn(io, options).give(status, () => statusText(status))
    })
}

function statusText(status: Status): string {
  const alive = status.agents.map(({ id, host, pid, heartbeatAt }) => `${id} (${host} pid ${pid}, seen ${heartbeatAt})`)
  const sections = [
    `${status.mode} mode, policy ${status.policyHash.slice(0, 16)}, agents: ${alive.join(', ') || 'none is running'}`,
    section(
      'Services',
      status.services.map(({ name, primary, score, openIncidents }) => [
        name,
        primary,
        score ? `score ${score.score} of ${score.maximum} (${score.level}) since ${score.levelSince}` : 'not scored',
        openIncidents > 0 ? `${openIncidents} open` : '',
      ]),
    ),
    section(
      'Open incidents',
      status.incidents.map(({ incident, latest }) => [
        incident.id,
        incident.service,
        incident.state,
        latest ? `${latest.decision.action} / ${latest.decision.disposition}` : 'not decided',
        incident.nextAssessmentAt ? `next look ${incident.nextAssessmentAt}` : '',
      ]),
    ),
    section(
      'Events',
      status.events.map((event) => [
        event.id,
        event.provider,
        `${event.openIncidents} of ${event.incidents} incidents open`,
      ]),
    ),
    section(
      'Waiting for a person',
      status.waiting.map((approval) => [
        approval.id,
        `${approval.action} of ${approval.service}`,
        `${approval.votes.length} of ${approval.needed}, asked: ${approval.approvers.join(', ') || 'nobody'}`,
        `no at ${approval.expiresAt}`,
        clip(approval.summary, 60),
      ]),
    ),
    section(
      'Runs',
      status.runs.map((run) => [
        run.id,
        run.state,
        `${run.action} of ${run.service}`,
        `requested by ${run.requestedBy}`,
      ]),
    ),
    section(
      'Frozen',
      status.frozen.map((freeze) => [
        freeze.service ?? 'everything',
        freeze.kind,
        `by ${freeze.setBy} at ${freeze.setAt}`,
        clip(freeze.reason, 80),
      ]),
    ),
  ]
  if (status.undelivered > 0) sections.push(`${status.undelivered} messages to people are not delivered yet`)
  return sections.join('\n')
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return `${title}: none`
  return `${title}:\n${table(rows.map((row) => [`  ${row[0]}`, ...row.slice(1)]))}`
}
