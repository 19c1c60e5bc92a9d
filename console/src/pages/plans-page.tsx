import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { plansQuery } from '../api/review-queries.ts'
import type { PlanRun, PlanView, Run, RunReport } from '../api/types.ts'
import { durationText, spanText } from '../times.ts'
import { Ago, Chip, Empty, Failure, Loading, Panel, Time, type Tone } from '../ui/basics.tsx'
import { type Dot, DotChart } from '../ui/dots.tsx'
import { Figures } from '../ui/figures.tsx'
import { useTitle } from '../ui/title.ts'
import { actionWords, siteText } from '../words.ts'

export interface PlansSearch {
  readonly service?: string | undefined
}

/** What would be done, when it was last rehearsed, and whether it kept its promises. */
export function PlansPage({ search }: { search: PlansSearch }) {
  useTitle('Plans and drills')
  const { data, error, refetch } = useQuery(plansQuery)
  const plans = (data?.plans ?? [])
    .filter(({ service }) => search.service === undefined || service === search.service)
    .toSorted((a, b) => b.history.length - a.history.length)
  return (
    <>
      <h1>Plans and drills</h1>
      <p className="lead">What would be done, when it was last rehearsed, and whether it kept what it promises.</p>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the plans" />}
      {data && plans.length === 0 && (
        <Panel title="No plans">
          <Empty>
            {search.service === undefined ? (
              <>
                Without a plan nothing is ever carried out. Copy one from <code>plans/templates</code> into{' '}
                <code>plans/</code> and name it in services.yaml; docs/plans.md says how.
              </>
            ) : (
              <>
                No plan is for {search.service}. <Link to="/plans">Show all plans.</Link>
              </>
            )}
          </Empty>
        </Panel>
      )}
      {plans.map((plan) => (
        <Plan key={plan.name} plan={plan} />
      ))}
    </>
  )
}

function Plan({ plan }: { plan: PlanView }) {
  const { name, service, action, direction, description, source, target, objectives, history, stages, warnings } = plan
  const drill = history.find(({ run }) => run.isDryRun || plan.sandbox)
  const isRehearsed = drill?.isThisVersion === true && drill.run.state === 'succeeded'
  const moves = source && target ? `${siteText(source)} → ${siteText(target)}` : 'nothing moves'
  return (
    <Panel
      title={name}
      id={`plan-${name}`}
      aside={
        isRehearsed ? (
          <Chip tone="good">✓ rehearsed as it is now</Chip>
        ) : (
          <Chip tone="warn">not rehearsed as it is now</Chip>
        )
      }
    >
      <p>
        {description}{' '}
        <span className="soft">
          {direction === 'back' ? 'the way back of' : `${actionWords(action)}, for`} {service}; {moves}
        </span>
      </p>
      <Figures
        figures={[
          {
            name: 'Last drill',
            value: drill
              ? drill.run.state === 'succeeded'
                ? 'succeeded'
                : drill.run.state.replaceAll('_', ' ')
              : 'never',
            detail: drill ? undefined : `run: failwise drill ${name}`,
          },
          {
            name: 'Users served again within',
            value: durationText(objectives.rtoSeconds * 1000),
            detail: `the stages take at most ${durationText(plan.plannedSeconds * 1000)}`,
          },
          {
            name: 'Data lost at most',
            value: durationText(objectives.rpoSeconds * 1000),
            detail: plan.isLossMeasured ? 'measured by numbered writes' : 'not measured: the plan names no probe',
          },
        ].map(({ detail, ...figure }) => ({ ...figure, ...(detail !== undefined && { detail }) }))}
      />
      {drill && (
        <p className="small">
          Last drill <Ago at={drill.run.requestedAt} /> by {drill.run.requestedBy}
          {!drill.isThisVersion && ', of an earlier version of the plan'}
        </p>
      )}
      {warnings.map((warning) => (
        <p key={warning} className="small">
          <Chip tone="warn">mind</Chip> {warning}
        </p>
      ))}
      <History plan={plan} />
      <details>
        <summary>
          {stages.length} stages{plan.failback && `, and ${plan.failback} as the way back`}
        </summary>
        <ol className="stages">
          {stages.map((stage) => (
            <li key={stage.id}>
              <strong>{stage.id}</strong>{' '}
              <span className="soft">
                at most {stage.timeoutSeconds} s;{' '}
                {stage.fencing === 'no-effect'
                  ? 'changes nothing'
                  : `${stage.fencing.replaceAll('-', ' ')}; ${stage.rollback.replaceAll('_', ' ')}`}
              </span>
              <div className="prose">{stage.does}</div>
            </li>
          ))}
        </ol>
      </details>
    </Panel>
  )
}

