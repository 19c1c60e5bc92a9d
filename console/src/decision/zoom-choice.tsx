import type { DecisionContext, DecisionRecord } from '../api/types.ts'
import { wholeWindow, zoomText } from './timeline.tsx'

const BEFORE_MS = 10 * 60_000
const SHORT_MS = 30 * 60_000

/** Stretches of time worth looking at, for those who do not draw over the picture. */
export function ZoomChoice({
  record,
  context,
  zoom,
  onZoom,
}: {
  record: DecisionRecord
  context: DecisionContext | undefined
  zoom: string | undefined
  onZoom: (zoom: string | undefined) => void
}) {
  const { startMs, endMs, onsetMs, decidedMs } = wholeWindow(record, context)
  const choices: readonly (readonly [string, string | undefined])[] = [
    ['all', undefined],
    ['last 30 min', zoomText(decidedMs - SHORT_MS, endMs)],
    ...(onsetMs !== null && onsetMs > startMs
      ? [['from the onset', zoomText(onsetMs - BEFORE_MS, endMs)] as const]
      : []),
  ]
  return (
    <fieldset className="choices">
      <legend className="visually-hidden">Stretch of time</legend>
      {choices.map(([name, value]) => (
        <button key={name} type="button" aria-pressed={zoom === value} onClick={() => onZoom(value)}>
          {name}
        </button>
      ))}
      <span className="soft small">or draw over the curves</span>
    </fieldset>
  )
}
