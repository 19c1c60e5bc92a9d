import { Command } from 'commander'
import { peopleOf } from '../approval/people.ts'
import { type Config, loadConfig } from '../config.ts'
import { policyHash } from '../policy/policy.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { table } from './style.ts'

/** `failwise check`: every mistake of every configuration file in one run. */
export function checkCommand(io: CliIo): Command {
  return new Command('check')
    .description('check settings, catalogue and policy: every mistake with file, line and what would be right')
    .addHelpText(
      'after',
      '\nExamples:\n  failwise check\n  failwise --config /etc/failwise check --json\n\nExits 2 when there is a mistake.',
    )
    .action((_options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const config = loadConfig(options.config, io.environment)
      const answer = answerOn(io, options)
      const warnings = warningsOf(config)
      answer.give(
        {
          ok: true,
          folder: config.folder,
          services: config.catalogue.services.map(({ name }) => name),
          policyHash: policyHash(config.policy),
          mode: config.settings.mode,
          absent: config.absent,
          warnings,
        },
        () => checkText(config, warnings),
      )
    })
}

function checkText(config: Config, warnings: readonly string[]): string {
  const { services } = config.catalogue
  const rows = services.map((service) => [
    `  ${service.name}`,
    `${service.primary.provider} ${service.primary.region}`,
    `${service.collect.length + config.catalogue.defaults.collect.length} sources`,
    `plans: ${Object.keys(service.plans).join(', ') || 'none'}`,
  ])
  return [
    `No mistakes in ${config.folder}.`,
    `Mode ${config.settings.mode}, policy "${config.policy.name}" ${policyHash(config.policy).slice(0, 16)}, ${services.length} services`,
    ...(rows.length > 0 ? [table(rows)] : []),
    ...config.absent.map((name) => `  ${name} is absent: defaults stand in for it`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ].join('\n')
}

/** What is allowed but probably not meant. */
function warningsOf(config: Config): string[] {
  const { catalogue, settings } = config
  const warnings: string[] = []
  const people = { people: settings.people, groups: settings.groups }
  for (const { afterMinutes, approvers } of settings.approval.escalation)
    warnings.push(...approverWarnings(`the escalation after ${afterMinutes} min`, approvers, 1, people))
  if (catalogue.services.length === 0) warnings.push('no services: every alert will be unmatched')
  for (const service of catalogue.services) {
    const sources = service.collect.length + catalogue.defaults.collect.length
    if (sources === 0)
      warnings.push(`${service.name} has no sources: nothing can be known of it, so a person is always paged`)
    const moves = service.plans.region_failover ?? service.plans.dr_failover
    if (!moves) warnings.push(`${service.name} has no failover plan: a failover is blocked for that reason`)
    const approvers = service.approvers ?? catalogue.defaults.approvers
    const needed = service.approvalsNeeded ?? catalogue.defaults.approvalsNeeded
    if (moves && approvers.length === 0)
      warnings.push(`${service.name} has no approvers: nothing that must be asked can happen`)
    if (moves) warnings.push(...approverWarnings(service.name, approvers, needed, people))
    if (!service.runbookUrl) warnings.push(`${service.name} has no runbookUrl for the person who is paged`)
  }
  if (!settings.audit.anchorFile)
    warnings.push('audit.anchorFile is not set: the chain head is anchored in the log and the data folder only')
  return warnings
}

/** Names that nobody answers to: the question would be asked, and expire. */
function approverWarnings(
  what: string,
  approvers: readonly string[],
  needed: number,
  { people, groups }: Pick<Config['settings'], 'people' | 'groups'>,
): string[] {
  if (approvers.length === 0) return []
  if (people.length === 0)
    return [`${what} names approvers, but nobody stands under people: nobody could answer (\`failwise people\`)`]
  const isKnown = (name: string) =>
    people.some((person) => person.name === name || person.groups.includes(name)) ||
    groups.some((group) => group.name === name)
  const unknown = approvers.filter((name) => !isKnown(name))
  const warnings = unknown.map((name) => `${what} names ${name}, who is neither a person nor a group`)
  const count = peopleOf(people, groups).count(approvers)
  if (count < needed) warnings.push(`${what} needs ${needed} approvals, and ${count} people may give one`)
  return warnings
}
