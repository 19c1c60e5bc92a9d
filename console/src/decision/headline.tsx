import type { DecisionRecord } from '../api/types.ts'
import { Time } from '../ui/basics.tsx'
import { actionPhrase, actionWords, CATEGORY_WORDS, DISPOSITION_WORDS, siteText, wordFor } from '../words.ts'
import { whyNoFailover, whyNot } from './levers.tsx'

const REASONS_TOLD = 3

/** The answer, in one sentence, before anything else. */
export function Headline({ record, impact }: { record: DecisionRecord; impact: readonly string[] }) {
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
      <AlertLine alerts={snapshot.alerts} />
      <h1>{isFailover ? failoverSentence(phrase, disposition, mode) : 'Did not fail over.'}</h1>
      <p className="lead">
        Decided: <strong>{phrase}</strong>, {wordFor(DISPOSITION_WORDS, disposition)}.
        {mode === 'shadow' && ' Shadow mode: decided and recorded, nothing was carried out.'}
      </p>
      {verdict && (
        <p className="because">
          Because: {verdict.rootCause.summary}{' '}
          <span className="soft">
            ({opinion?.analyst === 'rules' ? 'say the built-in rules' : `says the model ${opinion?.analyst}`})
          </span>
        </p>
      )}
      {!isFailover && <Because what="No failover" reasons={whyNoFailover(record)} />}
      {verdict && verdict.recommendedAction !== action && (
        <Because
          what={`The analyst recommends to ${actionWords(verdict.recommendedAction)}, which was not permitted`}
          reasons={whyNot(verdict.recommendedAction, record)}
        />
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
              <span className="soft">
                {' '}
                · {facts.hurt.overall === 'yes' ? 'since' : 'trouble began'} {Math.round(facts.onset.minutesAgo)} min
                {facts.hurt.overall === 'yes' ? '' : ' ago'}
              </span>
            )}
          </dd>
        </div>
        <div>
          <dt>Health score</dt>
          <dd>
            {record.healthScore ? `${record.healthScore.score} of ${record.healthScore.maximum}` : 'none'}
            {record.healthScore && <span className="soft"> · higher is worse</span>}
          </dd>
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
      {impact.map((sentence) => (
        <p key={sentence} className="impact">
          {sentence}
        </p>
      ))}
    </header>
  )
}

const ALERTS_NAMED = 2

/** What it was asked about: the first thing that a stranger wants to know. */
function AlertLine({ alerts }: { alerts: DecisionRecord['snapshot']['alerts'] }) {
  const firing = alerts.filter(({ status }) => status === 'firing')
  const told = firing.length > 0 ? firing : alerts
  const [first] = told
  if (!first) return <p className="asked">Nobody alerted: the watch over its health score asked.</p>
  const names = [...new Set(told.map(({ name }) => name))]
  const more = names.length - ALERTS_NAMED
  return (
    <p className="asked">
      Alert: <strong>{names.slice(0, ALERTS_NAMED).join(', ')}</strong>
      {more > 0 && ` and ${more} more`}
      <span className="soft">
        , {firing.length > 0 ? first.severity : 'resolved'}, from <Time at={first.startsAt} />
      </span>
    </p>
  )
}

function Because({ what, reasons }: { what: string; reasons: readonly string[] }) {
  if (reasons.length === 0) return null
  const more = reasons.length - REASONS_TOLD
  return (
    <p className="because">
      {what}, because {reasons.slice(0, REASONS_TOLD).join('; ')}
      {more > 0 && `; and ${more} more below`}.
    </p>
  )
}

function failoverSentence(phrase: string, disposition: string, mode: string): string {
  const would = mode === 'shadow' ? 'would ' : ''
  if (disposition === 'act') return mode === 'shadow' ? `Would ${phrase}.` : `Decided to ${phrase}.`
  if (disposition === 'ask') return `${would ? 'Would ask' : 'Asked'} a person whether to ${phrase}.`
  return `Recommended, not done: ${phrase}.`
}

/** A share as people read it. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}\u00a0%`
}
