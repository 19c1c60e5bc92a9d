import type { Instant, TimeWindow } from '../../agent/domain/time.ts'
import type { Clock } from '../../agent/lib/clock.ts'
import { Fault } from '../../agent/lib/errors.ts'

/** Where a PostgreSQL server answers. */
interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string | undefined
  /** PEM of the authority of its certificate; without one, TLS is used as `tls` says. */
  readonly ca?: string | undefined
  readonly tls: 'verify' | 'unverified' | 'off'
}

/** Runs one statement in a read-only transaction with a statement timeout, and returns its rows. */
export type QueryPostgres = (
  address: PostgresAddress,
  sql: string,
  limits: { readonly timeoutMs: number; readonly maxRows: number },
  abort: AbortSignal,
) => Promise<readonly Record<string, unknown>[]>

export interface ServedCertificate {
  readonly validFrom: Instant
  readonly validTo: Instant
  /** Why a client would refuse it, as a code such as CERT_HAS_EXPIRED; null when it would not. */
  readonly problem: string | null
}

/** Something that we changed, as the store keeps it. */
interface KnownChange {
  readonly at: Instant
  readonly kind: string
  readonly service: string
  readonly ref: string
  readonly summary: string
  readonly rolloutPercent: number | null
}

/** What collectors need besides the HTTP of their context. */
export interface CollectorPorts {
  readonly clock: Clock
  /** Canonical names of a host. */
  readonly resolveCname: (host: string) => Promise<string[]>
  /** Opens and closes a TCP connection. */
  readonly connectTcp: (address: { host: string; port: number }, abort: AbortSignal) => Promise<void>
  /** The certificate that a TLS server presents. */
  readonly certificateOf: (
    address: { host: string; port: number; serverName: string },
    abort: AbortSignal,
  ) => Promise<ServedCertificate>
  readonly queryPostgres: QueryPostgres
  readonly readText: (path: string) => Promise<string>
  /** Changes of services within a time, in any order. */
  readonly recentChanges: (services: readonly string[], window: TimeWindow) => Promise<readonly KnownChange[]>
}

/** Ports for where nothing but HTTP may be reached, such as recordings: each of them refuses. */
export function httpOnlyPorts(clock: Clock): CollectorPorts {
  const refuse = (what: string) => async () => {
    throw new Fault('internal', `${what} is not available here`)
  }
  return {
    clock,
    resolveCname: refuse('DNS'),
    connectTcp: refuse('TCP'),
    certificateOf: refuse('TLS'),
    queryPostgres: refuse('PostgreSQL'),
    readText: refuse('the file system'),
    recentChanges: refuse('the store of changes'),
  }
}
