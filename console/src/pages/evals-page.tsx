import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { evalQuery, evalsQuery } from '../api/review-queries.ts'
import type { EvalBrief, EvalCase, EvalView } from '../api/types.ts'
import { Chip, Empty, Failure, Loading, Panel, Time, type Tone } from '../ui/basics.tsx'
import { Calibration } from '../ui/calibration.tsx'
import { DotChart } from '../ui/dots.tsx'
import { Figures } from '../ui/figures.tsx'
import { useTitle } from '../ui/title.ts'
import { ACTION_WORDS, CATEGORY_WORDS, wordFor } from '../words.ts'

export interface EvalsSearch {
  readonly report?: string | undefined
  readonly tier?: string | undefined
  readonly text?: string | undefined
}

/** How well it decides, over time: every report that was kept. */
export function EvalsPage({ search }: { search: EvalsSearch }) {
  useTitle('Evaluations')
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery(evalsQuery)
  const reports = data?.reports ?? []
  const chosen = reports.find(({ id }) => id === search.report) ?? reports.at(-1)
  const set = (changed: EvalsSearch) =>
    void navigate({ to: '/evals', search: { ...search, ...changed }, replace: true })
  return (
    <>
      <h1>Evaluations</h1>
      <p className="lead">How well it decides on recorded incidents. Needless failovers are counted first.</p>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="the evaluations" />}
      {data && reports.length === 0 && (
        <Panel title="None kept yet">
          <Empty>
            Judge the analyst on the recorded incidents that come with the code, and keep the report for this page:{' '}
            <code>failwise eval --keep</code> (half a minute, no keys, no network), in the folder of failwise.yaml.
          </Empty>
        </Panel>
      )}
      {chosen && (
        <>
          <Panel title={`Results over time (${reports.length})`}>
            <OverTime reports={reports} />
            <label>
              Report{' '}
              <select value={chosen.id} onChange={(event) => set({ report: event.target.value })}>
                {reports.toReversed().map((one) => (
                  <option key={one.id} value={one.id}>
                    {new Date(one.at).toLocaleString()} · {one.subject.analyst} · {one.summary.cases} cases
                  </option>
                ))}
              </select>
            </label>
          </Panel>
          <Report id={chosen.id} search={search} onSearch={set} />
        </>
      )}
    </>
  )
}

function OverTime({ reports }: { reports: readonly EvalBrief[] }) {
  const dots = (
    value: (one: EvalBrief) => number,
    words: (one: EvalBrief) => string,
    isBad: (one: EvalBrief) => boolean,
  ) =>
    reports.map((one) => ({
      at: one.at,
      value: value(one),
      isBad: isBad(one),
      words: `${one.subject.analyst}: ${words(one)}`,
    }))
  return (
    <div className="columns">
      <figure>
        <figcaption>Exact or acceptable, %</figcaption>
        <DotChart
          dots={dots(
            ({ summary }) => summary.exactOrAcceptable * 100,
            ({ summary }) => percent(summary.exactOrAcceptable),
            ({ summary }) => summary.forbidden > 0,
          )}
          objective={null}
          objectiveWords=""
          label="Exact or acceptable"
        />
      </figure>
      <figure>
        <figcaption>Needless and missed failovers (■ some, ● none)</figcaption>
        <DotChart
          dots={dots(
            ({ summary }) => summary.needless + summary.missed,
            ({ summary }) => `${summary.needless} needless, ${summary.missed} missed`,
            ({ summary }) => summary.needless + summary.missed > 0,
          )}
          objective={null}
          objectiveWords=""
          label="Needless and missed failovers"
        />
      </figure>
    </div>
  )
}

interface ReportProps {
  readonly id: string
  readonly search: EvalsSearch
  readonly onSearch: (changed: EvalsSearch) => void
}

function Report({ id, search, onSearch }: ReportProps) {
  const { data, error, refetch } = useQuery(evalQuery(id))
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="the report" />
  const { subject, summary, calibration } = data
  const curve = calibration?.calibrated ?? calibration?.stated ?? null
  return (
    <>
      <Panel
        title={`${subject.analyst} on ${summary.cases} incidents`}
        aside={
          <span className="soft">
            <Time at={data.at} />
            {subject.filter && `; only ${subject.filter}`}
            {subject.without.length > 0 && `; without ${subject.without.join(', ')}`}
          </span>
        }
      >
        <Figures
          figures={[
            { name: 'Needless failovers', value: String(summary.needless), detail: 'users moved for nothing' },
            { name: 'Missed failovers', value: String(summary.missed), detail: 'users left down' },
            { name: 'Harmful decisions', value: String(summary.forbidden) },
            {
              name: 'Exact or acceptable',
              value: percent(summary.exactOrAcceptable),
              detail: `95 %: ${percent(summary.intervals.exactOrAcceptable.low)} to ${percent(summary.intervals.exactOrAcceptable.high)}`,
            },
            { name: 'Root cause', value: percent(summary.categoryAccuracy) },
            { name: 'Delay, mean', value: `${summary.delayMinutes.toFixed(1)} min` },
          ]}
        />
        <Baselines report={data} />
      </Panel>
      <Panel title="Can its confidence be believed?">
        {curve === null ? (
          <Empty>It stated no confidence, so there is nothing to compare.</Empty>
        ) : (
          <Calibration curve={curve} isCalibrated={calibration?.calibrated != null} />
        )}
      </Panel>
      <Cases cases={data.cases} search={search} onSearch={onSearch} />
    </>
  )
}

