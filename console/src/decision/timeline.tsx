import { type PointerEvent, useLayoutEffect, useRef, useState } from 'react'
import type { DecisionContext, DecisionRecord } from '../api/types.ts'
import { clockText } from '../times.ts'
import { actionWords } from '../words.ts'
import { LaneLabel, ROW, SpanRow } from './lane-rows.tsx'
import { lanesAfter, lanesOf, seriesOf } from './lanes.ts'
import { type Moments, RIGHT, type Scale, type Stance, scaleOf, stanceMark } from './scale.ts'
import { SeriesPlot } from './series-plot.tsx'
import { rangeText } from './series-text.ts'

const PLOT_PX = 54
const TOP = 40
const AXIS_PX = 24
const WIDE = 720
const GUTTER = 210
const WINDOW_MS = 60 * 60_000
/** What follows a decision gets this much room at least, however fast it was. */
const AFTER_MS = 8 * 60_000
const SHORTEST_MS = 60_000
/** How wide a bold letter is at most, on average. */
const LETTER_PX = 7.6

/** The whole stretch of time: an hour before the decision, and what followed it. */
export function wholeWindow(record: DecisionRecord, context: DecisionContext | undefined): Moments {
  const decidedMs = Date.parse(record.snapshot.takenAt)
  const after = lanesAfter(context, decidedMs).flatMap(({ spans }) => spans.map(({ toMs }) => toMs))
  const latest = Math.min(decidedMs + WINDOW_MS, Math.max(decidedMs + AFTER_MS, ...after))
  const onsetMs = record.facts.onset.at === null ? null : Date.parse(record.facts.onset.at)
  return { startMs: decidedMs - WINDOW_MS, endMs: after.length > 0 ? latest : decidedMs, onsetMs, decidedMs }
}

/** A stretch of time as an address holds it. */
export function zoomText(fromMs: number, toMs: number): string {
  return `${Math.round(fromMs / 1000)}-${Math.round(toMs / 1000)}`
}

/** The stretch that an address names, within the whole; the whole when it names none. */
export function zoomed(whole: Moments, text: string | undefined): Moments {
  const [from = Number.NaN, to = Number.NaN] = (text ?? '').split('-').map((seconds) => Number(seconds) * 1000)
  const startMs = Math.max(whole.startMs, from)
  const endMs = Math.min(whole.endMs, to)
  return endMs - startMs >= SHORTEST_MS ? { ...whole, startMs, endMs } : whole
}

interface TimelineProps {
  readonly record: DecisionRecord
  readonly context: DecisionContext | undefined
  readonly zoom: string | undefined
  readonly onZoom: (zoom: string | undefined) => void
}

