import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { withQuery } from '../api/client.ts'
import { type AuditQuery, auditQuery, verifyQuery } from '../api/queries.ts'
import type { AuditItem } from '../api/types.ts'
import { AuditTable } from '../audit/audit-table.tsx'
import { ColumnChoice, columnsOf, columnsText } from '../audit/columns.tsx'
import { AuditFilters } from '../ui/audit-filters.tsx'
import { Empty, Failure, Loading, Panel } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'
import { VerifyResult } from '../ui/verify-result.tsx'

/** The filters, the order, the columns and the opened entry: all of the screen stands in its address. */
export interface AuditSearch extends AuditQuery {
  readonly columns?: string | undefined
  readonly seq?: string | undefined
}

/** Everything that was put on record, and whether the record holds. */
export function AuditPage({ search }: { search: AuditSearch }) {
  useTitle('Audit log')
  const navigate = useNavigate()
  const { seq, columns: columnText, ...filter } = search
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery(auditQuery(filter))
  const verification = useQuery(verifyQuery)
  const rows = data?.pages.flatMap(({ items }) => items) ?? []
  const columns = columnsOf(columnText)
  const { order = 'newest', sort = 'seq' } = filter
  const chosen = seq === undefined ? null : Number(seq)
  const set = (changed: AuditSearch) =>
    void navigate({ to: '/audit', search: { ...search, ...changed }, replace: true, resetScroll: false })
  const onMore = useCallback(() => {
    if (!isFetching) void fetchNextPage()
  }, [isFetching, fetchNextPage])
  const exportUrl = (format: string) => {
    const shown = { columns: columns.map(({ key }) => key).join(',') }
    return withQuery('/v1/audit/export', { ...filter, order, sort, ...shown, format })
  }
  const isFiltered = Object.entries(filter).some(([name, value]) => !['order', 'sort'].includes(name) && value)
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
        {verification.error && <Failure error={verification.error} retry={() => void verification.refetch()} />}
        {verification.data && (
          <VerifyResult
            verification={verification.data}
            onShow={(broken) => set({ ...cleared(search), seq: String(broken), order: 'newest', sort: undefined })}
          />
        )}
        <AuditFilters filter={filter} onChange={(changed) => set({ ...changed, seq: undefined })} />
        <ColumnChoice columns={columns} onChange={(wanted) => set({ columns: columnsText(wanted) })} />
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Loading what="the audit log" />}
        {data && rows.length === 0 && (
          <Empty>
            {isFiltered
              ? 'No entry fits. Clear a filter to see more.'
              : 'Nothing is on record yet; the agent’s start will be.'}
          </Empty>
        )}
        {rows.length > 0 && (
          <AuditTable
            rows={rows}
            columns={columns}
            sort={sort}
            order={order}
            chosen={chosen}
            brokenAt={verification.data?.problem?.seq ?? null}
            hasMore={hasNextPage}
            onMore={onMore}
            onChoose={(one) => set({ seq: one === null ? undefined : String(one) })}
            onSort={(key) => set(sortedAnew(key, sort, order))}
          />
        )}
        <p className="soft small">
          {rows.length.toLocaleString()} entries{' '}
          {hasNextPage ? 'read so far; more come as you scroll' : 'fit, all of them'}. An export holds all that fit, in
          these columns and this order;{' '}
          <a href={withQuery('/v1/audit/export', { ...filter, format: 'ndjson' })} download>
            whole entries
          </a>{' '}
          can be verified elsewhere. Arrow keys, Page Up and Down, Home and End move; Enter opens.
        </p>
        {chosen !== null && <Opened item={rows.find((row) => row.seq === chosen)} seq={chosen} />}
      </Panel>
    </>
  )
}

/** A search without its filters. */
function cleared(search: AuditSearch): AuditSearch {
  return Object.fromEntries(Object.keys(search).map((key) => [key, key === 'columns' ? search.columns : undefined]))
}

/** Another column, or the same one the other way round. The number goes from the newest, names from their beginning. */
function sortedAnew(key: string, sort: string, order: string): AuditSearch {
  const flipped = order === 'newest' ? 'oldest' : 'newest'
  if (key === sort) return { order: flipped }
  return { sort: key === 'seq' ? undefined : key, order: key === 'seq' ? 'newest' : 'oldest' }
}

/** One entry whole, as it is chained. */
function Opened({ item, seq }: { item: AuditItem | undefined; seq: number }) {
  if (!item) return <Empty>Entry {seq} is not among those read so far: scroll to it, or clear the filters.</Empty>
  const { words, ...chained } = item
  const { entry } = item
  const incident = 'incidentId' in entry ? entry.incidentId : null
  const decision = 'decisionId' in entry ? entry.decisionId : null
  const run = 'runId' in entry ? entry.runId : null
  return (
    <section aria-label={`Entry ${seq}`}>
      <h3>
        Entry {seq}: {words}
      </h3>
      <p className="actions">
        {decision && (
          <Link to="/decisions/$id" params={{ id: decision }}>
            Its decision
          </Link>
        )}
        {incident && (
          <Link to="/incidents/$id" params={{ id: incident }}>
            Its incident
          </Link>
        )}
        {run && (
          <Link to="/runs/$id" params={{ id: run }}>
            Its run
          </Link>
        )}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard */}
      <pre className="entry-json" tabIndex={0}>
        {JSON.stringify(chained, null, 2)}
      </pre>
    </section>
  )
}
