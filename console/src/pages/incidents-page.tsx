import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { incidentQuery, incidentsQuery } from '../api/queries.ts'
import { spanText } from '../times.ts'
import { Ago, Chip, Empty, Failure, Loading, Panel, Time } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'
import { ACTION_WORDS, CATEGORY_WORDS, DISPOSITION_WORDS, wordFor } from '../words.ts'

const STATES = ['open', 'assessing', 'awaiting_approval', 'executing', 'mitigated', 'closed']

export interface IncidentsSearch {
  readonly state?: string | undefined
  readonly service?: string | undefined
}

/** All incidents, newest first. */
export function IncidentsPage({ search }: { search: IncidentsSearch }) {
  useTitle('Incidents')
  const navigate = useNavigate()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery(incidentsQuery(search))
  const incidents = data?.pages.flatMap(({ items }) => items) ?? []
  const set = (changed: IncidentsSearch) =>
    void navigate({ to: '/incidents', search: { ...search, ...changed }, replace: true })
  return (
    <>
      <h1>Incidents</h1>
      <Panel title="Newest first">
        <div className="filters">
          <label>
            State
            <select value={search.state ?? ''} onChange={(event) => set({ state: event.target.value || undefined })}>
              <option value="">all</option>
              {STATES.map((state) => (
                <option key={state} value={state}>
                  {state.replaceAll('_', ' ')}
                </option>
              ))}
            </select>
          </label>
          <label>
            Service
            <input
              defaultValue={search.service ?? ''}
              onKeyDown={(event) => event.key === 'Enter' && set({ service: event.currentTarget.value || undefined })}
              onBlur={(event) => set({ service: event.currentTarget.value || undefined })}
            />
          </label>
        </div>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Loading what="incidents" />}
        {data && incidents.length === 0 && (
          <Empty>
            {search.state || search.service
              ? 'None fits these filters; clear them to see all.'
              : 'None yet. Point Alertmanager or another sender at the agent’s webhook (docs/connect-alerts.md).'}
          </Empty>
        )}
        <ul className="list">
          {incidents.map((incident) => (
            <li key={incident.id}>
              <Chip tone={incident.closedAt ? 'plain' : 'warn'}>{incident.state.replaceAll('_', ' ')}</Chip>
              <Link to="/incidents/$id" params={{ id: incident.id }}>
                <strong>{incident.service}</strong>
              </Link>
              <span>{incident.severity}</span>
              <span className="soft">
                <Time at={incident.openedAt} />
                {incident.closedAt &&
                  `, closed after ${spanText(Date.parse(incident.closedAt) - Date.parse(incident.openedAt))}`}
                ; assessed {incident.assessments} {incident.assessments === 1 ? 'time' : 'times'}
              </span>
            </li>
          ))}
        </ul>
        {hasNextPage && (
          <button type="button" disabled={isFetching} onClick={() => void fetchNextPage()}>
            Older ones
          </button>
        )}
      </Panel>
    </>
  )
}

/** One incident: its alerts, and what was decided about it. */
export function IncidentPage({ id }: { id: string }) {
  useTitle('Incident')
  const { data, error, refetch } = useQuery(incidentQuery(id))
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="the incident" />
  const { incident, alerts, decisions } = data
  return (
    <>
      <nav className="crumbs" aria-label="Where you are">
        <Link to="/incidents">← incidents</Link>
      </nav>
      <h1>{incident.service}</h1>
      <p className="lead">
        <Chip tone={incident.closedAt ? 'plain' : 'warn'}>{incident.state.replaceAll('_', ' ')}</Chip>{' '}
        {incident.severity}, opened <Ago at={incident.openedAt} />
        {incident.nextAssessmentAt && !incident.closedAt && (
          <span className="soft">
            ; looked at again <Time at={incident.nextAssessmentAt} />
          </span>
        )}
      </p>
      {error && <Failure error={error} retry={() => void refetch()} />}
      <Panel title={`Decisions (${decisions.length})`}>
        {decisions.length === 0 && <Empty>None yet; the first one comes within a minute of the first alert.</Empty>}
        <ul className="list">
          {decisions.map((one) => (
            <li key={one.id}>
              <Time at={one.decidedAt} />
              <Link to="/decisions/$id" params={{ id: one.id }}>
                <strong>{wordFor(ACTION_WORDS, one.decision.action)}</strong>,{' '}
                {wordFor(DISPOSITION_WORDS, one.decision.disposition)}
              </Link>
              <span className="soft">{one.category ? wordFor(CATEGORY_WORDS, one.category) : 'no verdict'}</span>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title={`Alerts (${alerts.length})`}>
        {alerts.length === 0 && <Empty>None: the watch loop opened it after a bad score that lasted.</Empty>}
        <ul className="list">
          {alerts.map(({ fingerprint, status, count, firstReceivedAt, alert }) => (
            <li key={fingerprint}>
              <Chip tone={status === 'firing' ? 'bad' : 'good'}>{status}</Chip> <strong>{alert.name}</strong>{' '}
              {alert.severity}
              <span className="soft">
                first <Time at={firstReceivedAt} />, told {count} {count === 1 ? 'time' : 'times'} by {alert.source}
              </span>
              <span className="small">{alert.annotations.summary ?? alert.annotations.description ?? ''}</span>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  )
}
