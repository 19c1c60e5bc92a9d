import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { readAnchors } from '../store/anchors.ts'
import type { Store } from '../store/store.ts'
import type { AgentMetrics } from './metrics.ts'
import { anchorFilesOf } from './open-store.ts'

/** Verifies the audit chain against its anchors and shows the result; says loudly when it does not hold. */
export async function checkAudit(
  config: Config,
  { store, metrics, clock, log }: { store: Pick<Store, 'audit'>; metrics: AgentMetrics; clock: Clock; log: Log },
): Promise<void> {
  // Heads are read first: what is appended meanwhile is then newer than every anchor, and not missing.
  const anchors = await Promise.all(anchorFilesOf(config).map((file) => readAnchors(file).catch(() => [])))
  const { ok, problem, anchoredUpTo } = await store.audit.verify(anchors.flat())
  metrics.auditBroken.set(ok ? 0 : 1)
  metrics.auditVerifiedAt.set(clock.now() / 1000)
  if (!ok) log.error({ problem, anchoredUpTo }, 'audit chain does not verify')
}
