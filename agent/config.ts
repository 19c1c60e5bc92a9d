import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { Catalogue } from './config/catalogue.ts'
import { drillProblems, planProblems, planTexts, readPlans } from './config/plans.ts'
import { Settings } from './config/settings.ts'
import type { Plan } from './domain/plan.ts'
import { Fault } from './lib/errors.ts'
import { type Lookup, type Problem, problemsFault, readYaml } from './lib/yaml-file.ts'
import { Policy } from './policy/policy.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Everything an agent is configured with, checked and frozen. */
export interface Config {
  /** Where the files are. */
  readonly folder: string
  readonly settings: Settings
  readonly catalogue: Catalogue
  readonly plans: readonly Plan[]
  readonly policy: Policy
  readonly policyText: string
  readonly policyFile: string
  /** Files that were not there; defaults stand in for them. */
  readonly absent: readonly string[]
}

export const SETTINGS_FILE = 'failwise.yaml'
export const CATALOGUE_FILE = 'services.yaml'
export const POLICY_FILE = 'policy.yaml'

/** Stands for a policy file that is not there. */
const EMPTY_POLICY = 'version: 1\n'

/** The data folder of a configuration, as an absolute path. */
export function dataFolderOf(config: Config): string {
  return resolve(config.folder, config.settings.store.folder)
}

/** The folder in which real calls to models are kept for replay, as an absolute path. */
export function recordingsFolderOf(config: Config): string {
  const { recordings } = config.settings.analyst
  return recordings === undefined ? join(dataFolderOf(config), 'recordings') : resolve(config.folder, recordings)
}

/** Reads all configuration files of a folder; throws one `config_invalid` with every mistake of all of them. */
export function loadConfig(folder: string, environment: Environment): Config {
  const root = resolve(folder)
  const problems: Problem[] = []
  const absent: string[] = []
  const lookup = lookupIn(environment, root)

  const read = <T extends z.ZodType>(
    name: string,
    schema: T,
    fallback: string,
    references: Lookup | null = lookup,
  ): { value: z.output<T> | null; text: string } => {
    const path = join(root, name)
    const exists = existsSync(path)
    if (!exists) absent.push(name)
    const text = exists ? readText(path) : fallback
    const parsed = readYaml(text, name, schema, references ?? undefined)
    if (parsed.ok) return { value: parsed.value, text }
    problems.push(...parsed.problems)
    return { value: null, text }
  }

  const settings = read(SETTINGS_FILE, Settings, 'version: 1\n')
  const catalogue = read(CATALOGUE_FILE, Catalogue, 'version: 1\n')
  // A policy is hashed, kept with decisions and read again to replay them: it means the same everywhere, or nothing.
  const policy = read(POLICY_FILE, Policy, EMPTY_POLICY, null)
  const texts = planTexts(root, readText)
  const { plans, problems: planMistakes } = readPlans(texts, lookup)
  problems.push(...planMistakes)
  if (settings.value !== null && planMistakes.length === 0)
    problems.push(...drillProblems(plans, { file: SETTINGS_FILE, text: settings.text }, lookup))
  // Only files that are right by themselves can be seen together.
  if (catalogue.value !== null && planMistakes.length === 0) {
    const services = { file: CATALOGUE_FILE, text: catalogue.text, value: catalogue.value }
    problems.push(...planProblems(texts, plans, services, lookup))
  }
  if (settings.value === null || catalogue.value === null || policy.value === null || problems.length > 0)
    throw problemsFault(problems)
  return Object.freeze({
    folder: root,
    settings: Object.freeze(withEnvironment(settings.value, environment)),
    catalogue: Object.freeze(catalogue.value),
    plans: Object.freeze(plans),
    policy: Object.freeze(policy.value),
    policyText: policy.text,
    policyFile: join(root, POLICY_FILE),
    absent,
  })
}

/** The few settings that people expect to set without a file. */
function withEnvironment(settings: Settings, environment: Environment): Settings {
  const databaseUrl = environment.DATABASE_URL || settings.store.databaseUrl
  const port = environment.PORT === undefined ? undefined : Number(environment.PORT)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new Fault('config_invalid', `PORT must be a number from 0 to 65535; is "${environment.PORT}"`)
  return {
    ...settings,
    store: { ...settings.store, ...(databaseUrl && { databaseUrl }) },
    server: { ...settings.server, ...(port !== undefined && { port }) },
  }
}

/** `${NAME}` is an environment variable, `${file:PATH}` the trimmed content of a file such as a mounted secret. */
function lookupIn(environment: Environment, root: string): Lookup {
  return (name) => {
    if (!name.startsWith('file:')) return environment[name]
    const path = resolve(root, name.slice('file:'.length))
    return existsSync(path) ? readText(path).trim() : undefined
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Fault('config_invalid', `cannot read ${path}`, { cause: error, hint: 'Check that the file is readable.' })
  }
}
