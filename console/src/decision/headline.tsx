import type { Action } from '../../../agent/domain/action.ts'
import type { DecisionContext, DecisionRecord } from '../api/types.ts'
import { Chip, Time, type Tone } from '../ui/basics.tsx'
import { actionPhrase, CATEGORY_WORDS, CEILING_WORDS, DISPOSITION_WORDS, siteText, wordFor } from '../words.ts'

/** The answer, in one sentence, before anything else. */
export function Headline({ record }: { record: DecisionRecord }) {
  const { decision, snapshot, mode, opinion, facts } = record
  const { action, disposition, target } = decision
  const isFailover = target !== null
  const phrase = actionPhrase(action, target, snapshot.service)
  const verdict = opinion?.verdict ?? null
  return (
    <header className={`headline ${isFailover ? 'moved' : 'stayed'}`}>
      <p className="kicker">
        {record.service} · {siteText(snapshot.service.primary)} · decided <Time at={record.decidedAt} />
      </p>
      <h1>{isFailover ? failoverSentence(phrase, disposition, mode) : 'Did not fail over.'}</h1>
      <p className="lead">
        Decided: <strong>{phrase}</strong>, {wordFor(DISPOSITION_WORDS, disposition)}.
        {mode === 'shadow' && ' Shadow mode: decided and recorded, nothing was carried out.'}
      </p>
      {verdict && (
        <p className="because">
          Because: {verdict.rootCause.summary} <span className="soft">({opinion?.analyst})</span>
        </p>
      )}
      <dl className="facts">
        <div>
          <dt>Cause</dt>
          <dd>
            {verdict ? wordFor(CATEGORY_WORDS, verdict.rootCause.category) : 'no opinion'}
            {verdict && <span className="soft"> · confidence {percent(verdict.confidence)}</span>}
          </dd>
        </div>
        <div>
          <dt>Users hurt</dt>
          <dd>
            {facts.hurt.overall}
            {facts.hurt.isRecovering && <span className="soft"> · recovering</span>}
            {facts.onset.minutesAgo !== null && (
              <span className="soft"> · since {Math.round(facts.onset.minutesAgo)} min</span>
            )}
          </dd>
        </div>
        <div>
          <dt>Health score</dt>
          <dd>{record.healthScore ? `${record.healthScore.score} of ${record.healthScore.maximum}` : 'none'}</dd>
        </div>
        <div>
          <dt>Evidence</dt>
          <dd>
            {snapshot.evidence.length} sources
            <span className="soft">
              {' '}
              · {snapshot.evidence.filter((one) => one.status === 'failed').length} could not look
            </span>
          </dd>
        </div>
      </dl>
    </header>
  )
}

function failoverSentence(phrase: string, disposition: string, mode: string): string {
  const would = mode === 'shadow' ? 'would ' : ''
  if (disposition === 'act') return mode === 'shadow' ? `Would ${phrase}.` : `Decided to ${phrase}.`
  if (disposition === 'ask') return `${would ? 'Would ask' : 'Asked'} a person whether to ${phrase}.`
  return `Recommended, not done: ${phrase}.`
}

const LEVERS: readonly Action[] = ['region_failover', 'dr_failover', 'rollback_change', 'self_heal']
const SITES = { region_failover: 'secondary', dr_failover: 'dr' } as const

/** What it could have done, how far each was permitted, and what stood in the way: the reason why it did not fail over. */
export function Levers({ record, context }: { record: DecisionRecord; context: DecisionContext | undefined }) {
  const { decision, snapshot, opinion } = record
  const recommended = opinion?.verdict?.recommendedAction ?? null
  return (
    <div className="levers">
      {LEVERS.map((action) => {
        const target = action in SITES ? SITES[action as keyof typeof SITES] : null
        const blocks = decision.reasons.filter((reason) => reason.action === action && reason.outcome === 'block')
        // What is decided was not blocked; then what lowered it says why a person is asked.
        const limits = decision.reasons.filter((reason) => reason.action === action && reason.outcome === 'limit')
        const ceiling = context?.ceilings[action]
        const isChosen = decision.action === action
        return (
          <article key={action} className={`lever ${isChosen ? 'chosen' : ''}`}>
            <h3>
              {capital(actionPhrase(action, target, snapshot.service))}
              {isChosen && <Chip tone="info">decided</Chip>}
              {!isChosen && recommended === action && <Chip tone="info">recommended</Chip>}
            </h3>
            <p>
              <Chip tone={toneOf(blocks.length > 0, ceiling)}>
                {blocks.length > 0
                  ? `blocked by ${blocks.length} ${blocks.length === 1 ? 'rule' : 'rules'}`
                  : wordFor(CEILING_WORDS, ceiling ?? 'act')}
              </Chip>
              {blocks.length === 0 && !isChosen && <span className="soft"> not what was recommended</span>}
            </p>
            <ul>
              {(isChosen && blocks.length === 0 ? limits : blocks).map((reason) => (
                <li key={`${reason.rule} ${reason.detail}`}>
                  {reason.detail} <code>{reason.rule}</code>
                  <span className="why">{context?.rules[reason.rule]}</span>
                </li>
              ))}
            </ul>
          </article>
        )
      })}
    </div>
  )
}

function toneOf(isBlocked: boolean, ceiling: string | undefined): Tone {
  if (isBlocked) return 'bad'
  return ceiling === 'act' ? 'good' : 'warn'
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A share as people read it. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
