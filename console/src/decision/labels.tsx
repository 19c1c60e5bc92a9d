import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { sessionQuery } from '../api/queries.ts'
import type { Action, Category, DecisionContext, DecisionRecord, GivenLabel } from '../api/types.ts'
import { Ago, Chip, Empty, Failure, Panel } from '../ui/basics.tsx'
import { ACTION_WORDS, CATEGORY_WORDS, wordFor } from '../words.ts'

/** What people say about the decision afterwards; a label that says what was best makes an evaluation case. */
export function LabelsPanel({ record, labels }: { record: DecisionRecord; labels: DecisionContext['labels'] }) {
  const { data: session } = useQuery(sessionQuery)
  const mayLabel = session?.scopes.includes('respond') ?? false
  const [isAsking, setAsking] = useState(false)
  const hasCase = labels.some(({ best }) => best !== null)
  return (
    <Panel
      title="Was it right?"
      aside={
        <button type="button" disabled={!mayLabel} aria-expanded={isAsking} onClick={() => setAsking(!isAsking)}>
          Say so…
        </button>
      }
    >
      {labels.length === 0 && (
        <Empty>
          Nobody has said yet. A word from somebody who knows how it ended makes a case that every later version is
          judged by.
        </Empty>
      )}
      {!mayLabel && session && <p className="soft small">Saying so needs the role responder.</p>}
      <ul className="list">
        {labels.map((label) => (
          <Given key={label.by} label={label} />
        ))}
      </ul>
      {hasCase && (
        <p>
          <a className="button" href={`/v1/decisions/${encodeURIComponent(record.id)}/case`} download>
            Download the evaluation case
          </a>{' '}
          <span className="soft small">
            put it into evals/incidents and run <code>npm run eval -- --filter {record.id}</code>
          </span>
        </p>
      )}
      {isAsking && mayLabel && <LabelForm record={record} done={() => setAsking(false)} />}
    </Panel>
  )
}

function Given({ label: { by, at, label, best, category, why } }: { label: GivenLabel }) {
  return (
    <li>
      <Chip tone={label === 'right' ? 'good' : 'bad'}>{label === 'right' ? 'it was right' : 'it was wrong'}</Chip>
      {label === 'wrong' && best !== null && <strong>better: {wordFor(ACTION_WORDS, best)}</strong>}
      {category !== null && <span>{wordFor(CATEGORY_WORDS, category)}</span>}
      <span>{why}</span>
      <span className="soft">
        {by}, <Ago at={at} />
      </span>
    </li>
  )
}

function LabelForm({ record, done }: { record: DecisionRecord; done: () => void }) {
  const queries = useQueryClient()
  const [label, setLabel] = useState<'right' | 'wrong'>('right')
  const [best, setBest] = useState<Action | ''>('')
  const [category, setCategory] = useState<Category>(record.opinion?.verdict?.rootCause.category ?? 'unknown')
  const [why, setWhy] = useState('')
  const save = useMutation({
    mutationFn: () =>
      call('POST /v1/decisions/{id}/labels', {
        params: { id: record.id },
        body: { label, why, category, ...(label === 'wrong' && best !== '' && { best }) },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['decision', record.id, 'context'] })
      done()
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <fieldset className="choices">
        <legend className="visually-hidden">Was it right?</legend>
        {(['right', 'wrong'] as const).map((one) => (
          <button key={one} type="button" aria-pressed={label === one} onClick={() => setLabel(one)}>
            {one === 'right' ? `right: ${wordFor(ACTION_WORDS, record.decision.action)}` : 'it should have been …'}
          </button>
        ))}
      </fieldset>
      {label === 'wrong' && (
        <label>
          What would have been right?
          <select required value={best} onChange={(event) => setBest(event.target.value as Action | '')}>
            <option value="" />
            {Object.entries(ACTION_WORDS)
              .filter(([action]) => action !== record.decision.action)
              .map(([action, words]) => (
                <option key={action} value={action}>
                  {words}
                </option>
              ))}
          </select>
        </label>
      )}
      <label>
        The true cause
        <select value={category} onChange={(event) => setCategory(event.target.value as Category)}>
          {Object.entries(CATEGORY_WORDS).map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label>
        Why? A sentence or two
        <input required maxLength={2000} value={why} onChange={(event) => setWhy(event.target.value)} />
      </label>
      <div className="buttons">
        <button type="submit" className="primary" disabled={save.isPending}>
          Put it on record
        </button>
        <button type="button" onClick={done}>
          Cancel
        </button>
      </div>
      {save.error && <Failure error={save.error} />}
    </form>
  )
}
