import { Command } from 'commander'
import { planBook } from '../app/plan-book.ts'
import { planWarnings, type StageView, stagesInWords } from '../app/plan-view.ts'
import { loadConfig } from '../config.ts'
import { plannedSeconds } from '../domain/plan.ts'
import type { Site } from '../domain/service.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { table, visible, wrap } from './style.ts'
import { planNamed } from './with-agent.ts'

/** `failwise plan`: what plans there are, and what each of their stages will do. */
export function planCommand(io: CliIo): Command {
  return new Command('plan')
    .description('plans: list, show what each stage will do, in words')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
}

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('all plans')
    .addHelpText('after', '\nExamples:\n  failwise plan list')
    .action((_options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const plans = planBook(loadConfig(options.config, io.environment).plans).all()
      answerOn(io, options).give(
        plans.map(({ plan, hash }) => ({ ...summaryOf(plan), hash })),
        () => (plans.length === 0 ? 'No plans. See docs/plans.md.' : table(plans.map(rowOf))),
      )
    })
}

function rowOf(loaded: LoadedPlan): string[] {
  const { plan } = loaded
  const way = plan.direction === 'back' ? 'way back' : plan.action
  return [plan.name, plan.service, way, `at most ${plannedSeconds(plan)} s`, planWarnings(loaded).join('; ')]
}

function summaryOf({ name, service, action, direction, description, objectives }: LoadedPlan['plan']) {
  return { name, service, action, direction, description, objectives }
}

function showCommand(io: CliIo): Command {
  return new Command('show')
    .description('what each stage will do, with every target named')
    .argument('<plan>', 'name of the plan')
    .addHelpText('after', '\nExamples:\n  failwise plan show checkout-to-secondary')
    .action((name: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const loaded = planNamed(name, planBook(loadConfig(options.config, io.environment).plans).all())
      const { plan, hash } = loaded
      const described = stagesInWords(loaded)
      answerOn(io, options).give({ ...summaryOf(plan), hash, warnings: planWarnings(loaded), stages: described }, () =>
        showText(loaded, described),
      )
    })
}

function showText(loaded: LoadedPlan, stages: readonly StageView[]): string {
  const { plan, hash } = loaded
  const site = (one: Site | null) => (one ? `${one.provider} ${one.region}` : null)
  const where = plan.source && plan.target ? `, from ${site(plan.source)} to ${site(plan.target)}` : ', nothing moves'
  return [
    `${plan.name} (${hash.slice(0, 16)}): ${visible(plan.description)}`,
    `${plan.direction === 'back' ? 'way back' : plan.action} of ${plan.service}${where}`,
    `objectives: ${plan.objectives.rtoSeconds} s until users are served, ${plan.objectives.rpoSeconds} s of data; the stages take at most ${plannedSeconds(plan)} s`,
    ...(plan.failback ? [`the way back is the plan ${plan.failback}`] : []),
    ...(plan.probe ? [] : ['no probe: the data lost will not be measured']),
    ...planWarnings(loaded).map((warning) => `! ${warning}`),
    '',
    ...stages.map(
      ({ id, timeoutSeconds, fencing, rollback, does }, index) =>
        `${String(index + 1).padStart(2)}. ${id} (at most ${timeoutSeconds} s; ${fencing === 'no-effect' ? 'changes nothing' : `${fencing}; ${rollback.replaceAll('_', ' ')}`})\n${wrap(does, 110, '    ')}`,
    ),
  ].join('\n')
}
