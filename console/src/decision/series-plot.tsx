import { useLayoutEffect, useRef } from 'react'
import uPlot from 'uplot'
import type { SeriesSignal } from '../api/types.ts'
import 'uplot/dist/uPlot.min.css'
import { useTheme } from '../ui/use-theme.ts'
import type { Moments, Stance } from './scale.ts'

/** All plots of one timeline move their cursors together. */
const SYNC = 'timeline'
const PAD_PX = 6

interface PlotProps {
  readonly series: SeriesSignal
  readonly stance: Stance
  readonly width: number
  readonly height: number
  readonly moments: Moments
  readonly onHover: (ms: number | null) => void
  /** Somebody drew over a stretch of time. */
  readonly onZoom: (fromMs: number, toMs: number) => void
}

/** One metric over the shared stretch of time, with its objective, the onset and the decision. */
export function SeriesPlot({ series, stance, width, height, moments, onHover, onZoom }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const drawn = useRef<uPlot | null>(null)
  const theme = useTheme()
  const tell = useRef({ onHover, onZoom })
  tell.current = { onHover, onZoom }
  const { startMs, endMs, onsetMs, decidedMs } = moments
  // Before the browser paints, so that curves and lanes never stand in different places.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the style sheet; another size redraws below
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const colours = getComputedStyle(document.documentElement)
    const colour = (name: string) => colours.getPropertyValue(`--${name}`).trim()
    const known = series.points.flatMap(([, value]) => (value === null ? [] : [value]))
    const objective = series.sli?.objective
    const low = Math.min(0, ...known)
    const high = Math.max(...known, objective ?? Number.NEGATIVE_INFINITY, low + 1e-9)
    const line = (plot: uPlot, ms: number | null, name: string, dash: number[]) => {
      if (ms === null || ms < startMs || ms > endMs) return
      const x = plot.valToPos(ms / 1000, 'x', true)
      stroke(plot, colour(name), dash, [x, plot.bbox.top, x, plot.bbox.top + plot.bbox.height])
    }
    const plot = new uPlot(
      {
        ...{ width, height, padding: [PAD_PX, 0, PAD_PX, 0], legend: { show: false } },
        scales: {
          x: { time: true, auto: false, range: [startMs / 1000, endMs / 1000] },
          y: { auto: false, range: [low, high] },
        },
        axes: [{ show: false }, { show: false }],
        series: [{}, { stroke: colour('series'), width: stance ? 2.4 : 1.6, points: { show: false }, spanGaps: false }],
        cursor: {
          sync: { key: SYNC },
          y: false,
          points: { size: 6 },
          drag: { x: true, y: false, setScale: false },
        },
        select: { show: true, left: 0, top: 0, width: 0, height: 0 },
        hooks: {
          drawClear: [
            (own) => {
              if (onsetMs === null || onsetMs > endMs) return
              const left = own.valToPos(Math.max(onsetMs, startMs) / 1000, 'x', true)
              own.ctx.fillStyle = colour('hurt')
              const right = own.valToPos(Math.min(decidedMs, endMs) / 1000, 'x', true)
              own.ctx.fillRect(left, 0, Math.max(0, right - left), own.ctx.canvas.height)
            },
          ],
          draw: [
            (own) => {
              if (objective !== undefined && known.length > 0) {
                const y = own.valToPos(objective, 'y', true)
                stroke(own, colour('change'), [6, 5], [own.bbox.left, y, own.bbox.left + own.bbox.width, y])
              }
              line(own, onsetMs, 'alert', [4, 4])
              line(own, decidedMs, 'accent', [])
            },
          ],
          setCursor: [
            (own) => {
              const { left } = own.cursor
              tell.current.onHover(left === undefined || left < 0 ? null : own.posToVal(left, 'x') * 1000)
            },
          ],
          setSelect: [
            (own) => {
              if (own.select.width < 8) return
              const ends = [own.select.left, own.select.left + own.select.width]
              const [from = 0, to = 0] = ends.map((left) => own.posToVal(left, 'x') * 1000)
              own.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
              tell.current.onZoom(from, to)
            },
          ],
        },
      },
      [series.points.map(([seconds]) => seconds), series.points.map(([, value]) => value)],
      element,
    )
    drawn.current = plot
    return () => plot.destroy()
  }, [series, stance, startMs, endMs, onsetMs, decidedMs, theme])
  useLayoutEffect(() => {
    if (drawn.current?.width !== width || drawn.current.height !== height) drawn.current?.setSize({ width, height })
  }, [width, height])
  return <div ref={box} className="plot" style={{ height }} />
}

function stroke(
  { ctx }: uPlot,
  colour: string,
  dash: number[],
  [x1, y1, x2, y2]: [number, number, number, number],
): void {
  ctx.save()
  ctx.strokeStyle = colour
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio))
  ctx.beginPath()
  ctx.moveTo(x1, y1)
  ctx.lineTo(x2, y2)
  ctx.stroke()
  ctx.restore()
}
