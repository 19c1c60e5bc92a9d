import type { Migration } from 'kysely/migration'
import * as incidents from './2026-01-incidents.ts'
import * as decisions from './2026-02-decisions.ts'
import * as records from './2026-03-records.ts'
import * as audit from './2026-04-audit.ts'
import * as spending from './2026-05-spending.ts'
import * as posts from './2026-06-posts.ts'
import * as anomalyScopes from './2026-07-anomaly-scopes.ts'
import * as severalAgents from './2026-08-several-agents.ts'

/** All migrations in order; a shipped one is never edited, a new one follows. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = Object.freeze({
  '2026-01-incidents': incidents,
  '2026-02-decisions': decisions,
  '2026-03-records': records,
  '2026-04-audit': audit,
  '2026-05-spending': spending,
  '2026-06-posts': posts,
  '2026-07-anomaly-scopes': anomalyScopes,
  '2026-08-several-agents': severalAgents,
})

/**
 * The oldest migration that an agent must know to work with the newest schema. A migration that only adds (tables, nullable columns, indexes) leaves it where it
 * is, so that two versions can run at once; one that takes away or changes the meaning of something moves it to its own name.
 */
export const SCHEMA_FLOOR = '2026-08-several-agents'
