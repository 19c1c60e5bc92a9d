import type { HealthScore } from '../api/types.ts'
import { Chip, Empty, Panel, type Tone } from '../ui/basics.tsx'
import { LEVEL_WORDS, wordFor } from '../words.ts'

const TONES: Readonly<Record<HealthScore['contributions'][number]['status'], Tone>> = {
  ok: 'good',
  unknown: 'plain',
  degraded: 'warn',
  error: 'bad',
}

/** What each check added to the health score. */
export function ScorePanel({ score }: { score: HealthScore | null }) {
  if (!score)
    return (
      <Panel title="Health score">
        <Empty>No health check is configured for this service; services.yaml names them.</Empty>
      </Panel>
    )
  return (
    <Panel
      title={`Health score ${score.score} of ${score.maximum}`}
      aside={<span className="soft">{wordFor(LEVEL_WORDS, score.level)}; a habit of reading, it permits nothing</span>}
    >
      <ul className="bars">
        {score.contributions.map(({ check, status, points, weight }) => (
          <li key={check}>
            <span>{check.replaceAll('_', ' ')}</span>
            <meter
              min={0}
              max={Math.max(1, score.maximum / 2, weight)}
              value={points}
              aria-label={`${check}: ${points} of ${weight} points`}
            />
            <span className="num">
              {points} of {weight}
            </span>
            <Chip tone={TONES[status]}>{status}</Chip>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
