import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { AuditItem } from '../api/types.ts'
import { KIND_WORDS, wordFor } from '../words.ts'
import type { Column } from './columns.tsx'

const ROW_PX = 34
const NARROW_ROW_PX = 84
const OVERSCAN = 12
/** How many rows before the end the next page is asked for, so that a steady hand never sees it. */
const AHEAD = 120

interface TableProps {
  readonly rows: readonly AuditItem[]
  readonly columns: readonly Column[]
  readonly sort: string
  readonly order: string
  readonly chosen: number | null
  readonly brokenAt: number | null
  readonly hasMore: boolean
  readonly onMore: () => void
  readonly onChoose: (seq: number | null) => void
  readonly onSort: (key: string) => void
}

/** The entries; only the rows in view are there, so that ten thousand scroll like ten. */
export function AuditTable(props: TableProps) {
  const { rows, columns, sort, order, chosen, brokenAt, hasMore, onMore, onChoose, onSort } = props
  const box = useRef<HTMLElement>(null)
  const [active, setActive] = useState(0)
  const isMoved = useRef(false)
  const isNarrow = matchMedia('(max-width: 640px)').matches
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => (isNarrow ? NARROW_ROW_PX : ROW_PX),
    getItemKey: (index) => rows[index]?.seq ?? index,
    overscan: OVERSCAN,
  })
  const shown = virtual.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onMore()
  }, [hasMore, last, rows.length, onMore])
  // The broken entry is brought into view when the check found it.
  const brokenIndex = brokenAt === null ? -1 : rows.findIndex(({ seq }) => seq === brokenAt)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when another entry breaks, not at each render
  useEffect(() => {
    if (brokenIndex >= 0) virtual.scrollToIndex(brokenIndex, { align: 'center' })
  }, [brokenIndex])
  useEffect(() => {
    if (!isMoved.current) return
    isMoved.current = false
    box.current?.querySelector<HTMLButtonElement>(`[data-index="${active}"] button`)?.focus({ preventScroll: true })
  })

  const onKey = (event: KeyboardEvent<HTMLTableSectionElement>) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / ROW_PX) - 2)
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }
    const by = step[event.key as keyof typeof step]
    if (by === undefined) return
    event.preventDefault()
    const next = Math.max(0, Math.min(rows.length - 1, active + by))
    isMoved.current = true
    setActive(next)
    virtual.scrollToIndex(next)
  }
  const template = columns.map(({ width }) => width).join(' ')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <section ref={box} className="audit-box" tabIndex={0} aria-label="Entries">
      {/* Its rows are placed by hand, so the style sheet takes the elements out of the table layout; what they are stays. */}
      <table aria-rowcount={hasMore ? -1 : rows.length + 1} className="audit-table">
        <thead className="audit-head">
          <tr className="audit-row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
            {columns.map(({ key, title, isSortable }) => (
              <th key={key} aria-sort={key === sort ? (order === 'newest' ? 'descending' : 'ascending') : undefined}>
                {isSortable ? (
                  <button type="button" className="plain" onClick={() => onSort(key)}>
                    {title} {key === sort ? (order === 'newest' ? '▾' : '▴') : ''}
                  </button>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="audit-body" style={{ height: virtual.getTotalSize() }} onKeyDown={onKey}>
          {shown.map(({ index, key, start, size }) => {
            const item = rows[index]
            if (!item) return null
            const isBroken = item.seq === brokenAt
            const isOpen = item.seq === chosen
            return (
              <tr
                key={key}
                data-index={index}
                aria-rowindex={index + 2}
                className={`audit-row ${isBroken ? 'broken' : ''} ${isOpen ? 'opened' : ''}`}
                style={{ gridTemplateColumns: template, height: size, transform: `translateY(${start}px)` }}
              >
                {columns.map((column) => (
                  <td key={column.key} className={column.key}>
                    {column.key === 'seq' ? (
                      <button
                        type="button"
                        className="plain open num"
                        tabIndex={index === Math.min(active, rows.length - 1) ? 0 : -1}
                        aria-expanded={isOpen}
                        aria-label={`Entry ${item.seq}, ${wordFor(KIND_WORDS, item.entry.kind)}${isBroken ? ', broken' : ''}`}
                        onFocus={() => setActive(index)}
                        onClick={() => onChoose(isOpen ? null : item.seq)}
                      >
                        {isOpen ? '▾' : '▸'} {item.seq}
                        {isBroken && ' ✗'}
                      </button>
                    ) : (
                      column.cell(item)
                    )}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
