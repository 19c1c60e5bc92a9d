import { Command } from 'commander'
import type { Run } from '../domain/run.ts'
import { abortRun, pauseRun, resumeRun } from '../engine/run-control.ts'
import { Fault } from '../lib/errors.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { runPlan } from './run-plan.ts'
import { drillScenarios } from './scenario-drill.ts'
import { planNamed, withAgent } from './with-agent.ts'
import { type StoreWork, withStore } from './with-store.ts'

interface RunOptions extends GlobalOptions {
  readonly acceptDataLoss?: string
  readonly detach?: boolean
  readonly live?: boolean
  readonly html?: string
  readonly scenario?: string
  readonly analyst: string
}

const HELP = `
It passes through the gate's rules about safety (the target, what is frozen, one run per group) and leaves the same record as the
agent's own decisions. The first look, and every stage, are told as they happen, with the time against the objective.

Examples:
  failwise run checkout-to-secondary
  failwise run checkout-to-dr --accept-data-loss 30
  failwise run pause run_mwpyyben8k2f9ab --reason "call with the provider"
  failwise run resume run_mwpyyben8k2f9ab --reason "they confirmed it"
  failwise run abort run_mwpyyben8k2f9ab --reason "the region is back"`

/** `failwise run`: carries out a plan on a person's order, and holds, continues or ends a run. */
export function runCommand(io: CliIo): Command {
  return new Command('run')
    .description('carry out a plan; pause, resume or abort a run')
    .argument('<plan>', 'name of the plan, or pause, resume, abort')
    .option('--accept-data-loss <seconds>', 'agree to lose up to this much data by this one run')
    .option('--detach', 'ask for it and do not stay to watch')
    .addHelpText('after', HELP)
    .action(async (name: string, _options, command: Command) => {
      const options = optionsOf<RunOptions>(command, io)
      await withAgent(options, io, (work) => {
        const plan = planNamed(name, work.agent.plans.all())
        if (plan.plan.direction === 'back')
          throw new Fault('usage', `${name} is a way back`, { hint: `Use \`failwise failback ${name}\`.` })
        return runPlan(plan, orderOf(options, false), work, answerOn(io, options))
      })
    })
    .addCommand(controlCommand(io, 'pause', 'stop a run before its next step', pauseRun))
    .addCommand(controlCommand(io, 'resume', 'let a paused run go on; where it asks, this is the answer', resumeRun))
    .addCommand(controlCommand(io, 'abort', 'end a run; what it did is undone as far as it can be', abortRun))
    .addCommand(endCooldownCommand(io))
}

/** `failwise failback`: brings a service home, as a plan of its own. Only people start it. */
export function failbackCommand(io: CliIo): Command {
  return new Command('failback')
    .description('bring a service home by its own plan; never automatic')
    .argument('<plan>', 'the way back, or the plan that moved it away and names its way back')
    .option('--accept-data-loss <seconds>', 'agree to lose up to this much data by this one run')
    .option('--detach', 'ask for it and do not stay to watch')
    .addHelpText('after', '\nExamples:\n  failwise failback checkout-to-secondary')
    .action(async (name: string, _options, command: Command) => {
      const options = optionsOf<RunOptions>(command, io)
      await withAgent(options, io, (work) => {
        const plans = work.agent.plans.all()
        const named = planNamed(name, plans)
        const back =
          named.plan.direction === 'back' ? named : plans.find(({ plan }) => plan.name === named.plan.failback)
        if (!back) throw new Fault('usage', `the plan ${name} names no way back (failback: …)`)
        return runPlan(back, orderOf(options, false), work, answerOn(io, options))
      })
    })
}

