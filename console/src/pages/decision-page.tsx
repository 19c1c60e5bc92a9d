import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ComponentType, startTransition, useEffect, useState } from 'react'
import { decisionContextQuery, decisionQuery } from '../api/queries.ts'
import type { DetailsProps } from '../decision/details.tsx'
import { Headline } from '../decision/headline.tsx'
import { Failure, Loading } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'

/** What is unfolded and zoomed; it stands in the address. */
export interface DecisionSearch {
  readonly zoom?: string | undefined
  readonly rules?: string | undefined
  readonly evidence?: string | undefined
}

/** Asked for with this file, shown after the answer has been: curves and rules take longer to draw than one sentence does. */
const details = import('../decision/details.tsx')

/** One decision, from the answer down to the hashes. */
export function DecisionPage({ id, search }: { id: string; search: DecisionSearch }) {
  const navigate = useNavigate()
  const [Details, setDetails] = useState<ComponentType<DetailsProps> | null>(null)
  const [loadError, setLoadError] = useState<Error | null>(null)
  const { data: record, error, refetch } = useQuery(decisionQuery(id))
  const { data: context, error: contextError } = useQuery(decisionContextQuery(id))
  useTitle(record ? `${record.service}: ${record.decision.action.replaceAll('_', ' ')}` : 'Decision')
  const isRead = record !== undefined
  useEffect(() => {
    if (isRead)
      details.then(
        ({ DecisionDetails }) => startTransition(() => setDetails(() => DecisionDetails)),
        (reason: unknown) => setLoadError(reason instanceof Error ? reason : new Error(String(reason))),
      )
  }, [isRead])
  // As any screen that cannot be loaded: the frame says so and offers to try again.
  if (loadError) throw loadError
  if (error) return <Failure error={error} retry={() => void refetch()} />
  if (!record) return <Loading what="the decision" />
  const newest = context?.siblings.at(-1)
  const set = (changed: DecisionSearch) =>
    void navigate({
      ...{ to: '/decisions/$id', params: { id }, search: { ...search, ...changed } },
      ...{ replace: true, resetScroll: false },
    })
  return (
    <>
      <nav className="crumbs" aria-label="Where you are">
        {record.incidentId !== null && (
          <Link to="/incidents/$id" params={{ id: record.incidentId }}>
            ← incident {record.incidentId}
          </Link>
        )}
        {newest && newest.id !== id && (
          <Link to="/decisions/$id" params={{ id: newest.id }}>
            a newer decision about this incident →
          </Link>
        )}
      </nav>
      <Headline record={record} impact={context?.impact ?? []} />
      {Details ? (
        <Details {...{ id, record, context, contextError, search }} onSearch={set} />
      ) : (
        <Loading what="the evidence and the rules" />
      )}
    </>
  )
}
