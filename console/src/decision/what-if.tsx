import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { call } from '../api/client.ts'
import type { Decision, DecisionRecord } from '../api/types.ts'
import { Chip, Failure, Panel } from '../ui/basics.tsx'
import { actionPhrase, DISPOSITION_WORDS, wordFor } from '../words.ts'

/** The same snapshot under another policy, side by side. Nothing is stored or done. */
export function WhatIf({ record }: { record: DecisionRecord }) {
  const [policy, setPolicy] = useState(record.policyText)
  const id = useId()
  const replay = useMutation({
    mutationFn: (text: string) =>
      call('POST /v1/decisions/{id}/replay', { params: { id: record.id }, body: { policy: text } }),
  })
  const { data } = replay
  return (
    <Panel
      title="What if the policy were another one"
      aside={<span className="soft">read-only: nothing is stored or done</span>}
    >
      <details>
        <summary>Change the policy and decide again from the same snapshot</summary>
        <label htmlFor={id}>Policy of this decision; change what you want to try</label>
        <textarea
          id={id}
          rows={14}
          spellCheck={false}
          value={policy}
          onChange={(event) => setPolicy(event.target.value)}
        />
        <p className="actions">
          <button type="button" className="primary" disabled={replay.isPending} onClick={() => replay.mutate(policy)}>
            Decide again
          </button>
          <button type="button" onClick={() => setPolicy(record.policyText)}>
            Back to the recorded policy
          </button>
        </p>
        {replay.error && <Failure error={replay.error} />}
        {data && (
          <div className="columns" role="status">
            <Side title="As recorded" decision={data.recorded} record={record} other={data.replayed} />
            <Side title="Under this policy" decision={data.replayed} record={record} other={data.recorded} />
          </div>
        )}
      </details>
    </Panel>
  )
}

function Side({
  title,
  decision,
  other,
  record,
}: {
  title: string
  decision: Decision
  other: Decision
  record: DecisionRecord
}) {
  const told = new Set(other.reasons.map(reasonKey))
  const changed = decision.reasons.filter((reason) => !told.has(reasonKey(reason)))
  return (
    <div className="side">
      <h3>{title}</h3>
      <p className="strong">
        {actionPhrase(decision.action, decision.target, record.snapshot.service)}{' '}
        <Chip tone="info">{wordFor(DISPOSITION_WORDS, decision.disposition)}</Chip>
      </p>
      {changed.length === 0 ? (
        <p className="soft">Every rule said the same as on the other side.</p>
      ) : (
        <ul>
          {changed.map((reason) => (
            <li key={reasonKey(reason)}>
              <Chip tone={reason.outcome === 'block' ? 'bad' : reason.outcome === 'limit' ? 'warn' : 'good'}>
                {reason.outcome}
              </Chip>{' '}
              {reason.detail} <code>{reason.rule}</code>{' '}
              <span className="soft">{reason.action?.replaceAll('_', ' ')}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function reasonKey({ rule, action, outcome, ceiling, detail }: Decision['reasons'][number]): string {
  return [rule, action, outcome, ceiling, detail].join(' ')
}
