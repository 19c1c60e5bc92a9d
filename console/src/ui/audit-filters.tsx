import type { ReactNode } from 'react'
import type { AuditQuery } from '../api/queries.ts'
import { ACTION_WORDS, DISPOSITION_WORDS, KIND_WORDS, wordFor } from '../words.ts'

/** What is no filter: it stays when filters are cleared. */
const KEPT = ['order', 'sort']

interface FilterProps {
  readonly filter: AuditQuery
  readonly onChange: (changed: AuditQuery) => void
}

/** What narrows the audit log; each filter takes hold when it is left or confirmed with Enter. */
export function AuditFilters({ filter, onChange }: FilterProps) {
  const isFiltered = Object.entries(filter).some(([name, value]) => !KEPT.includes(name) && value !== undefined)
  return (
    <search className="filters">
      <Choice label="What" value={filter.kind} words={KIND_WORDS} onChange={(kind) => onChange({ kind })} />
      <Choice label="Action" value={filter.action} words={ACTION_WORDS} onChange={(action) => onChange({ action })} />
      <Choice
        label="Disposition"
        value={filter.disposition}
        words={DISPOSITION_WORDS}
        onChange={(disposition) => onChange({ disposition })}
      />
      <Words label="Service" value={filter.service} onChange={(service) => onChange({ service })} />
      <Words label="Person or agent" value={filter.actor} onChange={(actor) => onChange({ actor })} />
      <Moment label="From" value={filter.from} onChange={(from) => onChange({ from })} />
      <Moment label="Until" value={filter.to} onChange={(to) => onChange({ to })} />
      <div className="wide">
        <Words label="Anywhere in the entry" value={filter.text} onChange={(text) => onChange({ text })} />
      </div>
      {isFiltered && (
        <button
          type="button"
          onClick={() =>
            onChange(
              Object.fromEntries(
                Object.entries(filter).map(([name, value]) => [name, KEPT.includes(name) ? value : undefined]),
              ),
            )
          }
        >
          Clear filters
        </button>
      )}
    </search>
  )
}

interface FieldProps {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

function Choice({
  label,
  value,
  words,
  onChange,
}: FieldProps & { readonly words: Readonly<Partial<Record<string, string>>> }) {
  return (
    <Labelled label={label}>
      <select value={value ?? ''} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">any</option>
        {Object.keys(words).map((key) => (
          <option key={key} value={key}>
            {wordFor(words, key)}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

function Words({ label, value, onChange }: FieldProps) {
  return (
    <Labelled label={label}>
      <input
        type="search"
        // A new value from outside, such as cleared filters, begins a new field.
        key={value ?? ''}
        defaultValue={value ?? ''}
        onKeyDown={(event) => event.key === 'Enter' && onChange(event.currentTarget.value.trim() || undefined)}
        onBlur={(event) =>
          (event.currentTarget.value.trim() || undefined) !== value &&
          onChange(event.currentTarget.value.trim() || undefined)
        }
      />
    </Labelled>
  )
}

function Moment({ label, value, onChange }: FieldProps) {
  return (
    <Labelled label={label}>
      <input
        type="datetime-local"
        key={value ?? ''}
        defaultValue={value === undefined ? '' : localInput(value)}
        onBlur={(event) => {
          const given = event.currentTarget.value
          const instant = given === '' ? undefined : new Date(given).toISOString()
          if (instant !== value) onChange(instant)
        }}
      />
    </Labelled>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control stands inside, as its child
    <label>
      {label}
      {children}
    </label>
  )
}

/** A moment as the browser's own field wants it: in the reader's zone. */
function localInput(instant: string): string {
  const date = new Date(instant)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
