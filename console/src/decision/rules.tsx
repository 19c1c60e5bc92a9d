import type { Action, Reason } from '../api/types.ts'
import { Chip, Panel, type Tone } from '../ui/basics.tsx'
import { ACTION_WORDS, CEILING_WORDS, wordFor } from '../words.ts'

const OUTCOMES = ['block', 'limit', 'info', 'pass'] as const
const CHOICES = ['told', ...OUTCOMES, 'all'] as const
const TONES: Readonly<Record<Reason['outcome'], Tone>> = { block: 'bad', limit: 'warn', info: 'info', pass: 'good' }
const ALL_LEVERS = 4

interface Finding extends Omit<Reason, 'action'> {
  readonly actions: readonly Action[]
}

/** Every rule with what it saw; the ones that stood in the way first. */
export function RulesPanel({
  reasons,
  about,
  shown: wanted,
  onShow,
}: {
  reasons: readonly Reason[]
  about: Readonly<Record<string, string>>
  /** As the address says. */
  shown: string | undefined
  onShow: (shown: string | undefined) => void
}) {
  const outcome = CHOICES.find((one) => one === wanted) ?? 'told'
  const findings = together(reasons)
  const count = (of: Reason['outcome']) => findings.filter((finding) => finding.outcome === of).length
  const labelOf = (one: typeof outcome) => {
    if (one === 'all') return `all ${findings.length}`
    return one === 'told' ? `not passed ${findings.length - count('pass')}` : `${one} ${count(one)}`
  }
  const shown = OUTCOMES.filter(
    (one) => outcome === 'all' || outcome === one || (outcome === 'told' && one !== 'pass'),
  ).flatMap((one) => findings.filter((finding) => finding.outcome === one))
  return (
    <Panel
      title="Gate: every rule and what it saw"
      aside={
        <fieldset className="choices">
          <legend className="visually-hidden">Outcome</legend>
          {CHOICES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={outcome === one}
              onClick={() => onShow(one === 'told' ? undefined : one)}
            >
              {labelOf(one)}
            </button>
          ))}
        </fieldset>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label="Rules">
        <table className="stacked">
          <thead>
            <tr>
              <th>Outcome</th>
              <th>What it saw</th>
              <th>For</th>
              <th>Permits</th>
              <th>Rule</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((finding) => (
              <tr
                key={`${finding.rule} ${finding.outcome} ${finding.ceiling} ${finding.detail}`}
                className={finding.outcome}
              >
                <td>
                  <Chip tone={TONES[finding.outcome]}>{finding.outcome}</Chip>
                </td>
                <td>{finding.detail}</td>
                <td data-label="for">{forText(finding.actions)}</td>
                <td data-label="permits">{wordFor(CEILING_WORDS, finding.ceiling)}</td>
                <td>
                  <code>{finding.rule}</code>
                  <div className="soft small">{about[finding.rule]}</div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  )
}

/** One row where a rule said the same about several actions. */
function together(reasons: readonly Reason[]): Finding[] {
  const found = new Map<string, Finding>()
  for (const { action, ...reason } of reasons) {
    const key = `${reason.rule} ${reason.outcome} ${reason.ceiling} ${reason.detail}`
    const known = found.get(key)
    found.set(key, { ...reason, actions: [...(known?.actions ?? []), ...(action === null ? [] : [action])] })
  }
  return [...found.values()]
}

function forText(actions: readonly Action[]): string {
  if (actions.length === 0) return 'the decision as a whole'
  if (actions.length >= ALL_LEVERS) return 'every lever'
  return actions.map((action) => wordFor(ACTION_WORDS, action)).join('; ')
}
