import { readFileSync } from 'node:fs'
import { Fault } from '../lib/errors.ts'
import { problemsFault, readYaml } from '../lib/yaml-file.ts'
import { Policy } from '../policy/policy.ts'

/** The policy of a file; throws Fault `config_invalid` with every mistake and its line. */
export function policyFrom(path: string): Policy {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Fault('usage', `cannot read the policy ${path}`, { cause, hint: 'Give the path of a policy file.' })
  }
  const read = readYaml(text, path, Policy)
  if (!read.ok) throw problemsFault(read.problems)
  return read.value
}
