import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useId, useState } from 'react'
import { call } from '../api/client.ts'
import type { Question } from '../api/types.ts'
import { spanText } from '../times.ts'
import { Chip, Failure, Time, useNow } from '../ui/basics.tsx'
import { ACTION_WORDS, plainText, wordFor } from '../words.ts'

/** A question to people with the way to answer it. Who may, and why not, is what the agent says. */
export function QuestionCard({ question }: { question: Question }) {
  const { votes, needed, approvers } = question
  const yes = votes.filter(({ answer }) => answer === 'approve').length
  return (
    <article className="question" aria-label={`${question.service}: may it ${wordFor(ACTION_WORDS, question.action)}?`}>
      <p>
        <TimeLeft question={question} />{' '}
        <Link to="/decisions/$id" params={{ id: question.decisionId }}>
          <strong>{question.service}</strong>: may it {wordFor(ACTION_WORDS, question.action)}?
        </Link>
      </p>
      <p className="prose">{plainText(question.summary)}</p>
      <p className="soft small">
        {yes} of {needed} {needed === 1 ? 'answer' : 'answers'} given; asked {approvers.join(', ') || 'nobody'}
        {votes.length > 0 && '; '}
        {votes
          .map(({ person, answer, via }) => `${person} ${answer === 'approve' ? 'approved' : 'refused'} through ${via}`)
          .join(', ')}
      </p>
      {question.status === 'pending' && <AnswerForms question={question} />}
    </article>
  )
}

function TimeLeft({ question: { expiresAt, status } }: { question: Question }) {
  const leftMs = Date.parse(expiresAt) - useNow(1000)
  if (status !== 'pending') return <Chip tone={status === 'approved' ? 'good' : 'warn'}>{status}</Chip>
  return (
    <>
      <Chip tone={leftMs < 120_000 ? 'bad' : 'warn'}>{leftMs > 0 ? `${spanText(leftMs)} left` : 'time is up'}</Chip>{' '}
      <span className="soft small">
        then it is a no, at <Time at={expiresAt} />
      </span>
    </>
  )
}

type Wish = 'moreTime' | 'lookAgain'

/** What people may want of a question besides answering it; named as in Slack. */
const WISHES = {
  moreTime: {
    route: 'POST /v1/approvals/{id}/more-time',
    ...{ name: 'Need more time', about: 'Lets the question stand longer' },
  },
  lookAgain: {
    route: 'POST /v1/approvals/{id}/look-again',
    ...{ name: 'Re-assess now', about: 'Looks at the evidence again now' },
  },
} as const
const BUTTONS = { approve: 'Approving', refuse: 'Refusing', moreTime: 'More time', lookAgain: 'Re-assessing' } as const

/** Why buttons are disabled, in the agent's words; what holds for several of them is said once. */
function reasonsOf(may: Question['may']): readonly string[] {
  const names = new Map<string, string[]>()
  for (const [key, name] of Object.entries(BUTTONS)) {
    const { reason } = may[key as keyof typeof BUTTONS]
    if (reason !== null) names.set(reason, [...(names.get(reason) ?? []), name])
  }
  return [...names].map(([reason, of]) => `${of.join(', ')}: ${reason}`)
}

function AnswerForms({ question }: { question: Question }) {
  const [isAnswering, setAnswering] = useState<'approve' | 'refuse' | null>(null)
  const queries = useQueryClient()
  const wish = useMutation({
    mutationFn: (wanted: Wish) => call(WISHES[wanted].route, { params: { id: question.id } }),
    onSettled: () => queries.invalidateQueries(),
  })
  const told = reasonsOf(question.may)
  const reasonId = useId()
  return (
    <div className="answer">
      <div className="buttons">
        {(['approve', 'refuse'] as const).map((answer) => (
          <button
            key={answer}
            type="button"
            disabled={!question.may[answer].isAllowed}
            aria-describedby={question.may[answer].isAllowed ? undefined : reasonId}
            aria-expanded={isAnswering === answer}
            onClick={() => setAnswering(isAnswering === answer ? null : answer)}
          >
            {answer === 'approve' ? 'Approve…' : 'Refuse…'}
          </button>
        ))}
        {(['moreTime', 'lookAgain'] as const).map((wanted) => (
          <button
            key={wanted}
            type="button"
            title={WISHES[wanted].about}
            disabled={!question.may[wanted].isAllowed || wish.isPending}
            aria-describedby={question.may[wanted].isAllowed ? undefined : reasonId}
            onClick={() => wish.mutate(wanted)}
          >
            {WISHES[wanted].name}
          </button>
        ))}
      </div>
      {told.length > 0 && (
        <ul className="soft small reasons" id={reasonId}>
          {told.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {wish.data && (
        <p role="status" className="verify good">
          {wish.data.text}
        </p>
      )}
      {wish.error && <Failure error={wish.error} />}
      {isAnswering !== null && (
        <AnswerForm key={isAnswering} question={question} answer={isAnswering} done={() => setAnswering(null)} />
      )}
    </div>
  )
}

function AnswerForm({
  question,
  answer,
  done,
}: {
  question: Question
  answer: 'approve' | 'refuse'
  done: () => void
}) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [consent, setConsent] = useState('')
  // Bound to what is on the screen now: facts that change while somebody types make it an answer to another question.
  const [seen] = useState({ factsHash: question.factsHash, planHash: question.planHash })
  const send = useMutation({
    mutationFn: () =>
      call('POST /v1/approvals/{id}/answer', { params: { id: question.id }, body: { answer, reason, consent, seen } }),
    onSettled: () => queries.invalidateQueries(),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send.mutate()
  }
  if (send.data)
    return (
      <p role="status" className="verify good">
        {send.data.text}{' '}
        <button type="button" onClick={done}>
          Close
        </button>
      </p>
    )
  const isApproval = answer === 'approve'
  return (
    <form className="stack" onSubmit={submit}>
      {isApproval && question.consent !== null && (
        <label>
          Approving may lose data. Type <strong className="phrase">{question.consent}</strong> to accept that
          <input autoComplete="off" required value={consent} onChange={(event) => setConsent(event.target.value)} />
        </label>
      )}
      <label>
        {isApproval ? 'Why, if you like to say it' : 'Why? The next person reads it'}
        <input
          maxLength={500}
          required={!isApproval}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <div className="buttons">
        <button type="submit" className="primary" disabled={send.isPending}>
          {isApproval ? 'Approve' : 'Refuse'}
        </button>
        <button type="button" onClick={done}>
          Cancel
        </button>
      </div>
      {send.error && <Failure error={send.error} />}
    </form>
  )
}
