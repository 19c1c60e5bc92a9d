import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { reportQuery } from '../api/review-queries.ts'
import type { ShadowReport, ShadowRow } from '../api/types.ts'
import { Chip, Empty, Failure, Loading, Panel, Time } from '../ui/basics.tsx'
import { Figures } from '../ui/figures.tsx'
import { useTitle } from '../ui/title.ts'
import { ACTION_WORDS, wordFor } from '../words.ts'

const PERIODS = [7, 30, 90, 365]
const SHOWN = ['all', 'thresholds moved', 'no outcome'] as const

export interface ReportSearch {
  readonly days?: string | undefined
  readonly show?: string | undefined
}

/** What the agent decided, beside what thresholds would have done and what people did. */
export function ReportPage({ search }: { search: ReportSearch }) {
  useTitle('Shadow report')
  const navigate = useNavigate()
  const days = PERIODS.find((one) => String(one) === search.days) ?? 30
  const show = SHOWN.find((one) => one === search.show) ?? 'all'
  const { data, error, refetch } = useQuery(reportQuery(days))
  const set = (changed: ReportSearch) =>
    void navigate({ to: '/report', search: { ...search, ...changed }, replace: true })
  return (
    <>
      <h1>Shadow report</h1>
      <p className="lead">What the agent decided, beside what plain thresholds would have done and what people did.</p>
      <fieldset className="choices">
        <legend className="visually-hidden">Period</legend>
        {PERIODS.map((one) => (
          <button key={one} type="button" aria-pressed={one === days} onClick={() => set({ days: String(one) })}>
            {one} days
          </button>
        ))}
      </fieldset>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the decisions of this period" />}
      {data && data.incidents === 0 && (
        <Panel title="Nothing decided in this period">
          <Empty>
            Choose a longer period. If alerts came in and nothing stands here, the services have no health checks that
            thresholds could read: services.yaml names them.
          </Empty>
        </Panel>
      )}
      {data && data.incidents > 0 && (
        <>
          <Summary report={data} />
          <Panel
            title={`Incidents (${data.rows.length})`}
            aside={
              <fieldset className="choices">
                <legend className="visually-hidden">Which</legend>
                {SHOWN.map((one) => (
                  <button key={one} type="button" aria-pressed={one === show} onClick={() => set({ show: one })}>
                    {one}
                  </button>
                ))}
              </fieldset>
            }
          >
            <Rows rows={data.rows.toReversed().filter((row) => isShown(row, show))} />
          </Panel>
        </>
      )}
    </>
  )
}

function isShown(row: ShadowRow, show: (typeof SHOWN)[number]): boolean {
  if (show === 'thresholds moved') return isFailover(row.thresholds)
  return show === 'all' || row.people === null
}

function isFailover(action: string): boolean {
  return action.endsWith('_failover')
}

function Summary({ report }: { report: ShadowReport }) {
  const { agent, thresholds, judged, incidents } = report
  const moved = (side: 'agent' | 'thresholds') => report.rows.filter((row) => isFailover(row[side])).length
  return (
    <Panel title="In short">
      <Figures
        figures={[
          {
            name: 'Needless failovers avoided',
            value: judged === 0 ? 'not known yet' : String(report.needlessAvoided),
            detail: `among ${judged} of ${incidents} incidents that people have judged`,
          },
          {
            name: 'Would have moved users',
            value: `${moved('agent')} against ${moved('thresholds')}`,
            detail: 'the agent, and thresholds on the health score; all incidents of the period',
          },
          {
            name: 'Against people',
            value: judged === 0 ? 'not known yet' : `${report.minutesSaved} min saved`,
            detail: judged === 0 ? '' : `${report.minutesLost} min lost`,
          },
        ]}
      />
      {judged > 0 && (
        <table>
          <thead>
            <tr>
              <th>Of the judged ones</th>
              <th className="right">Failovers</th>
              <th className="right">Needless</th>
              <th className="right">Missed</th>
              <th className="right">As people did</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries({ agent, thresholds }).map(([name, side]) => (
              <tr key={name}>
                <td>
                  <strong>{name}</strong>
                </td>
                {[side.failovers, side.needless, side.missed, side.agreedWithPeople].map((figure, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: four figures in a fixed order
                  <td key={index} className="right num">
                    {figure}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {judged < incidents && (
        <p className="soft small">
          {incidents - judged} incidents have no outcome yet and count for nothing. Say what people did with{' '}
          <code>failwise outcome INCIDENT --action …</code>.
        </p>
      )}
    </Panel>
  )
}

function Rows({ rows }: { rows: readonly ShadowRow[] }) {
  if (rows.length === 0) return <Empty>None of this kind in this period.</Empty>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <section className="scroll tall" tabIndex={0} aria-label="Incidents of the period">
      <table className="stacked">
        <thead>
          <tr>
            <th>When</th>
            <th>Service</th>
            <th>Agent</th>
            <th>Thresholds</th>
            <th>People</th>
            <th className="right">Saved</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.incident}>
              <td>
                <Link to="/decisions/$id" params={{ id: row.decision }}>
                  <Time at={row.decidedAt} />
                </Link>
              </td>
              <td>{row.service}</td>
              <td data-label="agent">
                <Did action={row.agent} right={row.right} />
              </td>
              <td data-label="thresholds">
                <Did action={row.thresholds} right={row.right} />
              </td>
              <td data-label="people">
                {row.people === null ? (
                  <span className="soft">not recorded</span>
                ) : (
                  <>
                    {wordFor(ACTION_WORDS, row.people)}
                    {row.right !== null && row.right !== row.people && (
                      <div className="soft small">right: {wordFor(ACTION_WORDS, row.right)}</div>
                    )}
                  </>
                )}
              </td>
              <td className="right num" data-label="saved">
                {row.minutesSaved === null ? '–' : `${row.minutesSaved} min`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Did({ action, right }: { action: ShadowRow['agent']; right: ShadowRow['right'] }) {
  const words = wordFor(ACTION_WORDS, action)
  if (right === null) return <>{words}</>
  if (action === right) return <Chip tone="good">✓ {words}</Chip>
  const isNeedless = isFailover(action) && !isFailover(right)
  return <Chip tone={isNeedless ? 'bad' : 'warn'}>{isNeedless ? `✗ needless: ${words}` : words}</Chip>
}
