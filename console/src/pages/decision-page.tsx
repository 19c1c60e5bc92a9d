import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { decisionContextQuery, decisionQuery } from '../api/queries.ts'
import { AnomalyPanel } from '../decision/anomaly.tsx'
import { EvidencePanel } from '../decision/evidence.tsx'
import { Headline } from '../decision/headline.tsx'
import { LabelsPanel } from '../decision/labels.tsx'
import { Levers } from '../decision/levers.tsx'
import { OpinionPanel } from '../decision/opinion.tsx'
import { RulesPanel } from '../decision/rules.tsx'
import { RunsPanel } from '../decision/runs.tsx'
import { ScorePanel } from '../decision/score.tsx'
import { Timeline } from '../decision/timeline.tsx'
import { ApprovalsPanel, RecordPanel } from '../decision/trail.tsx'
import { WhatIf } from '../decision/what-if.tsx'
import { ZoomChoice } from '../decision/zoom-choice.tsx'
import { Failure, Loading, Panel } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'

/** What is unfolded and zoomed; it stands in the address. */
export interface DecisionSearch {
  readonly zoom?: string | undefined
  readonly rules?: string | undefined
  readonly evidence?: string | undefined
}

/** One decision, from the answer down to the hashes. */
export function DecisionPage({ id, search }: { id: string; search: DecisionSearch }) {
  const navigate = useNavigate()
  const { data: record, error, refetch } = useQuery(decisionQuery(id))
  const { data: context, error: contextError } = useQuery(decisionContextQuery(id))
  useTitle(record ? `${record.service}: ${record.decision.action.replaceAll('_', ' ')}` : 'Decision')
  if (error) return <Failure error={error} retry={() => void refetch()} />
  if (!record) return <Loading what="the decision" />
  const newest = context?.siblings.at(-1)
  const set = (changed: DecisionSearch) =>
    void navigate({
      ...{ to: '/decisions/$id', params: { id }, search: { ...search, ...changed } },
      ...{ replace: true, resetScroll: false },
    })
  const onZoom = (zoom: string | undefined) => set({ zoom })
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
      <Panel
        title="What happened"
        aside={<ZoomChoice record={record} context={context} zoom={search.zoom} onZoom={onZoom} />}
      >
        <Timeline record={record} context={context} zoom={search.zoom} onZoom={onZoom} />
      </Panel>
      <Panel title="Why: what it could do, and what stood in the way">
        <Levers record={record} context={context} />
      </Panel>
      <OpinionPanel id={id} opinion={record.opinion} />
      {context && <ApprovalsPanel approvals={context.approvals} />}
      {context && <RunsPanel runs={context.runs} />}
      <RulesPanel
        reasons={record.decision.reasons}
        about={context?.rules ?? {}}
        shown={search.rules}
        onShow={(rules) => set({ rules })}
      />
      <EvidencePanel
        evidence={record.snapshot.evidence}
        citations={record.opinion?.verdict?.citations ?? []}
        isCitedOnly={search.evidence === 'cited'}
        onCitedOnly={(isCited) => set({ evidence: isCited ? 'cited' : undefined })}
      />
      <ScorePanel score={record.healthScore} />
      <AnomalyPanel anomaly={record.anomaly} />
      <WhatIf record={record} />
      {contextError && <Failure error={contextError} />}
      {context && <LabelsPanel record={record} labels={context.labels} />}
      {context && <RecordPanel record={record} context={context} />}
    </>
  )
}
