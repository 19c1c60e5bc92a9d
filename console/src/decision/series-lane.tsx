import type { SeriesSignal } from '../../../agent/domain/signal.ts'
import { type Scale, type Stance, stanceMark } from './scale.ts'

interface SeriesProps {
  readonly series: SeriesSignal
  readonly top: number
  readonly height: number
  readonly scale: Scale
  readonly stance: Stance
  readonly hoverMs: number | null
}

/** One metric on the shared axis, with its objective and the value under the pointer. */
export function Series({ series, top, height, scale, stance, hoverMs }: SeriesProps) {
  const known = series.points.flatMap(([, value]) => (value === null ? [] : [value]))
  const objective = series.sli?.objective
  const low = Math.min(0, ...known)
  const high = Math.max(...known, objective ?? Number.NEGATIVE_INFINITY, low + 1e-9)
  const y = (value: number) => top + height - 7 - ((value - low) / (high - low)) * (height - 16)
  const isWide = scale.gutter > 0
  const name = `${stanceMark(stance)}${series.name.replaceAll('_', ' ')}${series.sli ? ' ●' : ''}`
  const hovered = hoverMs === null ? null : valueAt(series, hoverMs)
  const range =
    hovered === null ? rangeText(series, known) : `${shortNumber(hovered)} ${unitText(series)} at the pointer`
  return (
    <g className={`series ${stance ?? ''}`}>
      <title>{`${series.name}: ${rangeText(series, known)}\n${series.query}`}</title>
      <text
        className="lane"
        x={isWide ? scale.gutter - 10 : 2}
        y={isWide ? top + 22 : top - 14}
        textAnchor={isWide ? 'end' : 'start'}
      >
        {clip(name, isWide ? 33 : 60)}
      </text>
      <text
        className="range"
        x={isWide ? scale.gutter - 10 : 2}
        y={isWide ? top + 37 : top}
        textAnchor={isWide ? 'end' : 'start'}
      >
        {range}
      </text>
      {objective !== undefined && known.length > 0 && (
        <line
          className="objective"
          x1={scale.gutter}
          x2={scale.x(Number.POSITIVE_INFINITY)}
          y1={y(objective)}
          y2={y(objective)}
        />
      )}
      <path d={known.length === 0 ? '' : pathOf(series, scale, y)} />
    </g>
  )
}

/** A gap where a value is missing: what was not measured is not drawn. */
function pathOf(series: SeriesSignal, scale: Scale, y: (value: number) => number): string {
  let path = ''
  let isPen = false
  for (const [seconds, value] of series.points) {
    if (value === null) isPen = false
    else {
      path += `${isPen ? 'L' : 'M'}${scale.x(seconds * 1000).toFixed(1)} ${y(value).toFixed(1)}`
      isPen = true
    }
  }
  return path
}

function valueAt(series: SeriesSignal, ms: number): number | null {
  const seconds = ms / 1000
  const near = series.points.find(([at]) => Math.abs(at - seconds) <= series.stepSeconds)
  return near?.[1] ?? null
}

function rangeText(series: SeriesSignal, known: readonly number[]): string {
  if (known.length === 0) return 'no samples'
  const newest = series.points.at(-1)?.[1] ?? null
  const now = newest === null ? 'now nothing' : `now ${shortNumber(newest)}`
  return `${shortNumber(Math.min(...known))} to ${shortNumber(Math.max(...known))} ${unitText(series)}, ${now}`
}

function unitText({ unit }: SeriesSignal): string {
  return unit === 'ratio' ? '' : unit.replaceAll('_', ' ')
}

/** A number in three digits. */
function shortNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`
  return String(Number(value.toPrecision(3)))
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
