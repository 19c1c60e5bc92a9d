import type { Citation, Evidence, Signal } from '../api/types.ts'
import { localText } from '../times.ts'
import { Chip, Panel, type Tone } from '../ui/basics.tsx'
import { OBSERVER_WORDS, wordFor } from '../words.ts'

const STATUS_WORDS = { ok: 'answered', empty: 'nothing reported', failed: 'could not look' } as const
const STATUS_TONES: Readonly<Record<Evidence['status'], Tone>> = { ok: 'plain', empty: 'plain', failed: 'bad' }
const SIGNALS_SHOWN = 40

/** All that was looked at, with the verdict's citations first and marked. */
export function EvidencePanel({
  evidence,
  citations,
  isCitedOnly,
  onCitedOnly,
}: {
  evidence: readonly Evidence[]
  citations: readonly Citation[]
  isCitedOnly: boolean
  onCitedOnly: (isCitedOnly: boolean) => void
}) {
  const citedBy = (one: Evidence) =>
    citations.filter(
      (citation) => citation.evidence === one.id || one.signals.some(({ id }) => id === citation.evidence),
    )
  const sorted = evidence.toSorted((a, b) => rank(a, citedBy(a).length) - rank(b, citedBy(b).length))
  const shown = sorted.filter((one) => !isCitedOnly || citedBy(one).length > 0)
  return (
    <Panel
      title={`Evidence (${evidence.length} sources)`}
      aside={
        <label className="check">
          <input type="checkbox" checked={isCitedOnly} onChange={(event) => onCitedOnly(event.target.checked)} /> only
          what the verdict cites
        </label>
      }
    >
      <ul className="evidence">
        {shown.map((one) => (
          <EvidenceItem key={one.id} evidence={one} citations={citedBy(one)} />
        ))}
      </ul>
    </Panel>
  )
}

/** What is cited first, then what failed, then what has something to say. */
function rank(evidence: Evidence, cited: number): number {
  if (cited > 0) return 0
  return evidence.status === 'failed' ? 1 : evidence.status === 'ok' ? 2 : 3
}

function EvidenceItem({ evidence, citations }: { evidence: Evidence; citations: readonly Citation[] }) {
  const { id, observer, status, signals, error, truncated } = evidence
  const stances = new Set(citations.map(({ stance }) => stance))
  const tone = stances.has('contradicts') ? 'against' : stances.has('supports') ? 'for' : ''
  return (
    <li id={`evidence-${id}`} className={tone}>
      <p className="evidence-head">
        <code>{id}</code>
        <span className="soft">{wordFor(OBSERVER_WORDS, observer)}</span>
        {stances.has('supports') && <Chip tone="good">✓ supports the verdict</Chip>}
        {stances.has('contradicts') && <Chip tone="warn">✗ contradicts the verdict</Chip>}
        <Chip tone={STATUS_TONES[status]}>{wordFor(STATUS_WORDS, status)}</Chip>
      </p>
      {citations.map(({ note, stance }) => (
        <p key={`${stance} ${note}`} className="note">
          {note}
        </p>
      ))}
      {error && (
        <p className="note bad">
          {error.kind}: {error.message}
        </p>
      )}
      {signals.length > 0 && (
        <details open={signals.length <= 3}>
          <summary>
            {signals.length} {signals.length === 1 ? 'signal' : 'signals'}
          </summary>
          <ul>
            {signals.slice(0, SIGNALS_SHOWN).map((signal) => (
              <li key={signal.id}>{signalText(signal)}</li>
            ))}
            {signals.length > SIGNALS_SHOWN && (
              <li className="soft">and {signals.length - SIGNALS_SHOWN} more in the JSON</li>
            )}
          </ul>
        </details>
      )}
      {truncated !== undefined && <p className="soft small">cut: {truncated}</p>}
    </li>
  )
}

/** One line per signal. */
function signalText(signal: Signal): string {
  switch (signal.kind) {
    case 'health_check':
      return `${signal.check}: ${signal.status}${signal.detail ? `, ${signal.detail}` : ''}`
    case 'provider_event':
      return `${signal.provider} ${signal.category} ${signal.state}${signal.regions.length > 0 ? ` in ${signal.regions.join(', ')}` : ''}: ${signal.title}`
    case 'component':
      return `${signal.provider} ${signal.name}: ${signal.status}`
    case 'series':
      return `${signal.name}: ${signal.points.length} points, last ${signal.points.at(-1)?.[1] ?? 'nothing'} ${signal.unit}; ${signal.query}`
    case 'log_pattern':
      return `${signal.count}× ${signal.level}, ${localText(signal.firstAt)} to ${localText(signal.lastAt)}: ${signal.sample}`
    case 'change':
      return `${localText(signal.at)} ${signal.changeKind} of ${signal.service} ${signal.ref}: ${signal.summary}`
    case 'readiness':
      return signal.exists
        ? `${signal.target}: healthy ${signal.healthy ?? 'unknown'}, capacity ${signal.capacity}, would lose ${signal.replicationLagSeconds ?? 'an unknown number of'} s of data`
        : `${signal.target}: does not exist`
    default:
      return JSON.stringify(signal)
  }
}
