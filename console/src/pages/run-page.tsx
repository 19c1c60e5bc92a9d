import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { runQuery } from '../api/review-queries.ts'
import type { RunView } from '../api/types.ts'
import { RunStages } from '../decision/run-stages.tsx'
import { durationText } from '../times.ts'
import { Chip, Failure, Loading, Panel, Time } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'
import { actionWords } from '../words.ts'

/** One run: how far each stage got, what was measured, and every line of its journal. */
export function RunPage({ id }: { id: string }) {
  useTitle('Run')
  const { data, error, refetch } = useQuery(runQuery(id))
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="the run" />
  const { run, plan, report, journal } = data
  return (
    <>
      <nav className="crumbs" aria-label="Where you are">
        <Link to="/plans">← plans and drills</Link>
        {run.decisionId && (
          <Link to="/decisions/$id" params={{ id: run.decisionId }}>
            the decision behind it →
          </Link>
        )}
      </nav>
      <h1>
        {run.isDryRun ? 'Drill' : 'Run'} of {plan?.name ?? 'a plan that has changed since'}
      </h1>
      <p className="lead">
        <Chip tone={run.state === 'succeeded' ? 'good' : 'warn'}>{run.state.replaceAll('_', ' ')}</Chip>{' '}
        {actionWords(run.action)} for {run.service}, requested <Time at={run.requestedAt} /> by {run.requestedBy}
        {run.isDryRun && '. A drill runs the same code and changes nothing.'}
      </p>
      {error && <Failure error={error} retry={() => void refetch()} />}
      <Panel title="Stages">
        <RunStages view={data} />
        {report && <Recovery report={report} isDryRun={run.isDryRun} />}
      </Panel>
      <Panel title={`Journal (${journal.length})`}>
        <ol className="entries">
          {journal.map((line) => (
            <li key={line.seq}>
              <span className="num">{line.seq}</span> <Time at={line.at} /> <strong>{line.stage}</strong>{' '}
              {line.kind.replaceAll('_', ' ')}
              {line.detail && `: ${line.detail}`}
            </li>
          ))}
        </ol>
      </Panel>
    </>
  )
}

/** How long users were hurt, and how much of that the run took: the promise counts from the onset where that is known. */
function Recovery({ report, isDryRun }: { report: NonNullable<RunView['report']>; isDryRun: boolean }) {
  const { recoveryFromOnsetMs: fromOnset, recoveryFromDecisionMs: fromDecision, rtoMs, dataLossSeconds } = report
  if (isDryRun)
    return <p>Looking took {durationText(fromDecision)}. A rehearsal recovers nothing; what it looked at is real.</p>
  const verdict = report.meetsRto ? 'kept' : 'missed'
  return (
    <p>
      Users were well again <strong>{durationText(fromOnset ?? fromDecision)}</strong> after the{' '}
      {fromOnset === null ? 'decision' : `onset, ${durationText(fromDecision)} after the decision`}; promised are{' '}
      {durationText(rtoMs)} ({verdict}).{' '}
      {dataLossSeconds === null
        ? 'Data loss was not measured.'
        : `${dataLossSeconds.toFixed(1)} s of data lost of ${report.rpoSeconds} s (${report.meetsRpo ? 'kept' : 'missed'}).`}
    </p>
  )
}
