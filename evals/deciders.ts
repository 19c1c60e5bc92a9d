import { HealthScoreOptions } from '../agent/domain/health-score.ts'
import { problemsFault, readYaml } from '../agent/lib/yaml-file.ts'
import { defaultPolicy, Policy } from '../agent/policy/policy.ts'
import { baselineDecider, baselineNamed } from './baseline-deciders.ts'
import type { Decider } from './decider.ts'
import type { EvalIo } from './options.ts'
import { productionDecider } from './production-decider.ts'
import { readText } from './read-text.ts'

/** Weights and levels of the health score are the defaults: recorded services have no configuration of their own. */
export const HEALTH_SCORE = HealthScoreOptions.parse({})

/** The policy of a file, or the default one; throws Fault `config_invalid` with every mistake and its line. */
export async function policyFrom(path: string | null): Promise<Policy> {
  if (path === null) return defaultPolicy()
  const read = readYaml(await readText(path, '--policy'), path, Policy)
  if (!read.ok) throw problemsFault(read.problems)
  return read.value
}

export interface DeciderSpec {
  readonly analyst: string
  readonly policy: string | null
  readonly prompt: string | null
}

/** Whoever is to be judged: a baseline by its name, or the production path with an analyst, policy and prompt. */
export async function deciderFrom(
  spec: DeciderSpec,
  io: Pick<EvalIo, 'analystNamed'>,
): Promise<Decider & { readonly policy: Policy | null }> {
  const baseline = baselineNamed(spec.analyst)
  if (baseline) return { ...baselineDecider(baseline, HEALTH_SCORE), policy: null }
  const policy = await policyFrom(spec.policy)
  const named = await io.analystNamed(spec.analyst, spec.prompt)
  return { ...productionDecider({ ...named, policy, healthScore: HEALTH_SCORE }), policy }
}
