import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { decisionContextQuery, decisionQuery } from '../api/queries.ts'
import { EvidencePanel } from '../decision/evidence.tsx'
import { Headline, Levers } from '../decision/headline.tsx'
import { LabelsPanel } from '../decision/labels.tsx'
import { OpinionPanel } from '../decision/opinion.tsx'
import { RulesPanel } from '../decision/rules.tsx'
import { ScorePanel } from '../decision/score.tsx'
import { Timeline } from '../decision/timeline.tsx'
import { ApprovalsPanel, RecordPanel } from '../decision/trail.tsx'
import { WhatIf } from '../decision/what-if.tsx'
import { Failure, Loading, Panel } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'

/** One decision, from the answer down to the hashes. */
export function DecisionPage({ id }: { id: string }) {
  const { data: record, error, refetch } = useQuery(decisionQuery(id))
  const { data: context, error: contextError } = useQuery(decisionContextQuery(id))
  useTitle(record ? `${record.service}: ${record.decision.action.replaceAll('_', ' ')}` : 'Decision')
  if (error) return <Failure error={error} retry={() => void refetch()} />
  if (!record) return <Loading what="the decision" />
  const newest = context?.siblings.at(-1)
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
      <Headline record={record} />
      <Panel title="Why: what it could do, and what stood in the way">
        <Levers record={record} context={context} />
      </Panel>
      <Panel title="What happened" aside={<span className="soft">one axis for all; point at it to read values</span>}>
        <Timeline record={record} />
      </Panel>
      <OpinionPanel opinion={record.opinion} />
      <RulesPanel reasons={record.decision.reasons} about={context?.rules ?? {}} />
      <EvidencePanel evidence={record.snapshot.evidence} citations={record.opinion?.verdict?.citations ?? []} />
      <ScorePanel score={record.healthScore} />
      <WhatIf record={record} />
      {contextError && <Failure error={contextError} />}
      {context && <ApprovalsPanel approvals={context.approvals} />}
      {context && <LabelsPanel record={record} labels={context.labels} />}
      {context && <RecordPanel record={record} context={context} />}
    </>
  )
}
