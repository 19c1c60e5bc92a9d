import { Command } from 'commander'
import { OUTCOME_ACT, readShadowReport } from '../../evals/shadow-read.ts'
import { shadowReportText } from '../../evals/shadow-report.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { actionOf } from './capture-command.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { sinceFrom } from './since-option.ts'
import { withStore } from './with-store.ts'

interface OutcomeOptions extends GlobalOptions {
  readonly action: string
  readonly at?: string
  readonly right?: string
  readonly reason: string
}

/** `failwise outcome`: what people did about an incident, and what would have been right. */
export function outcomeCommand(io: CliIo): Command {
  return new Command('outcome')
    .description('put on record what people did about an incident, for the shadow report')
    .argument('<incident>', 'its id')
    .requiredOption('--action <action>', 'what people did; no_action when it went away by itself')
    .option('--at <time>', 'when users were served again')
    .option('--right <action>', 'what would have been right in hindsight')
    .option('--reason <text>', 'why', '')
    .addHelpText(
      'after',
      '\nExamples:\n  failwise outcome inc_mwpx0y4omtrwqhc --action rollback_change --at 2026-03-01T04:40:00Z',
    )
    .action(async (incidentId: string, _options, command: Command) => {
      const options = optionsOf<OutcomeOptions>(command, io)
      const details = {
        incident: incidentId,
        action: actionOf(options.action),
        actedAt: options.at === undefined ? null : timeOf(options.at),
        right: options.right === undefined ? null : actionOf(options.right),
      }
      await withStore(options, io, async ({ store, actor }) => {
        const incident = await store.incidents.get(incidentId)
        if (!incident) throw new Fault('not_found', `there is no incident ${incidentId}`)
        const at = instantOf(Date.now())
        const { service } = incident
        await store.audit.append([
          { kind: 'administrative_act', at, actor, act: OUTCOME_ACT, service, reason: options.reason, details },
        ])
      })
      answerOn(io, options).give(details, () => `On record: people did ${details.action} about ${incidentId}.`)
    })
}

/** `failwise report`: what the agent decided beside what thresholds would have done and what people did. */
export function reportCommand(io: CliIo): Command {
  return new Command('report')
    .description('the agent beside plain thresholds and people: needless failovers avoided, minutes saved or lost')
    .option('--since <time>', 'such as 30d, 12h or 2026-03-01', '30d')
    .addHelpText(
      'after',
      '\nWhat people did comes from `failwise outcome`.\n\nExamples:\n  failwise report --since 30d\n  failwise report --since 7d --json',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<GlobalOptions & { since: string }>(command, io)
      const since = sinceFrom(options.since, Date.now())
      const report = await withStore(options, io, ({ store }) => readShadowReport(store, since))
      answerOn(io, options).give(report, () => shadowReportText(report))
    })
}

function timeOf(text: string): Instant {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new Fault('usage', `--at must be a time such as 2026-03-01T04:40:00Z; is "${text}"`)
  return instantOf(at)
}
