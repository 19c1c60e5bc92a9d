import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asFault, Fault } from '../lib/errors.ts'

/** Where secrets are kept outside of files and environment. */
export interface SecretSources {
  /** The fields under a path of Vault, such as `secret/data/failwise`. */
  vault(path: string): Promise<Readonly<Record<string, unknown>>>
  /** The text of a secret of AWS Secrets Manager, by name or ARN. */
  aws(id: string): Promise<string>
}

type Environment = Readonly<Record<string, string | undefined>>

/** `${vault:PATH:FIELD}`, `${aws-secret:NAME}` or `${aws-secret:NAME:FIELD}`; with a second dollar it is plain text. */
const REFERENCE = /(\$?)\$\{((?:vault|aws-secret):[\w:./-]+)\}/g

/**
 * The environment with a value for every reference to a secret in the configuration files of a folder; each secret is read once. Throws
 * `config_invalid` with every one that could not be read, and never says a value.
 */
export async function withSecrets(
  folder: string,
  environment: Environment,
  sources: SecretSources,
): Promise<Environment> {
  const references = [...new Set(textsIn(folder).flatMap(referencesIn))]
  if (references.length === 0) return environment
  const reads = new Map<string, Promise<unknown>>()
  const once = (key: string, read: () => Promise<unknown>) => {
    const known = reads.get(key) ?? read()
    reads.set(key, known)
    return known
  }
  const settled = await Promise.allSettled(references.map((reference) => readOne(reference, sources, once)))
  const values: Record<string, string> = {}
  const mistakes: string[] = []
  for (const [index, reference] of references.entries()) {
    const result = settled[index]!
    if (result.status === 'fulfilled') values[reference] = result.value
    else mistakes.push(`\${${reference}} cannot be read: ${asFault(result.reason).message}`)
  }
  if (mistakes.length > 0) throw new Fault('config_invalid', mistakes.join('\n'))
  return { ...environment, ...values }
}

type Once = (key: string, read: () => Promise<unknown>) => Promise<unknown>

async function readOne(reference: string, sources: SecretSources, once: Once): Promise<string> {
  const [kind, rest] = split(reference, reference.indexOf(':'))
  if (kind === 'vault') {
    const [path, field] = split(rest, rest.lastIndexOf(':'))
    if (path === '') throw new Fault('usage', 'it names no field: ${vault:PATH:FIELD}')
    return textOf(await once(`vault ${path}`, () => sources.vault(path)), field)
  }
  const [id, field] = nameAndField(rest)
  const text = String(await once(`aws ${id}`, () => sources.aws(id)))
  if (field === null) return text
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new Fault('upstream_malformed', 'the secret is no JSON object, and has no fields')
  }
  return textOf(parsed, field)
}

/** ARNs hold colons of their own: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`. */
function nameAndField(rest: string): [string, string | null] {
  const parts = rest.split(':')
  const own = parts[0] === 'arn' ? 7 : 1
  return [parts.slice(0, own).join(':'), parts.length > own ? parts.slice(own).join(':') : null]
}

function textOf(fields: unknown, field: string): string {
  const value = (fields as Readonly<Record<string, unknown>> | null)?.[field]
  if (typeof value === 'string' && value !== '') return value
  throw new Fault('not_found', `there is no text under "${field}"`)
}

function split(text: string, at: number): [string, string] {
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)]
}

function referencesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'))
  return [...lines.join('\n').matchAll(REFERENCE)].flatMap(([, dollar, name = '']) => (dollar ? [] : [name]))
}

/** What cannot be read here is named by whoever loads the configuration after this. */
function textsIn(folder: string): string[] {
  const plans = join(folder, 'plans')
  const names = existsSync(plans) ? readdirSync(plans).map((name) => join(plans, name)) : []
  const files = ['failwise.yaml', 'services.yaml', 'policy.yaml'].map((name) => join(folder, name))
  return [...files, ...names]
    .filter((file) => /\.ya?ml$/.test(file) && existsSync(file))
    .flatMap((file) => {
      try {
        return [readFileSync(file, 'utf8')]
      } catch {
        return []
      }
    })
}
