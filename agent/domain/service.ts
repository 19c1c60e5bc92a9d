import { z } from 'zod'

/** A place where a service runs: a provider's name in lower case ("aws", "azure", "gcp", or your own) and its region. */
export const Site = z.object({ provider: z.string().min(1).toLowerCase(), region: z.string().min(1) })
export type Site = z.infer<typeof Site>

export const Slo = z.object({
  /** Share of good requests that is promised, 0..1. */
  availability: z.number().min(0).max(1),
  /** Recovery time objective. */
  rtoMinutes: z.number().positive(),
  /** Recovery point objective: how many minutes of data may be lost. */
  rpoMinutes: z.number().min(0),
})
export type Slo = z.infer<typeof Slo>

/** Money, in one currency of the organisation's choice; only ratios matter to the gate. */
export const Costs = z.object({
  outagePerMinute: z.number().min(0),
  regionFailover: z.number().min(0),
  drFailover: z.number().min(0),
})
export type Costs = z.infer<typeof Costs>

/** What alerts are about: one thing users notice, with a primary site and the places it could move to. */
export const Service = z.object({
  name: z.string().min(1),
  /** What moves together; cooldown, single flight and plans belong to it. Defaults to the service's own name. */
  group: z.string().min(1).optional(),
  tier: z.string().min(1).default('standard'),
  primary: Site,
  secondary: Site.nullable().default(null),
  dr: Site.nullable().default(null),
  /** What it cannot work without, as "provider:product", "third_party:name" or "own:thing". */
  dependsOn: z.array(z.string().min(1)).default([]),
  slo: Slo.optional(),
  costs: Costs.optional(),
  /** Where a person reads what to do by hand. */
  runbookUrl: z.url().optional(),
})
export type Service = z.infer<typeof Service>

/** The failover group of a service. */
export function groupOf(service: Service): string {
  return service.group ?? service.name
}

/** Stands for a service that is not (or no longer) in the catalogue: it has a name that people know, and nothing else. */
export function unknownService(name: string): Service {
  return Service.parse({ name, primary: { provider: 'unknown', region: 'unknown' } })
}
