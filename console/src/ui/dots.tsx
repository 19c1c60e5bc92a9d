import { localText } from '../times.ts'

export interface Dot {
  readonly at: string
  readonly value: number
  /** Drawn as a square and read aloud; never by colour alone. */
  readonly isBad: boolean
  readonly words: string
}

const WIDTH = 520
const HEIGHT = 120
const EDGE = { left: 8, right: 12, top: 14, bottom: 20 }

/** Values over time against what was promised: every one of them a mark that says its words. */
export function DotChart({
  dots,
  objective,
  objectiveWords,
  label,
}: {
  dots: readonly Dot[]
  objective: number | null
  objectiveWords: string
  label: string
}) {
  const times = dots.map(({ at }) => Date.parse(at))
  const [first, last] = [Math.min(...times), Math.max(...times)]
  const top = Math.max(...dots.map(({ value }) => value), objective ?? 0, 1e-9) * 1.12
  const x = (ms: number) =>
    last === first ? WIDTH / 2 : EDGE.left + ((ms - first) / (last - first)) * (WIDTH - EDGE.left - EDGE.right)
  const y = (value: number) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom)
  const ordered = dots.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const ends = ordered.length > 1 ? [ordered[0], ordered.at(-1)] : ordered
  return (
    <svg
      className="dots"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${label}: ${ordered.map(({ words }) => words).join('; ')}`}
    >
      <line className="axis" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
      {objective !== null && (
        <>
          <line className="promised" x1={0} x2={WIDTH} y1={y(objective)} y2={y(objective)} />
          <text x={2} y={y(objective) - 4}>
            {objectiveWords}
          </text>
        </>
      )}
      {ordered.length > 1 && (
        <polyline
          className="through"
          points={ordered.map(({ at, value }) => `${x(Date.parse(at))},${y(value)}`).join(' ')}
        />
      )}
      {ordered.map(({ at, value, isBad, words }) => (
        <g key={`${at} ${words}`} className={isBad ? 'bad' : 'good'}>
          <title>{words}</title>
          {isBad ? (
            <rect x={x(Date.parse(at)) - 4.5} y={y(value) - 4.5} width={9} height={9} />
          ) : (
            <circle cx={x(Date.parse(at))} cy={y(value)} r={4.5} />
          )}
        </g>
      ))}
      {ends.map(
        (end, index) =>
          end && (
            <text
              key={end.at}
              className="when"
              x={ends.length === 1 ? WIDTH / 2 : index === 0 ? 2 : WIDTH - 2}
              y={HEIGHT - 5}
              textAnchor={ends.length === 1 ? 'middle' : index === 0 ? 'start' : 'end'}
            >
              {localText(end.at)}
            </text>
          ),
      )}
    </svg>
  )
}
