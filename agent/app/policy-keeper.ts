import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { instantOf } from '../domain/time.ts'
import type { PolicyInForce } from '../engine/assess.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { policyHash } from '../policy/policy.ts'
import { policyHolder } from '../policy/policy-file.ts'
import type { Store } from '../store/store.ts'

/** The policy in force, kept up to date with its file. */
export interface PolicyKeeper {
  inForce(): PolicyInForce
  hash(): string
  /** Why the file's newest text is not in force; empty when it is. */
  problems(): readonly string[]
  /** Looks at the file again. A wrong one changes nothing and is told once. */
  reload(): Promise<void>
  recordStart(): Promise<void>
}

/** Holds the configuration's policy; every change of it goes on the record. */
export function policyKeeper(
  config: Config,
  ports: { readonly store: Pick<Store, 'audit'>; readonly clock: Clock; readonly log: Log; readonly agentId: string },
): PolicyKeeper {
  const holder = policyHolder(config.policy, config.policyFile)
  let text = config.policyText
  let offered = config.policyText
  let problems: string[] = []

  const record = (hash: string, previousHash: string | null) =>
    ports.store.audit.append([
      {
        kind: 'policy_loaded',
        at: instantOf(ports.clock.now()),
        actor: { kind: 'agent', id: ports.agentId, via: null },
        policyHash: hash,
        previousHash,
        source: config.policyFile,
      },
    ])

  return {
    inForce: () => ({ policy: holder.active().policy, text }),
    hash: () => holder.active().hash,
    problems: () => problems,
    recordStart: async () => {
      await record(policyHash(config.policy), null)
    },
    reload: async () => {
      if (!existsSync(config.policyFile)) return
      const read = await readFile(config.policyFile, 'utf8')
      if (read === offered) return
      offered = read
      const before = holder.active().hash
      const result = holder.offer(read)
      if ('problems' in result) {
        problems = result.problems.map((one) => `${one.file}:${one.line}:${one.column} ${one.path}: ${one.message}`)
        ports.log.warn({ problems }, 'policy file is wrong, the old one stays in force')
        return
      }
      problems = []
      text = read
      if (!result.changed) return
      ports.log.info({ policyHash: result.active.hash }, 'policy reloaded')
      await record(result.active.hash, before)
    },
  }
}
