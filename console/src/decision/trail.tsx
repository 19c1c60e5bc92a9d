import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { verifyQuery } from '../api/queries.ts'
import type { DecisionContext, DecisionRecord } from '../api/types.ts'
import { Chip, Empty, Failure, Panel, Time } from '../ui/basics.tsx'
import { VerifyResult } from '../ui/verify-result.tsx'
import { ACTION_WORDS, KIND_WORDS, wordFor } from '../words.ts'

/** What people answered. */
export function ApprovalsPanel({ approvals }: Pick<DecisionContext, 'approvals'>) {
  return (
    <Panel title="Approvals">
      {approvals.length === 0 && <Empty>Nobody was asked about this decision.</Empty>}
      {approvals.map((approval) => (
        <article key={approval.id} className="entry">
          <p>
            <strong>May it {wordFor(ACTION_WORDS, approval.action)}?</strong>{' '}
            <Chip tone={approval.status === 'approved' ? 'good' : approval.status === 'pending' ? 'info' : 'warn'}>
              {approval.status}
            </Chip>{' '}
            <span className="soft">
              {approval.needed} of {approval.approvers.join(', ') || 'nobody'}; silence means no from{' '}
              <Time at={approval.expiresAt} />
            </span>
          </p>
          <p className="prose">{approval.summary}</p>
          <ul>
            {approval.votes.map((vote) => (
              <li key={`${vote.person} ${vote.at}`}>
                <Time at={vote.at} /> <strong>{vote.person}</strong>{' '}
                {vote.answer === 'approve' ? 'approved' : 'refused'} through {vote.via}
                {vote.comment !== null && `: ${vote.comment}`}
              </li>
            ))}
          </ul>
        </article>
      ))}
    </Panel>
  )
}

/** What the check of the chain said about one entry. */
function Checked({ seq, brokenAt }: { seq: number; brokenAt: number | null }) {
  if (brokenAt === null || seq < brokenAt) return <Chip tone="good">✓ verified</Chip>
  return seq === brokenAt ? <Chip tone="bad">✗ broken here</Chip> : <Chip tone="warn">after the break</Chip>
}

/** Where it stands on the record, and whether the record holds. */
export function RecordPanel({ record, context }: { record: DecisionRecord; context: DecisionContext }) {
  const verification = useQuery(verifyQuery)
  const { proof, entries, siblings } = context
  const { decision } = record
  return (
    <Panel
      title="On the record"
      aside={
        <button type="button" disabled={verification.isFetching} onClick={() => void verification.refetch()}>
          {verification.isFetching ? 'Checking…' : 'Verify the chain'}
        </button>
      }
    >
      <p>
        <Chip tone={proof.isSnapshotIntact ? 'good' : 'bad'}>
          {proof.isSnapshotIntact ? '✓ snapshot intact' : '✗ snapshot differs from its hash'}
        </Chip>{' '}
        <Chip tone={proof.isReplayedSame ? 'good' : 'warn'}>
          {proof.isReplayedSame ? '✓ replays to the same answer' : '✗ replay differs'}
        </Chip>{' '}
        <span className="soft">{proof.detail}</span>
      </p>
      {verification.error && <Failure error={verification.error} />}
      {verification.data && <VerifyResult verification={verification.data} />}
      <h3>Audit entries of this incident</h3>
      <ol className="entries">
        {entries.map(({ seq, entry, words }) => (
          <li key={seq} className={entry.kind === 'decision_made' && entry.decisionId === record.id ? 'this' : ''}>
            <span className="num">{seq}</span> <Time at={entry.at} /> <strong>{wordFor(KIND_WORDS, entry.kind)}</strong>{' '}
            {words} <span className="soft">by {entry.actor.id}</span>
            {entry.kind === 'decision_made' && entry.decisionId === record.id && <Chip tone="info">this decision</Chip>}
            {verification.data && <Checked seq={seq} brokenAt={verification.data.problem?.seq ?? null} />}
          </li>
        ))}
        {entries.length === 0 && <li className="soft">none</li>}
      </ol>
      {siblings.length > 1 && (
        <>
          <h3>All decisions about this incident</h3>
          <ol className="entries">
            {siblings.map((one) => (
              <li key={one.id} className={one.id === record.id ? 'this' : ''}>
                <Time at={one.decidedAt} />{' '}
                <Link to="/decisions/$id" params={{ id: one.id }}>
                  {wordFor(ACTION_WORDS, one.action)} ({one.disposition})
                </Link>
              </li>
            ))}
          </ol>
        </>
      )}
      <details>
        <summary>Hashes</summary>
        <dl className="hashes">
          {Object.entries({
            decision: record.id,
            record: record.recordHash,
            snapshot: decision.snapshotHash,
            facts: decision.factsHash,
            policy: decision.policyHash,
            plan: decision.planHash ?? 'none',
          }).map(([name, hash]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{hash}</code>
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </Panel>
  )
}
