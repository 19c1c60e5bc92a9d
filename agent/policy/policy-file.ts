import { readYaml, type YamlRead } from '../lib/yaml-file.ts'
import { Policy, policyHash } from './policy.ts'

/** A policy in force, and what identifies it. */
export interface ActivePolicy {
  readonly policy: Policy
  readonly hash: string
  readonly file: string
}

/** Parses a policy's text; every mistake is reported with its line, its column and what is allowed there. */
export function readPolicy(text: string, file: string): YamlRead<Policy> {
  return readYaml(text, file, Policy)
}

type Reload =
  | { readonly changed: boolean; readonly active: ActivePolicy }
  | { readonly changed: false; readonly active: ActivePolicy; readonly problems: readonly Problem[] }
type Problem = Extract<YamlRead<Policy>, { ok: false }>['problems'][number]

/** Holds the policy in force. A file that became wrong changes nothing: the policy before it stays until the file is right again. */
export interface PolicyHolder {
  active(): ActivePolicy
  /** Takes the file's new text, such as a watcher delivers it; half-written text is just a wrong file. */
  offer(text: string): Reload
}

/** Starts with a policy that is right; throws nothing, the first reading is the caller's. */
export function policyHolder(first: Policy, file: string): PolicyHolder {
  let active: ActivePolicy = { policy: first, hash: policyHash(first), file }
  return {
    active: () => active,
    offer(text) {
      const read = readPolicy(text, file)
      if (!read.ok) return { changed: false, active, problems: read.problems }
      const hash = policyHash(read.value)
      const changed = hash !== active.hash
      if (changed) active = { policy: read.value, hash, file }
      return { changed, active }
    },
  }
}
