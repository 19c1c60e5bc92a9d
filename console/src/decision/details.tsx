import type { DecisionContext, DecisionRecord } from '../api/types.ts'
import type { DecisionSearch } from '../pages/decision-page.tsx'
import { Failure, Panel } from '../ui/basics.tsx'
import { AnomalyPanel } from './anomaly.tsx'
import { EvidencePanel } from './evidence.tsx'
import { LabelsPanel } from './labels.tsx'
import { Levers } from './levers.tsx'
import { OpinionPanel } from './opinion.tsx'
import { RulesPanel } from './rules.tsx'
import { RunsPanel } from './runs.tsx'
import { ScorePanel } from './score.tsx'
import { Timeline } from './timeline.tsx'
import { ApprovalsPanel, RecordPanel } from './trail.tsx'
import { WhatIf } from './what-if.tsx'
import { ZoomChoice } from './zoom-choice.tsx'

export interface DetailsProps {
  readonly id: string
  readonly record: DecisionRecord
  readonly context: DecisionContext | undefined
  readonly contextError: Error | null
  readonly search: DecisionSearch
  readonly onSearch: (changed: DecisionSearch) => void
}

/** Everything below the answer: the picture, the reasons, the evidence, down to the hashes. */
export function DecisionDetails({ id, record, context, contextError, search, onSearch: set }: DetailsProps) {
  const onZoom = (zoom: string | undefined) => set({ zoom })
  return (
    <>
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
