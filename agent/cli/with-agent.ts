import type { Agent } from '../app/agent.ts'
import { createAgent } from '../app.ts'
import { loadConfig } from '../config.ts'
import type { Actor } from '../domain/audit.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { Fault } from '../lib/errors.ts'
import { createLog } from '../lib/log.ts'
import type { CliIo, GlobalOptions } from './io.ts'
import { personHere } from './person-here.ts'
import { packageVersion } from './version.ts'

/** What a command works with that looks at services or carries out plans. */
export interface AgentWork {
  readonly agent: Agent
  /** The person at this terminal. */
  readonly actor: Actor
}

/** Builds an agent beside a running one (or alone), under a name of its own, does the work and closes it again. */
export async function withAgent<T>(
  options: GlobalOptions,
  io: CliIo,
  work: (parts: AgentWork) => Promise<T>,
): Promise<T> {
  const config = loadConfig(options.config, io.environment)
  const { actor } = await personHere(io, config.settings)
  const agent = await createAgent({
    ...{ config, environment: io.environment, version: packageVersion(), purpose: 'command', analyst: 'rules' },
    log: createLog({ level: 'silent' }),
    id: `command-${actor.id}-${process.pid}`,
  })
  try {
    return await work({ agent, actor })
  } finally {
    await agent.stop()
  }
}

/** The plan of a name, or a usage fault that lists what there is. */
export function planNamed(name: string, plans: readonly LoadedPlan[]): LoadedPlan {
  const found = plans.find(({ plan }) => plan.name === name)
  if (found) return found
  const names = plans.map(({ plan }) => plan.name).join(', ')
  throw new Fault('usage', `there is no plan "${name}"`, {
    hint: names === '' ? 'Plans are files in plans/; see docs/plans.md.' : `There are: ${names}`,
  })
}
