import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, rememberProof } from './client.ts'
import type { Api } from './openapi.ts'

type Asked<K extends keyof Api> = NonNullable<Api[K]['query']>
/** As an address holds them: any text at all, which the agent refuses with its reason where it knows better. */
type Words<K extends keyof Api, Names extends keyof Asked<K>> = { readonly [Name in Names]?: string | undefined }

/** How often what may change is asked for again. */
const LIVE_MS = 5000

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const session = await call('GET /v1/session')
    rememberProof(session.csrf)
    return session
  },
  staleTime: Number.POSITIVE_INFINITY,
})

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: () => call('GET /v1/status'),
  refetchInterval: LIVE_MS,
})

/** A record never changes, so it is asked for once. */
export const decisionQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id],
    queryFn: () => call('GET /v1/decisions/{id}', { params: { id } }),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** What follows a decision does change. */
export const decisionContextQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id, 'context'],
    queryFn: () => call('GET /v1/decisions/{id}/context', { params: { id } }),
    refetchInterval: LIVE_MS * 2,
  })

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ['incident', id],
    queryFn: () => call('GET /v1/incidents/{id}', { params: { id } }),
    refetchInterval: LIVE_MS,
  })

export const incidentsQuery = (filter: Words<'GET /v1/incidents', 'state' | 'service'>) =>
  infiniteQueryOptions({
    queryKey: ['incidents', filter],
    queryFn: ({ pageParam }) =>
      call('GET /v1/incidents', {
        query: { ...filter, limit: 100, cursor: pageParam ?? undefined } as Asked<'GET /v1/incidents'>,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

export const scoresQuery = (service: string) =>
  queryOptions({
    queryKey: ['scores', service],
    queryFn: () => call('GET /v1/scores', { query: { scope: service, hours: 6 } }),
    refetchInterval: LIVE_MS * 6,
  })

/** What of the audit log is asked for; the same words are in the address of the screen. */
export type AuditQuery = Words<'GET /v1/audit', Exclude<keyof Asked<'GET /v1/audit'>, 'limit' | 'cursor'>>

export const auditQuery = (filter: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam }) =>
      call('GET /v1/audit', {
        query: { ...filter, limit: 500, cursor: pageParam ?? undefined } as Asked<'GET /v1/audit'>,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

/** Asked for by a click, never by itself: it reads the whole log. */
export const verifyQuery = queryOptions({
  queryKey: ['audit-verification'],
  queryFn: () => call('GET /v1/audit/verify'),
  enabled: false,
})