const DRILL_HELP = `
A scenario is told as evidence about a service: the analyst, the policy and the plans are the ones in force, and a plan that would run is
rehearsed. There are single-server, whole-region, database-corruption, network-partition and malicious-deletion, or all. Exits 1 when
something would not end as it should.

Examples:
  failwise drill checkout-to-secondary
  failwise drill checkout-to-secondary --html drill.html
  failwise drill sandbox-to-dr --live
  failwise drill checkout --scenario all --html scenarios.html`

/** `failwise drill`: a rehearsal. Without --live it runs the same code and writes to nothing. */
export function drillCommand(io: CliIo): Command {
  return new Command('drill')
    .description('rehearse a plan: the same code, without a single effect; --live for plans on a sandbox')
    .argument('<plan>', 'name of the plan; with --scenario, of the service')
    .option('--live', 'really do it; only for plans that say sandbox: true')
    .option('--scenario <name>', 'what the agent would make of a classic trouble, and whether the plan stands')
    .option('--analyst <name>', 'who reads a scenario, as for `failwise decide`', 'auto')
    .option('--html <file>', 'write it as a page')
    .addHelpText('after', DRILL_HELP)
    .action(async (name: string, _options, command: Command) => {
      const options = optionsOf<RunOptions>(command, io)
      const { scenario, analyst, html } = options
      if (scenario !== undefined && options.live)
        throw new Fault('usage', 'a scenario is made up, so nothing is done about it; leave --live out')
      await withAgent(options, io, (work) => {
        const answer = answerOn(io, options)
        if (scenario !== undefined) return drillScenarios({ service: name, scenario, analyst, html }, work, io, answer)
        const plan = planNamed(name, work.agent.plans.all())
        if (options.live && !plan.plan.sandbox)
          throw new Fault('usage', `${name} works on what people need, so it is rehearsed without effects only`, {
            hint: 'A plan for live drills says sandbox: true, and works on targets that nobody needs.',
          })
        return runPlan(plan, orderOf(options, !options.live), work, answer, html)
      })
    })
}

function orderOf({ acceptDataLoss, detach }: RunOptions, isDryRun: boolean) {
  const acceptedDataLossSeconds = acceptDataLoss === undefined ? null : Number(acceptDataLoss)
  if (acceptedDataLossSeconds !== null && !(acceptDataLoss?.trim() !== '' && acceptedDataLossSeconds >= 0))
    throw new Fault('usage', `--accept-data-loss must be a number of seconds; is "${acceptDataLoss}"`)
  return { isDryRun, acceptedDataLossSeconds, detach: detach ?? false }
}

function endCooldownCommand(io: CliIo): Command {
  return new Command('end-cooldown')
    .description('let a failover group move again before its rest is over')
    .argument('<group>', 'the failover group')
    .requiredOption('--reason <text>', 'why; it stands on the record')
    .addHelpText('after', '\nExamples:\n  failwise run end-cooldown checkout --reason "that was a rehearsal"')
    .action(async (group: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions & { reason: string }>(command, io)
      await withStore(options, io, ({ store, actor }) => store.runs.endCooldown(group, actor, options.reason))
      answerOn(io, options).give({ group, cooldown: null }, () => `${group} may move again.`)
    })
}

type Control = (
  store: StoreWork['store'],
  runId: string,
  by: StoreWork['actor'],
  reason: string,
  proof: StoreWork['proof'],
) => Promise<Run>

function controlCommand(io: CliIo, name: string, about: string, control: Control): Command {
  return new Command(name)
    .description(about)
    .argument('<run>', 'id of the run')
    .requiredOption('--reason <text>', 'why; it stands on the record')
    .addHelpText('after', `\nExamples:\n  failwise run ${name} run_mwpyyben8k2f9ab --reason "as agreed in the call"`)
    .action(async (runId: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions & { reason: string }>(command, io)
      const run = await withStore(options, io, ({ store, actor, proof }) =>
        control(store, runId, actor, options.reason, proof),
      )
      answerOn(io, options).give(run, () => `${run.id} is ${run.state.replaceAll('_', ' ')}.`)
    })
}
