import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { recordedEntry } from '../../evals/recorded-scope.ts'
import type { World } from './world.ts'

export const TOKEN = 'token-of-the-chaos-runs'
export const ALICE = 'fwp_alice-of-the-chaos-runs'
export const PORT = 8080
/** Services without sources: their incidents page people, and that is all. */
export const PLAIN_SERVICES = Array.from({ length: 12 }, (_, index) => `plain-${index}`)
export const STAGES = ['fence', 'promote', 'switch'] as const

/** Writes an agent's folder: the same files for every agent but its address. */
export function writeConfiguration(folder: string, address: string, world: World): void {
  mkdirSync(join(folder, 'plans'), { recursive: true })
  const { service, collectors } = recordedEntry(world.incident, world.url)
  const settings = {
    ...{ version: 1, mode: 'live' },
    server: {
      host: address,
      port: PORT,
      tokens: [{ name: 'chaos', token: TOKEN, scopes: ['ingest', 'read', 'admin'] }],
    },
    people: [{ name: 'alice', tokenHash: tokenHashOf(ALICE) }],
    notify: { webhook: [{ url: `${world.url}/people` }], delivery: { sendTimeoutMs: 3000, maxDelayMs: 4000 } },
    watch: { enabled: false },
    // What is looked at answers at once; a build machine that does other things, too, may take its time.
    assess: { deadlineSeconds: 60 },
    log: { level: 'info' },
    maskKey: 'the same key for all agents',
  }
  const primary = { provider: 'own', region: 'here' }
  const catalogue = {
    version: 1,
    services: [
      { ...service, collect: collectors, approvers: ['alice'], plans: { region_failover: 'move' } },
      ...PLAIN_SERVICES.map((name) => ({ name, primary })),
    ],
  }
  const program = (script: string, effect: string) => ({ file: join(folder, '..', script), args: [effect] })
  const plan = {
    ...{ version: 1, kind: 'DisasterRecoveryPlan', name: 'move', description: 'Moves it in three steps.' },
    ...{ service: service.name, action: 'region_failover', source: service.primary, target: service.secondary },
    objectives: { rtoSeconds: 1800, rpoSeconds: 60 },
    stages: STAGES.map((id) => ({
      ...{ stage: 'run-command', id, timeoutSeconds: 300, rollback: 'nothing_to_undo' },
      ...program('effect.sh', id),
      check: program('check.sh', id),
    })),
  }
  const query = `run=$FAILWISE_RUN&generation=$FAILWISE_GENERATION`
  const effects = `${world.url}/effects/$1?${query}`
  // At one place: a plan is bound to the programs that it names, and has to be the same for all agents.
  write(join(folder, '..'), 'effect.sh', `#!/bin/sh\nexec curl -sf -m 200 -X POST "${effects}"\n`)
  write(
    join(folder, '..'),
    'check.sh',
    `#!/bin/sh\ncode=$(curl -s -m 20 -o /dev/null -w '%{http_code}' "${effects}")\n${CHECK}`,
  )
  write(folder, 'failwise.yaml', stringify(settings))
  write(folder, 'services.yaml', stringify(catalogue))
  write(folder, 'policy.yaml', 'version: 1\n')
  write(join(folder, 'plans'), 'move.yaml', stringify(plan))
}

const CHECK = `case "$code" in 200) exit 0;; 404) exit 1;; *) exit 2;; esac\n`

function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 })
}
