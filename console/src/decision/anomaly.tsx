import type { AnomalyOpinion } from '../api/types.ts'
import { Chip, Empty, Panel, Time } from '../ui/basics.tsx'

/** Which metrics are unlike this service's own past, and since when. */
export function AnomalyPanel({ anomaly }: { anomaly: AnomalyOpinion | null }) {
  const title = 'Against its own past'
  const aside = <span className="soft">informs and can lower what is permitted; it permits nothing</span>
  if (!anomaly || !('status' in anomaly))
    return (
      <Panel title={title} aside={aside}>
        <Empty>
          No model of what is normal for this service was there. <code>failwise anomaly train</code> learns one from its
          metrics.
        </Empty>
      </Panel>
    )
  if (anomaly.status === 'abstained')
    return (
      <Panel title={title} aside={aside}>
        <Empty>The model abstained: {anomaly.reason}.</Empty>
      </Panel>
    )
  const { isAnomalous, since, percentile, contributions, missing, risk30, trainedOn } = anomaly
  return (
    <Panel title={title} aside={aside}>
      <p>
        <Chip tone={isAnomalous ? 'warn' : 'good'}>{isAnomalous ? 'unusual' : 'as usual'}</Chip>{' '}
        {since !== null && (
          <>
            since <Time at={since} />;{' '}
          </>
        )}
        {shareText(percentile)} of its past scored lower.{' '}
        {risk30 && (
          <span className="soft">
            Risk of trouble now or within 30 min: {shareText(risk30.probability)}, on an average minute{' '}
            {shareText(risk30.baseRate)}.
          </span>
        )}
      </p>
      {contributions.length > 0 && (
        <ul className="bars">
          {contributions.map(({ metric, share, since: from }) => (
            <li key={metric}>
              <span>{metric.replaceAll('_', ' ')}</span>
              <meter min={0} max={1} value={share} aria-label={`${metric}: ${shareText(share)} of what is unusual`} />
              <span className="num">{shareText(share)}</span>
              <span className="soft small">{from === null ? 'not by itself' : <Time at={from} />}</span>
            </li>
          ))}
        </ul>
      )}
      {missing.length > 0 && <p className="soft small">No reading now: {missing.join(', ')}.</p>}
      <p className="soft small">
        Learned from {trainedOn.rows.toLocaleString()} rows, <Time at={trainedOn.from} /> to <Time at={trainedOn.to} />.
      </p>
    </Panel>
  )
}

/** Nearly all is never rounded up to all. */
function shareText(share: number): string {
  const percent = share * 100
  return `${percent >= 99 && percent < 100 ? (Math.floor(percent * 100) / 100).toFixed(2) : Math.round(percent)} %`
}
