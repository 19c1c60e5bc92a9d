import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../agent/lib/clock.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import type { Store } from '../../agent/store/store.ts'

/** The agent's own database, on a server of its own. */
export async function startStore(): Promise<{ readonly store: Store; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-drill-store-'))
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ folder: join(folder, 'data'), purpose: 'serve', clock: systemClock })
  const store = await openStore({
    databaseUrl: server.url,
    clock: systemClock,
    options: StoreOptions.parse({ maximumConnections: 6 }),
    anchors: [async () => {}],
    onAnchorFailure: (fault) => {
      throw fault
    },
  })
  return {
    store,
    stop: async () => {
      await store.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
