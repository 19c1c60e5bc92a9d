import { z } from 'zod'
import { CollectorOptions } from '../../collectors/index.ts'
import { PlanName } from '../domain/plan.ts'
import { Costs, Service, Site, Slo } from '../domain/service.ts'
import { AlertMatchers } from '../ingest/match.ts'

/** The plan of each action, by name; what has no plan cannot be done. */
const Plans = z.strictObject({
  self_heal: PlanName.optional(),
  rollback_change: PlanName.optional(),
  region_failover: PlanName.optional(),
  dr_failover: PlanName.optional(),
})

const StrictSite = z.strictObject(Site.shape)

const CatalogueService = z.strictObject({
  ...Service.shape,
  // Records may hold what a later version knows; in a file, an unknown key is a mistake.
  primary: StrictSite,
  secondary: StrictSite.nullable().default(null),
  dr: StrictSite.nullable().default(null),
  slo: z.strictObject(Slo.shape).optional(),
  costs: z.strictObject(Costs.shape).optional(),
  /** Which alerts are about it; without it, those whose label `service` is its name. */
  match: AlertMatchers.optional(),
  collect: z.array(CollectorOptions).default([]),
  plans: Plans.default({}),
  /** Who may answer when a person must be asked; empty means nobody, and then nothing that needs an answer can happen. */
  approvers: z.array(z.string().min(1)).optional(),
  approvalsNeeded: z.number().int().min(1).optional(),
})
export type CatalogueService = z.infer<typeof CatalogueService>

/** The catalogue file: services.yaml. */
export const Catalogue = z
  .strictObject({
    version: z.literal(1),
    defaults: z
      .strictObject({
        /** Sources of every service; `<service>`, `<provider>` and `<region>` stand for its name and primary site. */
        collect: z.array(z.unknown()).superRefine(checkTemplates).default([]),
        approvers: z.array(z.string().min(1)).default([]),
        approvalsNeeded: z.number().int().min(1).default(1),
      })
      .prefault({}),
    services: z.array(CatalogueService).default([]),
  })
  .superRefine(({ services }, context) => {
    const seen = new Map<string, number>()
    for (const [index, { name, secondary, primary }] of services.entries()) {
      if (seen.has(name))
        context.addIssue({ code: 'custom', path: ['services', index, 'name'], message: `"${name}" stands here twice` })
      seen.set(name, index)
      if (secondary !== null && secondary.provider !== primary.provider)
        context.addIssue({
          code: 'custom',
          path: ['services', index, 'secondary', 'provider'],
          message: `must be the primary's provider (${primary.provider}); another cloud belongs under dr`,
        })
    }
  })
export type Catalogue = z.infer<typeof Catalogue>

/** The collector options of a service: its own and the defaults, with the placeholders filled in. */
export function collectorOptionsOf(service: CatalogueService, catalogue: Catalogue): CollectorOptions[] {
  const { name, primary } = service
  const values = { service: name, provider: primary.provider, region: primary.region }
  return [
    ...catalogue.defaults.collect.map((template) => CollectorOptions.parse(filled(template, values))),
    ...service.collect,
  ]
}

type Placeholders = Readonly<Record<'service' | 'provider' | 'region', string>>

function filled(template: unknown, values: Placeholders): unknown {
  const text = JSON.stringify(template).replace(/<(service|provider|region)>/g, (_whole, key: keyof Placeholders) =>
    JSON.stringify(values[key]).slice(1, -1),
  )
  return JSON.parse(text)
}

/** What a placeholder may stand for, to check a template with before there is any service. */
const SAMPLE: Placeholders = { service: 'sample', provider: 'sample', region: 'sample-1' }

function checkTemplates(templates: readonly unknown[], context: z.RefinementCtx): void {
  for (const [index, template] of templates.entries()) {
    const parsed = CollectorOptions.safeParse(filled(template, SAMPLE))
    for (const issue of parsed.error?.issues ?? []) context.addIssue({ ...issue, path: [index, ...issue.path] })
  }
}
