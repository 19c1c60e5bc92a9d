import { sql } from 'kysely'
import { nowOf, type StoreContext } from './context.ts'
import { type Db, reading, writing } from './database.ts'
import { afterNow, earlier, hasExpired, lockClaimed, UNCLAIMED } from './incident-rows.ts'
import type { Claim } from './records.ts'
import type { IncidentStore } from './store.ts'

type Claims = Pick<IncidentStore, 'claimAssessment' | 'renewClaim' | 'releaseClaim' | 'scheduleAssessment'>

/** Who assesses which incident: at most one agent each, by a lease that a dead agent loses. */
export function claims(context: StoreContext): Claims {
  const { db } = context
  return {
    claimAssessment: (agentId, leaseMs, incidentId) =>
      reading(db, (query) => claimNext(query, context, agentId, leaseMs, incidentId ?? null)),
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

/** One statement, since idle agents ask for work all the time and every assessment begins with it. */
async function claimNext(
  db: Db,
  context: StoreContext,
  agentId: string,
  leaseMs: number,
  incidentId: string | null,
): Promise<Claim | null> {
  const now = nowOf(context)
  const token = context.newId('clm')
  const row = await db
    .with('chosen', (query) =>
      query
        .selectFrom('incidents')
        .select(['id', 'claim_token as lapsed_token', 'claim_agent as lapsed_agent'])
        .where('closed_at', 'is', null)
        .where('state', '!=', 'executing')
        // Whose clock jumped would find wrong things due, and could put nothing on record.
        .$if(context.maximumSkewMs !== null, (trusted) =>
          trusted.where(
            sql<boolean>`abs(extract(epoch from clock_timestamp() - ${now}::timestamptz)) * 1000 <= ${sql.lit(context.maximumSkewMs ?? 0)}`,
          ),
        )
        .where((is) =>
          is.or([
            // An incident that is asked for by name need not be due.
            is.and([
              incidentId === null ? is('next_assessment_at', '<=', now) : is('id', '=', incidentId),
              is('claim_token', 'is', null),
            ]),
            // Its agent died, or hangs until the lease ran out.
            is.and([is('claim_token', 'is not', null), hasExpired]),
          ]),
        )
        .$if(incidentId !== null, (named) => named.where('id', '=', incidentId as string))
        .orderBy('next_assessment_at', (order) => order.asc().nullsFirst())
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .updateTable('incidents')
    .from('chosen')
    .whereRef('incidents.id', '=', 'chosen.id')
    .set({
      state: 'assessing',
      state_before_claim: sql`coalesce(incidents.state_before_claim, incidents.state)`,
      claim_token: token,
      claim_agent: agentId,
      claim_expires_at: afterNow(leaseMs),
      claim_attempt: sql`incidents.claim_attempt + 1`,
      // An alert that comes in from now on asks for another look.
      next_assessment_at: null,
      updated_at: now,
    })
    .returning(['incidents.id', 'incidents.claim_attempt', 'incidents.last_failure', 'lapsed_token', 'lapsed_agent'])
    .executeTakeFirst()
  if (!row) return null
  return {
    incidentId: row.id,
    token,
    attempt: row.claim_attempt,
    isAfterFailure: row.last_failure !== null,
    takenOverFrom: row.lapsed_token === null ? null : row.lapsed_agent,
  }
}
