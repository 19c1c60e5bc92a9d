import { clockText } from '../times.ts'
import type { Span } from './lanes.ts'
import { RIGHT, type Scale, type Stance, stanceMark } from './scale.ts'

/** The height of one row. */
export const ROW = 22

/** What a row is called, beside it or above it. */
export function LaneLabel({ text, scale, top }: { text: string; scale: Scale; top: number }) {
  const isWide = scale.gutter > 0
  return (
    <text
      className="lane"
      x={isWide ? scale.gutter - 10 : 2}
      y={isWide ? top + 15 : top - 3}
      textAnchor={isWide ? 'end' : 'start'}
    >
      {text}
    </text>
  )
}

/** How wide a letter of the drawing's text is at most, on average; what is cited is bold. */
const LETTER = { plain: 6.5, bold: 7.3 }

/** One thing that lasted, with its words where there is room for them. */
export function SpanRow({ span, top, scale, stance }: { span: Span; top: number; scale: Scale; stance: Stance }) {
  const { startMs } = scale
  const from = scale.x(span.fromMs)
  const to = Math.max(scale.x(span.toMs), from + 4)
  const room = { right: scale.width - RIGHT - from - 8, left: from - scale.gutter - 12 }
  // On a narrow screen words run over the whole width, on top of the bar.
  const isNarrow = scale.gutter === 0
  const isLeft = !isNarrow && room.left > room.right
  const began = span.fromMs < startMs ? `◂ ${beganText(span.fromMs, startMs)} ` : ''
  const words = `${stanceMark(stance)}${began}${span.words}`
  const most = Math.floor(
    (isNarrow ? scale.width - RIGHT : isLeft ? room.left : room.right) / LETTER[stance ? 'bold' : 'plain'],
  )
  return (
    <g className={`span ${span.colour} ${span.isOver ? 'over' : ''} ${stance ?? ''}`}>
      <title>{words}</title>
      {span.isMoment ? (
        <path d={`M${from - 6} ${top + 17} L${from + 6} ${top + 17} L${from} ${top + 5} Z`} />
      ) : (
        <rect x={from} y={top + 4} width={to - from} height={ROW - 8} rx={3} />
      )}
      <text x={isNarrow ? 2 : isLeft ? from - 9 : from + 9} y={top + 15} textAnchor={isLeft ? 'end' : 'start'}>
        {words.length <= most ? words : `${words.slice(0, Math.max(4, most - 1))}…`}
      </text>
    </g>
  )
}

function beganText(fromMs: number, startMs: number): string {
  const hours = (startMs - fromMs) / 3_600_000
  return hours < 20 ? clockText(fromMs) : `${Math.round(hours / 24) || 1} d before`
}
