import { join, resolve } from 'node:path'
import { type Config, dataFolderOf } from '../config.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { type AnchorWriter, anchorFile } from '../store/anchors.ts'
import { type DatabaseServer, startEmbedded } from '../store/embedded.ts'
import { openStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

/** The store, and the server under it when it is our own. */
export interface OpenedStore {
  readonly store: Store
  /** True when the database is the embedded one. */
  readonly isEmbedded: boolean
  close(): Promise<void>
}

/** More than machines with any time synchronisation differ, and less than a deadline or a cooldown. */
const MAXIMUM_SKEW_MS = 30_000

/** Files that hold copies of the audit chain's head outside of the database. */
export function anchorFilesOf(config: Config): string[] {
  const own = join(dataFolderOf(config), 'audit-anchors.ndjson')
  const { anchorFile: configured } = config.settings.audit
  return configured === undefined ? [own] : [own, resolve(config.folder, configured)]
}

/** Opens the configured PostgreSQL, or starts (or joins) the embedded one of the data folder. */
export async function openConfiguredStore(
  config: Config,
  ports: {
    readonly clock: Clock
    readonly log: Log
    readonly purpose: 'serve' | 'command'
    readonly onAnchorFailure?: () => void
  },
): Promise<OpenedStore> {
  const { clock, log, purpose } = ports
  const { store: settings } = config.settings
  const server: DatabaseServer | null =
    settings.databaseUrl === undefined
      ? await startEmbedded({
          folder: dataFolderOf(config),
          purpose,
          clock,
          onRestart: (problem) => log.warn({ err: problem }, 'embedded database died and was started again'),
        })
      : null
  const logAnchor: AnchorWriter = async (head) => log.info({ auditHead: head }, 'audit head anchored')
  try {
    const store = await openStore({
      databaseUrl: server?.url ?? (settings.databaseUrl as string),
      clock,
      options: settings.options,
      anchors: [logAnchor, ...anchorFilesOf(config).map(anchorFile)],
      onAnchorFailure: (fault) => {
        ports.onAnchorFailure?.()
        log.error({ err: fault }, 'audit head could not be anchored')
      },
      isPublishing: config.settings.events.nats?.publish !== undefined,
      // A clock that was handed in is right by definition.
      ...(clock === systemClock ? { maximumSkewMs: MAXIMUM_SKEW_MS } : {}),
      applicationName: `failwise ${purpose}`,
    })
    return {
      store,
      isEmbedded: server !== null,
      close: async () => {
        await store.close()
        await server?.stop()
      },
    }
  } catch (error) {
    await server?.stop()
    throw error
  }
}
