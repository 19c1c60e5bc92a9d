import { sql } from 'kysely'
import { nowOf, type StoreContext } from './context.ts'
import { reading, type Tx, writing } from './database.ts'
import { afterNow, earlier, hasExpired, lockClaimed, UNCLAIMED } from './incident-rows.ts'
import type { Claim } from './records.ts'
import type { IncidentStore } from './store.ts'

type Claims = Pick<IncidentStore, 'claimAssessment' | 'renewClaim' | 'releaseClaim' | 'scheduleAssessment'>

/** Who assesses which incident: at most one agent each, by a lease that a dead agent loses. */
export function claims(context: StoreContext): Claims {
  const { db } = context
  return {
    claimAssessment: (agentId, leaseMs, incidentId) =>
      writing(db, (tx) => claimNext(tx, context, agentId, leaseMs, incidentId ?? null)),
    renewClaim: async (claim, leaseMs) => {
      const renewed = await reading(db, (query) =>
        query
          .updateTable('incidents')
          .set({ claim_expires_at: afterNow(leaseMs) })
          .where('id', '=', claim.incidentId)
          .where('claim_token', '=', claim.token)
          .executeTakeFirst(),
      )
      return renewed.numUpdatedRows > 0n
    },
    releaseClaim: (claim, { nextAssessmentAt, failure }) =>
      writing(db, async (tx) => {
        const row = await lockClaimed(tx, claim)
        await tx
          .updateTable('incidents')
          .set({
            ...UNCLAIMED,
            last_failure: failure,
            state: row.state_before_claim ?? 'open',
            next_assessment_at: earlier(row.next_assessment_at, nextAssessmentAt),
            updated_at: nowOf(context),
          })
          .where('id', '=', claim.incidentId)
          .execute()
      }),
    scheduleAssessment: async (incidentId, at) => {
      await reading(db, (query) =>
        query
          .updateTable('incidents')
          .set({ next_assessment_at: sql`least(next_assessment_at, ${at}::timestamptz)` })
          .where('id', '=', incidentId)
          .where('closed_at', 'is', null)
          .execute(),
      )
    },
  }
}

async function claimNext(
  tx: Tx,
  context: StoreContext,
  agentId: string,
  leaseMs: number,
  incidentId: string | null,
): Promise<Claim | null> {
  const now = nowOf(context)
  const row = await tx
    .selectFrom('incidents')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('state', '!=', 'executing')
    .where((is) =>
      is.or([
        // An incident that is asked for by name need not be due.
        is.and([
          incidentId === null ? is('next_assessment_at', '<=', now) : is('id', '=', incidentId),
          is('claim_token', 'is', null),
        ]),
        // Its agent died, or hangs: the lease ran out.
        is.and([is('claim_token', 'is not', null), hasExpired]),
      ]),
    )
    .$if(incidentId !== null, (query) => query.where('id', '=', incidentId as string))
    .orderBy('next_assessment_at', (order) => order.asc().nullsFirst())
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  if (!row) return null
  const isAfterFailure = row.last_failure !== null
  const claim = { incidentId: row.id, token: context.newId('clm'), attempt: row.claim_attempt + 1, isAfterFailure }
  await tx
    .updateTable('incidents')
    .set({
      state: 'assessing',
      state_before_claim: row.state_before_claim ?? row.state,
      claim_token: claim.token,
      claim_agent: agentId,
      claim_expires_at: afterNow(leaseMs),
      claim_attempt: claim.attempt,
      // An alert that comes in from now on asks for another look.
      next_assessment_at: null,
      updated_at: now,
    })
    .where('id', '=', row.id)
    .execute()
  return { ...claim, takenOverFrom: row.claim_token === null ? null : row.claim_agent }
}
