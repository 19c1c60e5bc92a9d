import type { Actor } from '../domain/audit.ts'
import { nowOf, recording, type StoreContext } from './context.ts'
import { importStore } from './import.ts'
import type { Maintenance } from './keeping.ts'
import { readPulse } from './pulse.ts'
import { readQueues } from './queues.ts'
import { prune } from './retention.ts'
import { exportStore } from './transfer.ts'

const SYSTEM: Actor = { kind: 'system', id: 'maintenance', via: null }

/** Housekeeping: retention, and moving the whole store. */
export function maintenance(context: StoreContext): Maintenance {
  return {
    prune: (retention) => prune(context, retention),
    queues: () => readQueues(context),
    pulse: () => readPulse(context),
    exportStore: async (to) => {
      const result = await exportStore(context.db, to, nowOf(context))
      const { rows, checksum } = result
      await recording(context, async (_tx, note) =>
        note({ kind: 'store_exported', at: nowOf(context), actor: SYSTEM, rows, checksum }),
      )
      return result
    },
    importStore: async (from) => {
      const result = await importStore(context.db, from)
      const { rows, checksum } = result
      await recording(context, async (_tx, note) =>
        note({ kind: 'store_imported', at: nowOf(context), actor: SYSTEM, rows, checksum }),
      )
      return result
    },
  }
}
