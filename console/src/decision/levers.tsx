import type { Action, DecisionContext, DecisionRecord, Reason } from '../api/types.ts'
import { Chip, type Tone } from '../ui/basics.tsx'
import { actionPhrase, CEILING_WORDS, plainText, wordFor } from '../words.ts'

const LEVERS: readonly Action[] = ['region_failover', 'dr_failover', 'rollback_change', 'self_heal']
const SITES = { region_failover: 'secondary', dr_failover: 'dr' } as const

interface Lever {
  readonly action: Action
  readonly phrase: string
  readonly isThere: boolean
  readonly blocks: readonly Reason[]
  readonly limits: readonly Reason[]
}

/** What a newcomer asks first stands first: the cause and the changes, then the place to go to, then what was set up beforehand. */
const ORDER = [/^(opinion|change)\./, /^(?!target\.|state\.|plan\.)/, /^target\./, /^state\./, /^plan\./]

function inOrder(reasons: readonly Reason[]): readonly Reason[] {
  const rank = ({ rule }: Reason) => ORDER.findIndex((pattern) => pattern.test(rule))
  return reasons.toSorted((a, b) => rank(a) - rank(b))
}

/** Why one action was not permitted; empty where it was. */
export function whyNot(action: Action, record: DecisionRecord): readonly string[] {
  return told(leverOf(action, record).blocks)
}

/** Why no failover was permitted, in the words that hold for all of them; empty where one was. */
export function whyNoFailover(record: DecisionRecord): readonly string[] {
  const failovers = LEVERS.filter((action) => action in SITES)
    .map((action) => leverOf(action, record))
    .filter(({ isThere }) => isThere)
  const reasons = failovers.length > 1 ? sharedBlocks(failovers) : (failovers[0]?.blocks ?? [])
  return told(reasons).map((reason) =>
    reason
      .replace(/^this is no answer/, 'moving away is no answer')
      .replace(/^there is no plan for it$/, 'no failover plan is set up'),
  )
}

/** Several rules may have seen the same; it is said once. */
function told(reasons: readonly Reason[]): readonly string[] {
  return [...new Set(reasons.map(({ detail }) => plainText(detail)))]
}

/** What it could have done, how far each was permitted, and what stood in the way: the reason why it did not fail over. */
export function Levers({ record, context }: { record: DecisionRecord; context: DecisionContext | undefined }) {
  const levers = LEVERS.map((action) => leverOf(action, record))
  const failovers = levers.filter(({ action, isThere }) => action in SITES && isThere)
  const shared = failovers.length > 1 ? sharedBlocks(failovers) : []
  return (
    <>
      {shared.length > 0 && (
        <article className="lever shared">
          <h3>
            Any failover <Chip tone="bad">blocked, wherever it would go</Chip>
          </h3>
          <Reasons reasons={shared} about={context?.rules} />
        </article>
      )}
      <div className="levers">
        {levers.map((lever) => (
          <LeverCard key={lever.action} lever={lever} shared={shared} record={record} context={context} />
        ))}
      </div>
    </>
  )
}

function leverOf(action: Action, { decision, snapshot }: DecisionRecord): Lever {
  const target = action in SITES ? SITES[action as keyof typeof SITES] : null
  const of = (outcome: Reason['outcome']) =>
    inOrder(decision.reasons.filter((reason) => reason.action === action && reason.outcome === outcome))
  return {
    action,
    phrase: actionPhrase(action, target, snapshot.service),
    isThere: target === null || snapshot.service[target] != null,
    blocks: of('block'),
    limits: of('limit'),
  }
}

/** What blocks every failover in the same words is said once. */
function sharedBlocks([first, ...others]: readonly Lever[]): readonly Reason[] {
  return (first?.blocks ?? []).filter((reason) =>
    others.every(({ blocks }) => blocks.some((one) => isSame(one, reason))),
  )
}

function isSame(a: Reason, b: Reason): boolean {
  return a.rule === b.rule && a.detail === b.detail
}

interface CardProps {
  readonly lever: Lever
  readonly shared: readonly Reason[]
  readonly record: DecisionRecord
  readonly context: DecisionContext | undefined
}

function LeverCard({ lever, shared, record, context }: CardProps) {
  const { action, phrase, isThere, blocks, limits } = lever
  const ceiling = context?.ceilings[action]
  const isChosen = record.decision.action === action
  const isRecommended = record.opinion?.verdict?.recommendedAction === action
  const own = blocks.filter((reason) => !shared.some((one) => isSame(one, reason)))
  // What is decided was not blocked; then what lowered it says why a person is asked.
  const told = isChosen && blocks.length === 0 ? limits : own
  return (
    <article className={`lever ${isChosen ? 'chosen' : ''}`}>
      <h3>
        {phrase.charAt(0).toUpperCase() + phrase.slice(1)}
        {isChosen && <Chip tone="info">decided</Chip>}
        {!isChosen && isRecommended && <Chip tone="info">recommended</Chip>}
      </h3>
      {isThere ? (
        <p>
          <Chip tone={toneOf(blocks.length > 0, ceiling)}>
            {blocks.length > 0
              ? `blocked by ${blocks.length} ${blocks.length === 1 ? 'rule' : 'rules'}`
              : wordFor(CEILING_WORDS, ceiling ?? 'act')}
          </Chip>
          {blocks.length === 0 && !isChosen && <span className="soft"> permitted, but not what was recommended</span>}
          {blocks.length > 0 && own.length === 0 && <span className="soft"> all of them stand above</span>}
        </p>
      ) : (
        <p className="soft">This service has no such place.</p>
      )}
      {isThere && <Reasons reasons={told} about={context?.rules} />}
    </article>
  )
}

function Reasons({
  reasons,
  about,
}: {
  reasons: readonly Reason[]
  about: Readonly<Record<string, string>> | undefined
}) {
  if (reasons.length === 0) return null
  return (
    <ul>
      {reasons.map((reason) => (
        <li key={`${reason.rule} ${reason.detail}`}>
          {plainText(reason.detail)} <code>{reason.rule}</code>
          <span className="why">{about?.[reason.rule]}</span>
        </li>
      ))}
    </ul>
  )
}

function toneOf(isBlocked: boolean, ceiling: string | undefined): Tone {
  if (isBlocked) return 'bad'
  return ceiling === 'act' ? 'good' : 'warn'
}