/** What happened, and when, on one axis with the decision and what followed: the picture that answers "why". */
export function Timeline({ record, context, zoom, onZoom }: TimelineProps) {
  const { snapshot, facts, decision, opinion } = record
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(1000)
  const [hoverMs, setHoverMs] = useState<number | null>(null)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => element.clientWidth > 0 && setWidth(Math.max(280, element.clientWidth))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const isWide = width >= WIDE
  const moments = zoomed(wholeWindow(record, context), zoom)
  const { startMs, endMs, onsetMs, decidedMs } = moments
  const scale = scaleOf(moments, isWide ? GUTTER : 0, width)
  const citations = opinion?.verdict?.citations ?? []
  const stanceOf = (id: string): Stance =>
    citations.find(({ evidence }) => evidence === id || id.startsWith(`${evidence}:`))?.stance
  const lanes = [...lanesOf(snapshot, decidedMs, decidedMs - startMs), ...lanesAfter(context, decidedMs)]
  const series = seriesOf(snapshot, (id) => stanceOf(id) !== undefined)
  let y = TOP
  const placed = lanes.map((lane) => {
    const top = y + (isWide ? 0 : 16)
    y = top + lane.spans.length * ROW + 8
    return { lane, top }
  })
  const height = y + 2
  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left
    const share = (event.clientX - left - scale.gutter) / (width - scale.gutter - RIGHT)
    setHoverMs(share < 0 || share > 1 ? null : startMs + share * (endMs - startMs))
  }
  const isDecidedShown = decidedMs >= startMs && decidedMs <= endMs
  const decidedWords = `decided ${clockText(decidedMs)}: ${actionWords(decision.action)}`
  return (
    <div ref={box} className="timeline">
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`Timeline up to the decision and what followed: ${lanes.map(({ label, spans }) => `${spans.length} ${label.toLowerCase()}`).join(', ')}; ${series.shown.length} series below`}
        onPointerMove={onPointer}
        onPointerLeave={() => setHoverMs(null)}
      >
        <Grid scale={scale} from={TOP - 6} to={height} />
        {onsetMs !== null && onsetMs >= startMs && onsetMs <= endMs && (
          <g>
            <rect
              className="hurt"
              x={scale.x(onsetMs)}
              y={TOP - 6}
              width={Math.max(0, scale.x(decidedMs) - scale.x(onsetMs))}
              height={height - TOP + 6}
            />
            <line className="onset" x1={scale.x(onsetMs)} x2={scale.x(onsetMs)} y1={TOP - 12} y2={height} />
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
              <SpanRow key={span.id} span={span} top={top + row * ROW} scale={scale} stance={stanceOf(span.id)} />
            ))}
          </g>
        ))}
        {isDecidedShown && (
          <>
            <line className="decided" x1={scale.x(decidedMs)} x2={scale.x(decidedMs)} y1={TOP - 18} y2={height} />
            <text
              className="decided-word"
              x={Math.max(scale.x(decidedMs), Math.min(width, decidedWords.length * LETTER_PX))}
              y={TOP - 24}
              textAnchor="end"
            >
              {decidedWords}
            </text>
          </>
        )}
        {hoverMs !== null && (
          <line className="pointer" x1={scale.x(hoverMs)} x2={scale.x(hoverMs)} y1={TOP - 6} y2={height} />
        )}
      </svg>
      {series.shown.map((one) => (
        <div key={one.id} className={`series-row ${isWide ? 'wide' : ''} ${stanceOf(one.id) ?? ''}`}>
          <div className="series-name" title={one.query}>
            <strong>
              {stanceMark(stanceOf(one.id))}
              {one.name.replaceAll('_', ' ')}
              {one.sli && ' ●'}
            </strong>
            <span>{rangeText(one, hoverMs)}</span>
          </div>
          <SeriesPlot
            series={one}
            stance={stanceOf(one.id)}
            width={width - scale.gutter - RIGHT}
            height={PLOT_PX}
            moments={moments}
            onHover={setHoverMs}
            onZoom={(from, to) => onZoom(zoomText(from, to))}
          />
        </div>
      ))}
      <svg width={width} height={AXIS_PX} aria-hidden="true">
        <Ticks scale={scale} hoverMs={hoverMs} count={isWide ? 7 : 4} />
      </svg>
      <p className="legend">
        <span>✓ supports the verdict</span>
        <span>✗ contradicts it</span>
        <span>● what users feel</span>
        <span>dashed across: objective</span>
        <span>◂ began earlier</span>
        {series.hidden > 0 && <span>{series.hidden} more series under Evidence</span>}
      </p>
    </div>
  )
}

const GRID = 7

function momentsAlong({ startMs, endMs }: Scale, count: number): number[] {
  return [...Array(count).keys()].map((index) => startMs + ((endMs - startMs) * index) / (count - 1))
}

function Grid({ scale, from, to }: { scale: Scale; from: number; to: number }) {
  return momentsAlong(scale, GRID).map((ms) => (
    <line key={ms} className="grid" x1={scale.x(ms)} x2={scale.x(ms)} y1={from} y2={to} />
  ))
}

function Ticks({ scale, hoverMs, count }: { scale: Scale; hoverMs: number | null; count: number }) {
  return (
    <>
      {momentsAlong(scale, count).map((ms, index) => (
        <text
          key={ms}
          className="tick"
          x={scale.x(ms)}
          y={16}
          textAnchor={index === 0 ? 'start' : index === count - 1 ? 'end' : 'middle'}
        >
          {clockText(ms)}
        </text>
      ))}
      {hoverMs !== null && (
        <text className="at" x={scale.x(hoverMs)} y={16} textAnchor="middle">
          {clockText(hoverMs)}
        </text>
      )}
    </>
  )
}
