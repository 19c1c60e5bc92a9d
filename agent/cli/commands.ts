import type { Command } from 'commander'
import type { CliIo } from './io.ts'

/** A command as the overview shows it. Its code is loaded only when it is called, so that the others start fast. */
export interface CommandEntry {
  readonly name: string
  readonly about: string
  load(io: CliIo): Promise<Command>
}

/** All commands, in the order in which people meet them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    about: 'run the agent: take alerts, decide, record, tell people',
    load: async (io) => (await import('./serve-command.ts')).serveCommand(io),
  },
  {
    name: 'demo',
    about: 'replay a recorded outage through the whole agent, and stay up for you to look around',
    load: async (io) => (await import('./demo-command.ts')).demoCommand(io),
  },
  {
    name: 'status',
    about: 'services, open incidents, what waits for whom, what is frozen',
    load: async (io) => (await import('./status-command.ts')).statusCommand(io),
  },
  {
    name: 'watch',
    about: 'health scores, and their history as the watch loop kept it',
    load: async (io) => (await import('./watch-command.ts')).watchCommand(io),
  },
  {
    name: 'decide',
    about: 'decide about a recorded incident or an alert, without recording anything',
    load: async (io) => (await import('./decide-command.ts')).decideCommand(io),
  },
  {
    name: 'explain',
    about: 'why it acted, and every reason why not',
    load: async (io) => (await import('./explain-command.ts')).explainCommand(io),
  },
  {
    name: 'replay',
    about: 'from the record to the same answer; with --policy, what another policy would have done',
    load: async (io) => (await import('./replay-command.ts')).replayCommand(io),
  },
  {
    name: 'eval',
    about: 'judge how well an analyst, prompt and policy decide on recorded incidents',
    load: async (io) => (await import('../../evals/command.ts')).evalCommand(io),
  },
  {
    name: 'capture',
    about: 'turn a recorded decision into an evaluation case',
    load: async (io) => (await import('./capture-command.ts')).captureCommand(io),
  },
  {
    name: 'outcome',
    about: 'put on record what people did about an incident, for the shadow report',
    load: async (io) => (await import('./report-command.ts')).outcomeCommand(io),
  },
  {
    name: 'report',
    about: 'the agent beside plain thresholds and people: needless failovers avoided, minutes saved or lost',
    load: async (io) => (await import('./report-command.ts')).reportCommand(io),
  },
  {
    name: 'anomaly',
    about: 'models of what is normal for a service: train, explain, backtest, list',
    load: async (io) => (await import('./anomaly-command.ts')).anomalyCommand(io),
  },
  {
    name: 'plan',
    about: 'plans: list, show what each stage will do, in words',
    load: async (io) => (await import('./plan-command.ts')).planCommand(io),
  },
  {
    name: 'run',
    about: 'carry out a plan; pause, resume or abort a run',
    load: async (io) => (await import('./run-command.ts')).runCommand(io),
  },
  {
    name: 'drill',
    about: 'rehearse a plan: the same code, without a single effect; --live for plans on a sandbox',
    load: async (io) => (await import('./run-command.ts')).drillCommand(io),
  },
  {
    name: 'failback',
    about: 'bring a service home by its own plan; never automatic',
    load: async (io) => (await import('./run-command.ts')).failbackCommand(io),
  },
  {
    name: 'runs',
    about: 'runs, newest first; with an id, everything that one did',
    load: async (io) => (await import('./runs-command.ts')).runsCommand(io),
  },
  {
    name: 'approve',
    about: 'say yes to an open question; it counts once, and only from somebody who was asked',
    load: async (io) => (await import('./answer-command.ts')).approveCommand(io),
  },
  {
    name: 'refuse',
    about: 'say no to an open question; a no beats every yes',
    load: async (io) => (await import('./answer-command.ts')).refuseCommand(io),
  },
  {
    name: 'people',
    about: 'who may answer questions, and by which ways in',
    load: async (io) => (await import('./people-command.ts')).peopleCommand(io),
  },
  {
    name: 'freeze',
    about: 'the kill switch: nothing is done for a service, or for all of them; on the record',
    load: async (io) => (await import('./freeze-command.ts')).freezeCommand(io),
  },
  {
    name: 'unfreeze',
    about: 'lift the freeze of a service, or of everything; on the record',
    load: async (io) => (await import('./freeze-command.ts')).unfreezeCommand(io),
  },
  {
    name: 'close',
    about: 'end an incident by hand, with a reason, on the record',
    load: async (io) => (await import('./close-command.ts')).closeCommand(io),
  },
  {
    name: 'audit',
    about: 'the record: list, show, verify, export',
    load: async (io) => (await import('./audit-command.ts')).auditCommand(io),
  },
  {
    name: 'store',
    about: 'export and import the whole store',
    load: async (io) => (await import('./store-command.ts')).storeCommand(io),
  },
  {
    name: 'check',
    about: 'check settings, catalogue and policy: every mistake with file, line and what would be right',
    load: async (io) => (await import('./check-command.ts')).checkCommand(io),
  },
  {
    name: 'doctor',
    about: 'reach each configured upstream and say what it could see',
    load: async (io) => (await import('./doctor-command.ts')).doctorCommand(io),
  },
]
