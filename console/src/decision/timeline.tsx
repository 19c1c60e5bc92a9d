import { type PointerEvent, useLayoutEffect, useRef, useState } from 'react'
import type { DecisionRecord } from '../api/types.ts'
import { clockText } from '../times.ts'
import { ACTION_WORDS, wordFor } from '../words.ts'
import { lanesOf, type Span, seriesOf } from './lanes.ts'
import { type Scale, type Stance, stanceMark } from './scale.ts'
import { Series } from './series-lane.tsx'

const ROW = 22
const SPARK = 54
const TOP = 40
const BOTTOM = 26
const RIGHT = 14
const WIDE = 720
const MINIMUM_WINDOW_MS = 30 * 60_000
const LONGEST_WINDOW_MS = 60 * 60_000

/** What happened, and when, on one axis that ends with the decision: the picture that answers "why". */
export function Timeline({ record }: { record: DecisionRecord }) {
  const { snapshot, facts, decision, opinion } = record
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(1000)
  const [hoverMs, setHoverMs] = useState<number | null>(null)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(Math.max(280, element.clientWidth)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const isWide = width >= WIDE
  const gutter = isWide ? 210 : 0
  const nowMs = Date.parse(snapshot.takenAt)
  const onsetMs = facts.onset.at === null ? null : Date.parse(facts.onset.at)
  const windowMs = Math.max(
    MINIMUM_WINDOW_MS,
    Math.min(LONGEST_WINDOW_MS, onsetMs === null ? LONGEST_WINDOW_MS : Math.max(LONGEST_WINDOW_MS, nowMs - onsetMs)),
  )
  const startMs = nowMs - windowMs
  const scale: Scale = {
    gutter,
    width,
    x: (ms) => gutter + Math.min(1, Math.max(0, (ms - startMs) / windowMs)) * (width - gutter - RIGHT),
  }
  const citations = opinion?.verdict?.citations ?? []
  const stanceOf = (id: string) =>
    citations.find(({ evidence }) => evidence === id || id.startsWith(`${evidence}:`))?.stance
  const lanes = lanesOf(snapshot, nowMs, windowMs)
  const series = seriesOf(snapshot, (id) => stanceOf(id) !== undefined)

  let y = TOP
  const labelHeight = isWide ? 0 : 16
  const placed = lanes.map((lane) => {
    const top = y + labelHeight
    y = top + lane.spans.length * ROW + 8
    return { lane, top }
  })
  const tops = series.shown.map(() => {
    // On a narrow screen name and range stand above the line, one under the other.
    const top = y + labelHeight * 2
    y = top + SPARK
    return top
  })
  const bottom = y + 2
  const ticks = [...Array(isWide ? 7 : 4).keys()].map(
    (index, _, { length }) => nowMs - (windowMs * index) / (length - 1),
  )

  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left
    const share = (event.clientX - left - gutter) / (width - gutter - RIGHT)
    setHoverMs(share < 0 || share > 1 ? null : startMs + share * windowMs)
  }
  const decided = wordFor(ACTION_WORDS, decision.action)
  return (
    <div ref={box} className="timeline">
      <svg
        width={width}
        height={bottom + BOTTOM}
        role="img"
        aria-label={`Timeline up to the decision: ${lanes.map(({ label, spans }) => `${spans.length} ${label.toLowerCase()}`).join(', ')}, ${series.shown.length} series`}
        onPointerMove={onPointer}
        onPointerLeave={() => setHoverMs(null)}
      >
        {ticks.map((ms, index) => (
          <g key={ms}>
            <line className="grid" x1={scale.x(ms)} x2={scale.x(ms)} y1={TOP - 6} y2={bottom} />
            <text
              className="tick"
              x={scale.x(ms)}
              y={bottom + 17}
              textAnchor={index === 0 ? 'end' : index === ticks.length - 1 ? 'start' : 'middle'}
            >
              {clockText(ms)}
            </text>
          </g>
        ))}
        {onsetMs !== null && onsetMs >= startMs && (
          <g>
            <rect
              className="hurt"
              x={scale.x(onsetMs)}
              y={TOP - 6}
              width={scale.x(nowMs) - scale.x(onsetMs)}
              height={bottom - TOP + 6}
            />
            <line className="onset" x1={scale.x(onsetMs)} x2={scale.x(onsetMs)} y1={TOP - 12} y2={bottom} />
            <text className="onset-word" x={scale.x(onsetMs) - 5} y={TOP - 10} textAnchor="end">
              {facts.hurt.overall === 'yes' ? 'users hurt' : 'onset'} from {clockText(onsetMs)}
            </text>
          </g>
        )}
        {placed.map(({ lane, top }) => (
          <g key={lane.label}>
            <LaneLabel
              text={lane.hidden > 0 ? `${lane.label} (${lane.hidden} more below)` : lane.label}
              scale={scale}
              top={top}
            />
            {lane.spans.map((span, row) => (
              <SpanRow
                key={span.id}
                span={span}
                top={top + row * ROW}
                scale={scale}
                startMs={startMs}
                stance={stanceOf(span.id)}
              />
            ))}
          </g>
        ))}
        {series.shown.map((one, index) => (
          <Series
            key={one.id}
            series={one}
            top={tops[index] ?? 0}
            height={SPARK}
            scale={scale}
            stance={stanceOf(one.id)}
            hoverMs={hoverMs}
          />
        ))}
        <line className="decided" x1={scale.x(nowMs)} x2={scale.x(nowMs)} y1={TOP - 18} y2={bottom} />
        <text className="decided-word" x={scale.x(nowMs)} y={TOP - 24} textAnchor="end">
          decided {clockText(nowMs)}: {decided}
        </text>
        {hoverMs !== null && (
          <g className="hover">
            <line x1={scale.x(hoverMs)} x2={scale.x(hoverMs)} y1={TOP - 6} y2={bottom} />
            <text x={scale.x(hoverMs)} y={bottom + 17} textAnchor="middle">
              {clockText(hoverMs)}
            </text>
          </g>
        )}
      </svg>
      <p className="legend">
        <span>✓ supports the verdict</span>
        <span>✗ contradicts it</span>
        <span>● what users feel</span>
        <span>dashed: objective</span>
        <span>◂ began earlier</span>
        {series.hidden > 0 && <span>{series.hidden} more series under Evidence</span>}
      </p>
    </div>
  )
}

function LaneLabel({ text, scale, top }: { text: string; scale: Scale; top: number }) {
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

function SpanRow({
  span,
  top,
  scale,
  startMs,
  stance,
}: {
  span: Span
  top: number
  scale: Scale
  startMs: number
  stance: Stance
}) {
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
