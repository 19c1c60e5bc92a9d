import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PlanFile } from '../../actions/index.ts'
import type { Plan } from '../domain/plan.ts'
import { groupOf, Service } from '../domain/service.ts'
import { type Lookup, type Problem, readYaml } from '../lib/yaml-file.ts'
import { Catalogue, type CatalogueService } from './catalogue.ts'
import { Settings } from './settings.ts'

export const PLANS_FOLDER = 'plans'

interface PlanText {
  /** Relative to the configuration's folder. */
  readonly file: string
  readonly text: string
}

/** The plan files of a configuration, in the order of their names; templates and other folders inside are not read. */
export function planTexts(root: string, readText: (path: string) => string): PlanText[] {
  const folder = join(root, PLANS_FOLDER)
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => ({ file: `${PLANS_FOLDER}/${entry.name}`, text: readText(join(folder, entry.name)) }))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
}

export interface PlansRead {
  readonly plans: readonly Plan[]
  readonly problems: readonly Problem[]
}

/** Reads every plan file by itself. */
export function readPlans(texts: readonly PlanText[], lookup: Lookup): PlansRead {
  const plans: Plan[] = []
  const problems: Problem[] = []
  for (const { file, text } of texts) {
    const read = readYaml(text, file, PlanFile, lookup)
    if (read.ok) plans.push(read.value)
    else problems.push(...read.problems)
  }
  return { plans, problems }
}

/** What only shows when plans and services are seen together: names that lead nowhere, plans that do something else than what they are named for. */
export function planProblems(
  texts: readonly PlanText[],
  plans: readonly Plan[],
  catalogue: { readonly file: string; readonly text: string; readonly value: Catalogue },
  lookup: Lookup,
): Problem[] {
  const { services } = catalogue.value
  const checkPlan = PlanFile.superRefine((plan, context) => {
    const mistake = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (plans.filter(({ name }) => name === plan.name).length > 1) mistake('name', `two plans are named "${plan.name}"`)
    if (!services.some(({ name }) => name === plan.service))
      mistake('service', `there is no service "${plan.service}" in services.yaml`)
    if (plan.failback === undefined) return
    const back = plans.find(({ name }) => name === plan.failback)
    if (!back) mistake('failback', `there is no plan "${plan.failback}"`)
    else if (back.direction !== 'back')
      mistake('failback', `the plan "${plan.failback}" is not a way back (direction: back)`)
  })
  const checkCatalogue = Catalogue.superRefine(({ services: listed }, context) => {
    for (const [index, service] of listed.entries())
      for (const [action, name] of Object.entries(service.plans)) {
        const message = name === undefined ? null : referenceMistake(service, action, name, plans, services)
        if (message) context.addIssue({ code: 'custom', path: ['services', index, 'plans', action], message })
      }
  })
  const reads = [
    ...texts.map(({ file, text }) => readYaml(text, file, checkPlan, lookup)),
    readYaml(catalogue.text, catalogue.file, checkCatalogue, lookup),
  ]
  return reads.flatMap((read) => (read.ok ? [] : read.problems))
}

function referenceMistake(
  service: CatalogueService,
  action: string,
  name: string,
  plans: readonly Plan[],
  services: readonly CatalogueService[],
): string | null {
  const plan = plans.find((one) => one.name === name)
  if (!plan) return `there is no plan "${name}" in ${PLANS_FOLDER}/`
  if (plan.action !== action) return `the plan "${name}" is for ${plan.action}`
  if (plan.direction === 'back') return `the plan "${name}" is a way back, which is never automatic`
  const owner = services.find((one) => one.name === plan.service)
  const isOfGroup = owner !== undefined && groupOf(Service.parse(owner)) === groupOf(Service.parse(service))
  return isOfGroup ? null : `the plan "${name}" is of "${plan.service}", which does not move together with this service`
}

/** Drills whose plan is not there, or that may not be done for real. */
export function drillProblems(
  plans: readonly Plan[],
  settings: { readonly file: string; readonly text: string },
  lookup: Lookup,
): Problem[] {
  const check = Settings.superRefine(({ drills }, context) => {
    for (const [index, { plan: name, live }] of drills.entries()) {
      const message = drillMistake(
        plans.find((plan) => plan.name === name),
        name,
        live,
      )
      if (message) context.addIssue({ code: 'custom', path: ['drills', index, 'plan'], message })
    }
  })
  const read = readYaml(settings.text, settings.file, check, lookup)
  return read.ok ? [] : [...read.problems]
}

function drillMistake(plan: Plan | undefined, name: string, isLive: boolean): string | null {
  if (!plan) return `there is no plan "${name}" in ${PLANS_FOLDER}/`
  if (!isLive) return null
  if (!plan.sandbox) return `the plan "${name}" works on what people need (sandbox: false), so it is only rehearsed`
  return plan.direction === 'back' ? `the plan "${name}" is a way back, which only people start` : null
}
