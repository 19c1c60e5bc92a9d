import { openConfiguredStore } from '../app/open-store.ts'
import { type Config, loadConfig } from '../config.ts'
import { systemClock } from '../lib/clock.ts'
import { createLog } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { CliIo, GlobalOptions } from './io.ts'
import { type PersonHere, personHere } from './person-here.ts'

/** What a command works with that reads or writes the record. */
export interface StoreWork extends PersonHere {
  readonly store: Store
  readonly config: Config
}

/** Opens the store (beside a running agent, or alone), does the work and closes it again. */
export async function withStore<T>(
  options: GlobalOptions,
  io: CliIo,
  work: (parts: StoreWork) => Promise<T>,
): Promise<T> {
  const config = loadConfig(options.config, io.environment)
  const log = createLog({ level: 'silent' })
  const opened = await openConfiguredStore(config, { clock: systemClock, log, purpose: 'command' })
  try {
    return await work({ store: opened.store, config, ...(await personHere(io, config.settings)) })
  } finally {
    await opened.close()
  }
}
