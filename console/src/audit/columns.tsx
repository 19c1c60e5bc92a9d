import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { AuditItem } from '../api/types.ts'
import { Time } from '../ui/basics.tsx'
import { ACTION_WORDS, DISPOSITION_WORDS, KIND_WORDS, wordFor } from '../words.ts'

/** A column of the audit log; its key is what the API and exports call it. */
export interface Column {
  readonly key: string
  readonly title: string
  readonly width: string
  readonly isSortable: boolean
  readonly cell: (item: AuditItem) => ReactNode
}

/** A field of an entry, where this kind of entry has it. */
function field({ entry }: AuditItem, name: string): string | null {
  const value = (entry as { readonly [field: string]: unknown })[name]
  return typeof value === 'string' ? value : null
}

export const COLUMNS: readonly Column[] = [
  { key: 'seq', title: 'No.', width: '76px', isSortable: true, cell: ({ seq }) => seq },
  { key: 'at', title: 'Time', width: '172px', isSortable: false, cell: ({ entry }) => <Time at={entry.at} /> },
  {
    ...{ key: 'kind', title: 'What', width: '140px', isSortable: true },
    cell: ({ entry }) => wordFor(KIND_WORDS, entry.kind),
  },
  {
    ...{ key: 'service', title: 'Service', width: '120px', isSortable: true },
    cell: (item) => ('service' in item.entry ? (item.entry.service ?? 'everything') : ''),
  },
  {
    ...{ key: 'words', title: 'In words', width: 'minmax(280px, 1fr)', isSortable: false },
    cell: (item) => {
      const decision = field(item, 'decisionId')
      if (decision === null) return item.words
      return (
        <Link to="/decisions/$id" params={{ id: decision }} tabIndex={-1}>
          {item.words}
        </Link>
      )
    },
  },
  { key: 'actor', title: 'By', width: '150px', isSortable: true, cell: ({ entry }) => entry.actor.id },
  {
    ...{ key: 'action', title: 'Action', width: '210px', isSortable: false },
    cell: (item) => wordsOf(ACTION_WORDS, field(item, 'action')),
  },
  {
    ...{ key: 'disposition', title: 'Disposition', width: '150px', isSortable: false },
    cell: (item) => wordsOf(DISPOSITION_WORDS, field(item, 'disposition')),
  },
  {
    ...{ key: 'incident', title: 'Incident', width: '190px', isSortable: false },
    cell: (item) => {
      const id = field(item, 'incidentId')
      return id === null ? (
        ''
      ) : (
        <Link to="/incidents/$id" params={{ id }} tabIndex={-1}>
          {id}
        </Link>
      )
    },
  },
  { key: 'decision', title: 'Decision', width: '190px', isSortable: false, cell: (item) => field(item, 'decisionId') },
  {
    key: 'hash',
    title: 'Hash',
    width: '150px',
    isSortable: false,
    cell: ({ hash }) => <code>{hash.slice(0, 16)}</code>,
  },
]

function wordsOf(words: Readonly<Partial<Record<string, string>>>, key: string | null): string {
  return key === null ? '' : wordFor(words, key)
}

const USUAL = ['seq', 'at', 'kind', 'service', 'words', 'actor']

/** The columns that an address names, in their own order; the usual ones when it names none. The number is always there: it opens the entry. */
export function columnsOf(text: string | undefined): readonly Column[] {
  const wanted = text === undefined ? USUAL : ['seq', ...text.split(',')]
  const found = COLUMNS.filter(({ key }) => wanted.includes(key))
  return found.length > 1 ? found : COLUMNS.filter(({ key }) => USUAL.includes(key))
}

/** What an address says of the columns; nothing when they are the usual ones. */
export function columnsText(columns: readonly Column[]): string | undefined {
  const keys = columns.map(({ key }) => key)
  return keys.length === USUAL.length && USUAL.every((key) => keys.includes(key)) ? undefined : keys.join(',')
}

/** Which columns are shown. */
export function ColumnChoice({
  columns,
  onChange,
}: {
  columns: readonly Column[]
  onChange: (columns: readonly Column[]) => void
}) {
  const isShown = (column: Column) => columns.includes(column)
  return (
    <details className="column-choice">
      <summary>Columns ({columns.length})</summary>
      <fieldset className="choices">
        <legend className="visually-hidden">Columns</legend>
        {COLUMNS.map((column) => (
          <label key={column.key} className="check">
            <input
              type="checkbox"
              checked={isShown(column)}
              disabled={column.key === 'seq'}
              onChange={() => onChange(COLUMNS.filter((one) => (one === column ? !isShown(one) : isShown(one))))}
            />
            {column.title}
          </label>
        ))}
      </fieldset>
    </details>
  )
}
