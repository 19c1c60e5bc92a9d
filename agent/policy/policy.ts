import { z } from 'zod'
import { hashOf } from '../domain/canonical.ts'
import { Category } from '../domain/verdict.ts'

const Share = z.number().min(0).max(1)
const Minutes = z.number().min(0)

const Confidence = z.strictObject({ act: Share, ask: Share }).refine((bounds) => bounds.ask <= bounds.act, {
  error: 'ask must not be above act: acting alone needs at least the confidence that asking needs',
})

/** Bounds of one lever: how far it may ever go, how sure the analyst must be, and which causes it answers. */
const LeverPolicy = z.strictObject({
  ceiling: z.enum(['act', 'ask', 'notify', 'none']),
  confidence: Confidence,
  causes: z.strictObject({ act: z.array(Category), ask: z.array(Category) }),
})
export type LeverPolicy = z.infer<typeof LeverPolicy>

const INFRASTRUCTURE = ['aws_infrastructure', 'azure_infrastructure', 'gcp_infrastructure'] as const
const EDGE = ['cloudflare_infrastructure', 'cdn_infrastructure'] as const
/** Causes that are not of our own making; of our own, no place to move to is free. */
const OUTSIDE = [...INFRASTRUCTURE, ...EDGE, 'network_transit', 'third_party_service'] as const
const FailoverPolicy = LeverPolicy.extend({
  causes: z.strictObject({ act: z.array(Category.extract(OUTSIDE)), ask: z.array(Category) }),
})

const lever = (defaults: z.input<typeof LeverPolicy>) =>
  z.strictObject({
    ceiling: LeverPolicy.shape.ceiling.default(defaults.ceiling),
    confidence: Confidence.default(defaults.confidence),
    causes: LeverPolicy.shape.causes.default(defaults.causes),
  })

/** No policy can let an own cause move users automatically, so the file cannot say it. */
const failover = (defaults: z.input<typeof FailoverPolicy>) =>
  z.strictObject({
    ceiling: FailoverPolicy.shape.ceiling.default(defaults.ceiling),
    confidence: Confidence.default(defaults.confidence),
    causes: FailoverPolicy.shape.causes.default(defaults.causes),
  })

/**
 * The rules' numbers, as a reviewed file. Every key has a default, unknown keys are mistakes, and promises that keep people safe
 * have no key at all.
 */
export const Policy = z.strictObject({
  version: z.literal(1),
  /** For people: which policy this is. */
  name: z.string().min(1).default('default'),
  actions: z
    .strictObject({
      self_heal: lever({
        ceiling: 'act',
        confidence: { act: 0.85, ask: 0.5 },
        causes: {
          act: [...OUTSIDE, 'internal_capacity'],
          ask: [...OUTSIDE, 'internal_capacity', 'internal_config', 'internal_deploy', 'internal_certificate', 'mixed'],
        },
      }).prefault({}),
      rollback_change: lever({
        ceiling: 'act',
        confidence: { act: 0.9, ask: 0.5 },
        causes: {
          act: ['internal_deploy', 'internal_config'],
          ask: ['internal_deploy', 'internal_config', 'internal_capacity', 'internal_certificate', 'mixed'],
        },
      }).prefault({}),
      region_failover: failover({
        ceiling: 'act',
        confidence: { act: 0.9, ask: 0.6 },
        causes: { act: [...INFRASTRUCTURE], ask: [...INFRASTRUCTURE, 'network_transit'] },
      }).prefault({}),
      dr_failover: failover({
        ceiling: 'act',
        confidence: { act: 0.95, ask: 0.6 },
        causes: { act: [...INFRASTRUCTURE], ask: [...OUTSIDE] },
      }).prefault({}),
    })
    .prefault({}),
  /** Promise 3. Raising these makes acting rarer; the floor of three evaluations and 60 s stands in the code. */
  sustained: z
    .strictObject({
      evaluations: z.number().int().min(3).default(3),
      seconds: z.number().min(60).default(60),
      /** Evaluations older than this say nothing about now. */
      withinMinutes: z.number().positive().default(15),
    })
    .refine((bounds) => bounds.withinMinutes * 60 > bounds.seconds, {
      error: 'withinMinutes must cover more than seconds: nothing could ever count as sustained',
      path: ['withinMinutes'],
    })
    .prefault({}),
  /** Promise 15. */
  target: z
    .strictObject({
      checkAgeMinutes: z.number().positive().max(60).default(10),
      restoreTestAgeDays: z.number().positive().max(365).default(30),
      /** What a target without a recent restore test may be used for: nothing, or with a person's consent. */
      restoreTestMissing: z.enum(['block', 'ask']).default('block'),
      /** What a target with less than full capacity may be used for: nothing, or with a person's consent. */
      lowCapacity: z.enum(['block', 'ask']).default('block'),
    })
    .prefault({}),
  evidence: z
    .strictObject({
      /** With more of the evidence unreachable than this, nothing is known: people are told, no lever is pulled. */
      darkShare: Share.default(0.5),
      /** The same for acting without a person. */
      darkShareForAct: Share.default(0.2),
      maxAgeMinutes: z.number().positive().max(60).default(5),
    })
    .prefault({}),
  changes: z
    .strictObject({
      /** An own change this close before onset is a suspect that must be cleared before anybody moves away from it. */
      suspectMinutes: Minutes.default(30),
      /** How old a change may be and still be worth undoing. */
      rollbackMinutes: Minutes.default(24 * 60),
    })
    .prefault({}),
  runs: z
    .strictObject({
      cooldownSeconds: z.number().int().min(0).default(3600),
      globalCap: z.number().int().min(1).default(3),
    })
    .prefault({}),
  approval: z.strictObject({ expiresMinutes: z.number().positive().max(120).default(10) }).prefault({}),
  cost: z
    .strictObject({
      /** How long an outage is expected to go on when nobody does anything. */
      horizonMinutes: z.number().positive().default(60),
      /** Cost of moving over cost of staying, beyond which a failover is not done, or not even proposed. */
      act: z.number().min(0).default(0.5),
      ask: z.number().min(0).default(2),
    })
    .refine((bounds) => bounds.act <= bounds.ask, { error: 'act must not be above ask', path: ['act'] })
    .prefault({}),
  slo: z
    .strictObject({
      /** How fast the error budget must burn (1 = exactly the objective) before a failover is done, or proposed. */
      burnAct: z.number().min(0).default(10),
      burnAsk: z.number().min(0).default(2),
    })
    .refine((bounds) => bounds.burnAsk <= bounds.burnAct, {
      error: 'burnAsk must not be above burnAct',
      path: ['burnAsk'],
    })
    .prefault({}),
  risk: z
    .strictObject({
      /** Calibrated risk for the next 30 minutes, below which a failover is not done without a person. */
      act: Share.default(0.5),
    })
    .prefault({}),
  users: z
    .strictObject({
      /** Users hurt for this share of the recovery time objective with nobody acting: page, whatever the analyst says. */
      unattendedShareOfRto: z.number().min(0).default(0.5),
    })
    .prefault({}),
})
export type Policy = z.infer<typeof Policy>

/** The policy that an empty file stands for. */
export function defaultPolicy(): Policy {
  return Policy.parse({ version: 1 })
}

/** Identity of a policy: what it says, not how its file is laid out. */
export function policyHash(policy: Policy): string {
  return hashOf(policy)
}
