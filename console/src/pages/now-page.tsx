import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { scoresQuery, statusQuery } from '../api/queries.ts'
import type { ScorePoint, ServiceStatus, Status } from '../api/types.ts'
import { Agents, Upstreams } from '../now/agents.tsx'
import { Freezes } from '../now/freezes.tsx'
import { QuestionCard } from '../now/question.tsx'
import { Runs } from '../now/runs.tsx'
import { Ago, Chip, Empty, Failure, Loading, Panel, type Tone } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'
import { ACTION_WORDS, DISPOSITION_WORDS, LEVEL_WORDS, wordFor } from '../words.ts'

const SERVICES_SHOWN = 60

/** How things stand, the worst first. */
export function NowPage() {
  useTitle('Now')
  const { data, error, refetch, dataUpdatedAt } = useQuery(statusQuery)
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading what="how things stand" />
  return (
    <>
      <h1>Now</h1>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data.frozen.length > 0 && <Freezes status={data} />}
      {data.waiting.length > 0 && <Waiting waiting={data.waiting} />}
      {data.runs.length > 0 && <Runs runs={data.runs} readAt={dataUpdatedAt} />}
      <OpenIncidents incidents={data.incidents} />
      <Services services={data.services} />
      <Upstreams upstreams={data.upstreams} />
      {data.frozen.length === 0 && <Freezes status={data} />}
      <Agents status={data} />
    </>
  )
}

function Waiting({ waiting }: Pick<Status, 'waiting'>) {
  return (
    <Panel title={`Waiting for a person (${waiting.length})`} aside={<span className="soft">silence means no</span>}>
      {waiting.map((question) => (
        <QuestionCard key={question.id} question={question} />
      ))}
    </Panel>
  )
}

function OpenIncidents({ incidents }: Pick<Status, 'incidents'>) {
  return (
    <Panel title={`Open incidents (${incidents.length})`} aside={<Link to="/incidents">all incidents</Link>}>
      {incidents.length === 0 && <Empty>None. An alert that fits a service of services.yaml opens one.</Empty>}
      <ul className="list">
        {incidents.map(({ incident, latest }) => (
          <li key={incident.id}>
            <Chip tone={incident.severity === 'critical' ? 'bad' : 'warn'}>{incident.severity}</Chip>
            <Link to="/incidents/$id" params={{ id: incident.id }}>
              <strong>{incident.service}</strong>
            </Link>
            <span className="soft">
              opened <Ago at={incident.openedAt} />, {incident.state.replaceAll('_', ' ')}
            </span>
            {latest ? (
              <Link to="/decisions/$id" params={{ id: latest.id }}>
                {wordFor(ACTION_WORDS, latest.decision.action)},{' '}
                {wordFor(DISPOSITION_WORDS, latest.decision.disposition)}
              </Link>
            ) : (
              <span className="soft">no decision yet</span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Services({ services }: Pick<Status, 'services'>) {
  const [text, setText] = useState('')
  const share = ({ score }: ServiceStatus) => (score ? score.score / Math.max(1, score.maximum) : -1)
  const sorted = services
    .filter(({ name, primary }) => `${name} ${primary}`.toLowerCase().includes(text.toLowerCase()))
    .sort((a, b) => b.openIncidents - a.openIncidents || share(b) - share(a) || a.name.localeCompare(b.name))
  return (
    <Panel
      title={`Services (${services.length})`}
      aside={
        services.length > 6 && (
          <label className="check">
            Find <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
          </label>
        )
      }
    >
      {services.length === 0 && (
        <Empty>
          No service is known yet. Write them into services.yaml (docs/configuration.md) and start the agent again;
          `failwise check` names every mistake.
        </Empty>
      )}
      <div className="cards">
        {sorted.slice(0, SERVICES_SHOWN).map((service) => (
          <ServiceCard key={service.name} service={service} />
        ))}
      </div>
      {sorted.length > SERVICES_SHOWN && (
        <p className="soft">
          The {SERVICES_SHOWN} worst of {sorted.length}; find others by name.
        </p>
      )}
    </Panel>
  )
}

const LEVEL_TONES: Readonly<Record<string, Tone>> = {
  none: 'good',
  self_heal: 'warn',
  region_failover: 'bad',
  dr_failover: 'bad',
}

function ServiceCard({ service }: { service: ServiceStatus }) {
  const { name, primary, score, openIncidents } = service
  const { data: points } = useQuery(scoresQuery(name))
  return (
    <article className="card">
      <h3>{name}</h3>
      <p className="soft small">
        {primary}
        {openIncidents > 0 && ` · ${openIncidents} open ${openIncidents === 1 ? 'incident' : 'incidents'}`}
      </p>
      {score ? (
        <>
          <p>
            <span className="value num">{score.score}</span> <span className="soft">of {score.maximum}</span>{' '}
            <Chip tone={LEVEL_TONES[score.level] ?? 'plain'}>{wordFor(LEVEL_WORDS, score.level)}</Chip>
          </p>
          <p className="soft small">
            since <Ago at={score.levelSince} />
            {score.unknownWeight > 0 && `; checks worth ${score.unknownWeight} gave no answer`}
          </p>
        </>
      ) : (
        <Empty>No score yet: the watch loop has not looked, or no health check is configured.</Empty>
      )}
      {points && points.length > 1 && <Sparkline points={points} maximum={score?.maximum ?? 1} name={name} />}
    </article>
  )
}

const HOURS_MS = 6 * 3_600_000

function Sparkline({ points, maximum, name }: { points: readonly ScorePoint[]; maximum: number; name: string }) {
  const end = Date.parse(points.at(-1)?.at ?? '')
  const start = Math.max(end - HOURS_MS, Date.parse(points[0]?.at ?? ''))
  const x = (at: string) => (((Date.parse(at) - start) / Math.max(1, end - start)) * 100).toFixed(2)
  const y = (value: number) => (36 - (value / Math.max(1, maximum)) * 34).toFixed(2)
  const path = points.map(({ at, mean }, index) => `${index === 0 ? 'M' : 'L'}${x(at)} ${y(mean)}`).join('')
  const worst = Math.max(...points.map((point) => point.maximum))
  return (
    <svg
      className="spark"
      viewBox="0 0 100 38"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Score of ${name} over the last hours, at most ${worst}`}
    >
      <path d={path} />
    </svg>
  )
}
