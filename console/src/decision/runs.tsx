import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { runQuery } from '../api/review-queries.ts'
import type { Run } from '../api/types.ts'
import { Chip, Empty, Failure, Loading, Panel, Time } from '../ui/basics.tsx'
import { actionWords } from '../words.ts'
import { RunStages } from './run-stages.tsx'

/** What was carried out, stage by stage. */
export function RunsPanel({ runs }: { runs: readonly Run[] }) {
  return (
    <Panel title="Run">
      {runs.length === 0 && <Empty>Nothing was carried out because of this decision.</Empty>}
      {runs.map((run) => (
        <article key={run.id} className="entry">
          <p>
            <Chip tone={run.state === 'succeeded' ? 'good' : 'info'}>{run.state.replaceAll('_', ' ')}</Chip>{' '}
            <Link to="/runs/$id" params={{ id: run.id }}>
              {run.isDryRun ? 'Drill: ' : ''}
              {actionWords(run.action)}
            </Link>
            , requested <Time at={run.requestedAt} /> by {run.requestedBy}
          </p>
          <Stages id={run.id} />
        </article>
      ))}
    </Panel>
  )
}

function Stages({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(runQuery(id))
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="its stages" />
  return <RunStages view={data} />
}
