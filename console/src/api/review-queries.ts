import { queryOptions } from '@tanstack/react-query'
import { api, withQuery } from './client.ts'
import type { EvalBrief, EvalView, Exchange, PlanView, RunView, ShadowReport } from './review-types.ts'

const RUN_MS = 2000
const PLANS_MS = 15_000

export const reportQuery = (days: number) =>
  queryOptions({
    queryKey: ['report', days],
    queryFn: () => {
      const since = new Date(Date.now() - days * 86_400_000).toISOString()
      return api<ShadowReport>(withQuery('/v1/report', { since }))
    },
  })

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: () => api<{ readonly plans: readonly PlanView[] }>('/v1/plans'),
  refetchInterval: PLANS_MS,
})

/** Asked again while it moves. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: () => api<RunView>(`/v1/runs/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data?.run.finishedAt ? false : RUN_MS),
  })

export const evalsQuery = queryOptions({
  queryKey: ['evals'],
  queryFn: () => api<{ readonly reports: readonly EvalBrief[] }>('/v1/evals'),
})

/** A report never changes once it is kept. */
export const evalQuery = (id: string) =>
  queryOptions({
    queryKey: ['evals', id],
    queryFn: () => api<EvalView>(`/v1/evals/${encodeURIComponent(id)}`),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Asked for when somebody wants to read it: prompts are long. */
export const exchangeQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id, 'exchange'],
    queryFn: () => api<Exchange>(`/v1/decisions/${encodeURIComponent(id)}/exchange`),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: false,
  })
