import { queryOptions } from '@tanstack/react-query'
import { call } from './client.ts'

const RUN_MS = 2000
const PLANS_MS = 15_000

export const reportQuery = (days: number) =>
  queryOptions({
    queryKey: ['report', days],
    queryFn: () => {
      const since = new Date(Date.now() - days * 86_400_000).toISOString()
      return call('GET /v1/report', { query: { since } })
    },
  })

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: () => call('GET /v1/plans'),
  refetchInterval: PLANS_MS,
})

/** Asked again while it moves. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: () => call('GET /v1/runs/{id}', { params: { id } }),
    refetchInterval: ({ state }) => (state.data?.run.finishedAt ? false : RUN_MS),
  })

export const evalsQuery = queryOptions({
  queryKey: ['evals'],
  queryFn: () => call('GET /v1/evals'),
})

/** A report never changes once it is kept. */
export const evalQuery = (id: string) =>
  queryOptions({
    queryKey: ['evals', id],
    queryFn: () => call('GET /v1/evals/{id}', { params: { id } }),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Asked for when somebody wants to read it: prompts are long. */
export const exchangeQuery = (id: string) =>
  queryOptions({
    queryKey: ['decision', id, 'exchange'],
    queryFn: () => call('GET /v1/decisions/{id}/exchange', { params: { id } }),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: false,
  })