function Baselines({ report: { subject, summary, baselines } }: { report: EvalView }) {
  const rows = [{ name: subject.analyst, summary }, ...baselines.filter(({ name }) => name !== subject.analyst)]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label="Against plain habits">
      <table>
        <thead>
          <tr>
            <th>Against plain habits</th>
            <th className="right">Needless</th>
            <th className="right">Missed</th>
            <th className="right">Harmful</th>
            <th className="right">Exact or acceptable</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, summary: of }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className="right num">{of.needless}</td>
              <td className="right num">{of.missed}</td>
              <td className="right num">{of.forbidden}</td>
              <td className="right num">{percent(of.exactOrAcceptable)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const TIERS = ['forbidden', 'tolerable', 'acceptable', 'best'] as const
const TIER_WORDS = { forbidden: '✗ harmful', tolerable: 'tolerable', acceptable: 'as good', best: '✓ exact' } as const
const TIER_TONES: Readonly<Record<(typeof TIERS)[number], Tone>> = {
  forbidden: 'bad',
  tolerable: 'warn',
  acceptable: 'info',
  best: 'good',
}

function Cases({ cases, search, onSearch }: { cases: readonly EvalCase[] } & Omit<ReportProps, 'id'>) {
  const text = (search.text ?? '').toLowerCase()
  const shown = cases
    .filter(({ tier }) => search.tier === undefined || tier === search.tier)
    .filter((one) => text === '' || `${one.id} ${one.title} ${one.action} ${one.category}`.toLowerCase().includes(text))
    .toSorted((a, b) => TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || (a.id < b.id ? -1 : 1))
  return (
    <Panel
      title={`Cases (${shown.length} of ${cases.length})`}
      aside={
        <fieldset className="choices">
          <legend className="visually-hidden">How they were decided</legend>
          <button type="button" aria-pressed={search.tier === undefined} onClick={() => onSearch({ tier: undefined })}>
            all
          </button>
          {TIERS.map((tier) => (
            <button key={tier} type="button" aria-pressed={search.tier === tier} onClick={() => onSearch({ tier })}>
              {TIER_WORDS[tier]} {cases.filter((one) => one.tier === tier).length}
            </button>
          ))}
        </fieldset>
      }
    >
      <div className="filters">
        <label className="wide">
          Find a case
          <input
            type="search"
            value={search.text ?? ''}
            onChange={(event) => onSearch({ text: event.target.value || undefined })}
          />
        </label>
      </div>
      {shown.length === 0 && <Empty>No case fits; clear the filter to see all.</Empty>}
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
        <section className="scroll tall" tabIndex={0} aria-label="Cases">
          <table className="stacked">
            <thead>
              <tr>
                <th>Case</th>
                <th>Decided</th>
                <th>Best</th>
                <th>Cause named</th>
                <th className="right">Confidence</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <tr key={`${one.id} ${one.repetition}`}>
                  <td>
                    {one.title}
                    <div>
                      <code>{one.id}</code> <span className="soft small">{one.difficulty}</span>
                    </div>
                  </td>
                  <td data-label="decided">
                    <Chip tone={TIER_TONES[one.tier]}>{TIER_WORDS[one.tier]}</Chip> {wordFor(ACTION_WORDS, one.action)}{' '}
                    <span className="soft">({one.disposition})</span>
                  </td>
                  <td data-label="best">{wordFor(ACTION_WORDS, one.best)}</td>
                  <td data-label="cause named">
                    {one.category === null ? 'none' : wordFor(CATEGORY_WORDS, one.category)}
                    {!one.categoryCorrect && (
                      <div className="soft small">✗ it was {wordFor(CATEGORY_WORDS, one.expectedCategory)}</div>
                    )}
                  </td>
                  <td className="right num" data-label="confidence">
                    {one.confidence === null ? '–' : percent(one.confidence)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  )
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
