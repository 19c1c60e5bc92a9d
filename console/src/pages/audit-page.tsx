import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useRef } from 'react'
import type { ChainedEntry } from '../../../agent/domain/audit.ts'
import { withQuery } from '../api/client.ts'
import { type AuditQuery, auditQuery, verifyQuery } from '../api/queries.ts'
import { AuditFilters } from '../ui/audit-filters.tsx'
import { Empty, Failure, Loading, Panel, Time } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'
import { VerifyResult } from '../ui/verify-result.tsx'
import { entryLine, KIND_WORDS, wordFor } from '../words.ts'

/** The filters, the order and the opened entry: all of the screen stands in its address. */
export interface AuditSearch extends AuditQuery {
  readonly seq?: string | undefined
}

/** Everything that was put on record, and whether the record holds. */
export function AuditPage({ search }: { search: AuditSearch }) {
  useTitle('Audit log')
  const navigate = useNavigate()
  const { seq, ...filter } = search
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery(auditQuery(filter))
  const verification = useQuery(verifyQuery)
  const rows = data?.pages.flatMap(({ items }) => items) ?? []
  const order = filter.order ?? 'newest'
  const set = (changed: AuditSearch) =>
    void navigate({ to: '/audit', search: { ...search, ...changed }, replace: true })
  const exportUrl = (format: string) => withQuery('/v1/audit/export', { ...filter, order, format })
  return (
    <>
      <h1>Audit log</h1>
      <Panel
        title="On the record"
        aside={
          <span className="actions">
            <button
              type="button"
              className="primary"
              disabled={verification.isFetching}
              onClick={() => void verification.refetch()}
            >
              {verification.isFetching ? 'Checking…' : 'Verify the chain'}
            </button>
            {['csv', 'json', 'ndjson'].map((format) => (
              <a key={format} className="button" href={exportUrl(format)} download>
                Export {format.toUpperCase()}
              </a>
            ))}
          </span>
        }
      >
        {verification.error && <Failure error={verification.error} />}
        {verification.data && <VerifyResult verification={verification.data} />}
        <AuditFilters filter={filter} onChange={(changed) => set({ ...changed, seq: undefined })} />
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Loading what="the audit log" />}
        {data && rows.length === 0 && (
          <Empty>No entry fits. Clear a filter; an empty log has at least the agent’s start.</Empty>
        )}
        {rows.length > 0 && (
          <Entries
            rows={rows}
            order={order}
            chosen={seq === undefined ? null : Number(seq)}
            brokenAt={verification.data?.problem?.seq ?? null}
            onChoose={(chosen) => set({ seq: chosen === null ? undefined : String(chosen) })}
            onOrder={() => set({ order: order === 'newest' ? 'oldest' : 'newest' })}
          />
        )}
        {hasNextPage && (
          <button type="button" disabled={isFetching} onClick={() => void fetchNextPage()}>
            {order === 'newest' ? 'Older ones' : 'Newer ones'}
          </button>
        )}
        <p className="soft small">
          {rows.length} entries shown{hasNextPage ? ', more fit' : ', all that fit'}. An export holds everything that
          fits, in this order. Arrow keys move, Enter opens.
        </p>
      </Panel>
    </>
  )
}

interface EntriesProps {
  readonly rows: readonly ChainedEntry[]
  readonly order: string
  readonly chosen: number | null
  readonly brokenAt: number | null
  readonly onChoose: (seq: number | null) => void
  readonly onOrder: () => void
}

function Entries({ rows, order, chosen, brokenAt, onChoose, onOrder }: EntriesProps) {
  const body = useRef<HTMLTableSectionElement>(null)
  const onKey = (event: KeyboardEvent<HTMLTableSectionElement>) => {
    const buttons = [...(body.current?.querySelectorAll<HTMLButtonElement>('button.open') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (at < 0 || to === undefined) return
    event.preventDefault()
    buttons[Math.max(0, Math.min(buttons.length - 1, to))]?.focus()
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label="Entries">
      <table className="audit stacked">
        <thead>
          <tr>
            <th aria-sort={order === 'newest' ? 'descending' : 'ascending'}>
              <button type="button" className="plain" onClick={onOrder}>
                No. {order === 'newest' ? '▾' : '▴'}
              </button>
            </th>
            <th>Time</th>
            <th>What</th>
            <th>Service</th>
            <th className="grow">In words</th>
            <th>By</th>
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKey}>
          {rows.map((row) => (
            <Entry
              key={row.seq}
              row={row}
              isOpen={row.seq === chosen}
              isBroken={row.seq === brokenAt}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface EntryProps {
  readonly row: ChainedEntry
  readonly isOpen: boolean
  readonly isBroken: boolean
  readonly onChoose: (seq: number | null) => void
}

function Entry({ row, isOpen, isBroken, onChoose }: EntryProps) {
  const { seq, entry } = row
  const decisionId = 'decisionId' in entry ? entry.decisionId : null
  const incidentId = 'incidentId' in entry ? entry.incidentId : null
  return (
    <>
      <tr className={isBroken ? 'block' : ''}>
        <td>
          <button
            type="button"
            className="plain open num"
            aria-expanded={isOpen}
            aria-label={`Entry ${seq}, ${wordFor(KIND_WORDS, entry.kind)}`}
            onClick={() => onChoose(isOpen ? null : seq)}
          >
            {isOpen ? '▾' : '▸'} {seq}
            {isBroken && ' ✗ broken'}
          </button>
        </td>
        <td>
          <Time at={entry.at} />
        </td>
        <td>{wordFor(KIND_WORDS, entry.kind)}</td>
        <td>{'service' in entry ? (entry.service ?? 'everything') : ''}</td>
        <td className="grow">
          {decisionId ? (
            <Link to="/decisions/$id" params={{ id: decisionId }}>
              {entryLine(entry)}
            </Link>
          ) : (
            entryLine(entry)
          )}
        </td>
        <td>{entry.actor.id}</td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={6}>
            {incidentId && (
              <p>
                <Link to="/incidents/$id" params={{ id: incidentId }}>
                  Its incident
                </Link>
              </p>
            )}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard */}
            <pre className="entry-json" tabIndex={0}>
              {JSON.stringify(row, null, 2)}
            </pre>
          </td>
        </tr>
      )}
    </>
  )
}
