import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Incident } from '../../../agent/domain/incident.ts'
import { api, rememberProof, withQuery } from './client.ts'
import type {
  AuditItem,
  DecisionContext,
  DecisionRecord,
  IncidentDetail,
  Page,
  ScorePoint,
  Session,
  Status,
  Verification,
} from './types.ts'

/** How often what may change is asked for again. */
const LIVE_MS = 5000

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const session = await api<Session>('/v1/session')
    rememberProof(session.csrf)
    return session
  },
  staleTime: Number.POSITIVE_INFINITY,
})

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: () => api<Status>('/v1/status'),
  refetchInterval: LIVE_MS,
})

/** A record never changes, so it is asked for once. */
export const decisionQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id],
    queryFn: () => api<DecisionRecord>(`/v1/decisions/${encodeURIComponent(id)}`),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** What follows a decision does change. */
export const decisionContextQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id, 'context'],
    queryFn: () => api<DecisionContext>(`/v1/decisions/${encodeURIComponent(id)}/context`),
    refetchInterval: LIVE_MS * 2,
  })

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ['incident', id],
    queryFn: () => api<IncidentDetail>(`/v1/incidents/${encodeURIComponent(id)}`),
    refetchInterval: LIVE_MS,
  })

export const incidentsQuery = (filter: { state?: string | undefined; service?: string | undefined }) =>
  infiniteQueryOptions({
    queryKey: ['incidents', filter],
    queryFn: ({ pageParam }) =>
      api<Page<Incident>>(withQuery('/v1/incidents', { ...filter, limit: 100, cursor: pageParam ?? undefined })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

export const scoresQuery = (service: string) =>
  queryOptions({
    queryKey: ['scores', service],
    queryFn: () => api<readonly ScorePoint[]>(withQuery('/v1/scores', { scope: service, hours: 6 })),
    refetchInterval: LIVE_MS * 6,
  })

/** What of the audit log is asked for; the same words are in the address of the screen. */
export interface AuditQuery {
  readonly kind?: string | undefined
  readonly service?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly disposition?: string | undefined
  readonly text?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly order?: string | undefined
  readonly sort?: string | undefined
}

export const auditQuery = (filter: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam }) =>
      api<Page<AuditItem>>(withQuery('/v1/audit', { ...filter, limit: 500, cursor: pageParam ?? undefined })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

/** Asked for by a click, never by itself: it reads the whole log. */
export const verifyQuery = queryOptions({
  queryKey: ['audit-verification'],
  queryFn: () => api<Verification>('/v1/audit/verify'),
  enabled: false,
})
