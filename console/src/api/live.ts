import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

/** Which answers an agent's word about a change makes old, by the first word of their keys. */
const STALE: Readonly<Record<string, readonly string[]>> = {
  record: ['status', 'incidents', 'incident', 'question'],
  incidents: ['status', 'incidents', 'incident'],
  runs: ['status'],
  scores: ['status', 'scores'],
}

/** Whether the agent tells this page by itself what changed; while it does not, the page asks every few seconds as before. */
export type LiveState = 'live' | 'waiting' | 'off'

/** Listens while the page is looked at: a hidden page would hold one of the few connections that a browser keeps to one place. */
export function useLive(isSignedIn: boolean): LiveState {
  const queries = useQueryClient()
  const [state, setState] = useState<LiveState>('off')
  useEffect(() => {
    if (!isSignedIn) return setState('off')
    let source: EventSource | null = null
    const listen = () => {
      source?.close()
      source = document.hidden ? null : listenTo(queries, setState)
    }
    listen()
    document.addEventListener('visibilitychange', listen)
    return () => {
      document.removeEventListener('visibilitychange', listen)
      source?.close()
    }
  }, [isSignedIn, queries])
  return state
}

function listenTo(queries: QueryClient, setState: (state: LiveState) => void): EventSource {
  const source = new EventSource('/v1/live')
  const refresh = (parts: readonly string[]) => {
    const stale = new Set(parts.flatMap((part) => STALE[part] ?? []))
    void queries.invalidateQueries({ predicate: ({ queryKey }) => stale.has(String(queryKey[0])) })
    // What follows a decision changes with the record; the decision itself never does.
    if (parts.includes('record'))
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] === 'decision' && queryKey[2] === 'context',
      })
  }
  // Whatever happened while nobody listened.
  source.addEventListener('hello', () => {
    setState('live')
    refresh(Object.keys(STALE))
  })
  source.addEventListener('changed', (event) => refresh(JSON.parse(event.data) as string[]))
  source.onerror = () => setState('waiting')
  return source
}