function History({ plan }: { plan: PlanView }) {
  const { history, objectives } = plan
  if (history.length === 0) return null
  const measured = history.flatMap(({ run, report }) => (report ? [{ run, report }] : []))
  const recovery = measured.map(({ run, report }): Dot => {
    const { ms, isKept } = recoveryOf({ run, report })
    const words = `${run.isDryRun ? 'drill' : 'run'}: ${durationText(ms)}, ${isKept ? 'kept' : 'missed'}`
    return { at: run.requestedAt, value: ms / 1000, isBad: !isKept, words }
  })
  const loss = measured.flatMap(({ run, report }): Dot[] =>
    report.dataLossSeconds === null
      ? []
      : [
          {
            at: run.requestedAt,
            value: report.dataLossSeconds,
            isBad: report.meetsRpo === false,
            words: `${run.isDryRun ? 'drill' : 'run'}: ${report.dataLossSeconds.toFixed(1)} s, ${report.lostWrites ?? 0} writes`,
          },
        ],
  )
  return (
    <>
      <div className="columns">
        {recovery.length > 0 && (
          <figure>
            <figcaption>Time to recover (■ missed, ● kept)</figcaption>
            <DotChart
              dots={recovery}
              objective={objectives.rtoSeconds}
              objectiveWords={`promised ${durationText(objectives.rtoSeconds * 1000)}`}
              label="Time to recover"
            />
          </figure>
        )}
        {loss.length > 0 && (
          <figure>
            <figcaption>Data lost (■ missed, ● kept)</figcaption>
            <DotChart
              dots={loss}
              objective={objectives.rpoSeconds}
              objectiveWords={`promised ${objectives.rpoSeconds} s`}
              label="Data lost"
            />
          </figure>
        )}
      </div>
      <ul className="list">
        {history.slice(0, 8).map((one) => (
          <HistoryItem key={one.run.id} one={one} />
        ))}
      </ul>
    </>
  )
}

/** A drill has no users to be hurt: what counts for it is the time from its order. */
function recoveryOf({ run, report }: { run: Run; report: RunReport }): { ms: number; isKept: boolean } {
  const { recoveryFromDecisionMs, recoveryFromOnsetMs, rtoMs, meetsRto } = report
  if (run.isDryRun) return { ms: recoveryFromDecisionMs, isKept: recoveryFromDecisionMs <= rtoMs }
  return { ms: recoveryFromOnsetMs ?? recoveryFromDecisionMs, isKept: meetsRto }
}

const TONES: Readonly<Record<string, Tone>> = {
  succeeded: 'good',
  failed: 'warn',
  rollback_failed: 'bad',
  paused: 'warn',
}

function HistoryItem({ one: { run, report, isThisVersion } }: { one: PlanRun }) {
  const ended = run.finishedAt ? spanText(Date.parse(run.finishedAt) - Date.parse(run.requestedAt)) : null
  return (
    <li>
      <Chip tone={TONES[run.state] ?? 'plain'}>{run.state.replaceAll('_', ' ')}</Chip>
      <Link to="/runs/$id" params={{ id: run.id }}>
        {run.isDryRun ? 'drill' : 'run'}
      </Link>
      <Time at={run.requestedAt} />
      <span className="soft">
        by {run.requestedBy}
        {ended && `, ended after ${ended}`}
        {report && `; ${recoveryOf({ run, report }).isKept ? 'RTO kept' : 'RTO missed'}`}
        {report && report.meetsRpo !== null && `, ${report.meetsRpo ? 'RPO kept' : 'RPO missed'}`}
        {!isThisVersion && '; an earlier version of the plan'}
      </span>
    </li>
  )
}
