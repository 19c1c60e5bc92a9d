import type { Citation, Opinion } from '../api/types.ts'
import { Chip, Empty, Panel } from '../ui/basics.tsx'
import { ACTION_WORDS, CATEGORY_WORDS, wordFor } from '../words.ts'
import { ExchangeDetails } from './exchange.tsx'
import { percent } from './headline.tsx'

/** What the analyst made of it. It chooses nothing: the gate below does. */
export function OpinionPanel({ id, opinion }: { id: string; opinion: Opinion | null }) {
  if (!opinion)
    return (
      <Panel title="Opinion">
        <Empty>No analyst was asked about this decision.</Empty>
      </Panel>
    )
  const { verdict, abstained, calibratedConfidence, notes, usage, promptHash } = opinion
  return (
    <Panel
      title={`Opinion of ${opinion.analyst}`}
      aside={<span className="soft">an opinion permits nothing; the gate decides</span>}
    >
      {!verdict && (
        <Empty>
          It abstained ({abstained?.reason ?? 'no reason given'}): {abstained?.detail ?? ''}
        </Empty>
      )}
      {verdict && (
        <>
          <p className="strong">{verdict.rootCause.summary}</p>
          <p>
            <Chip tone="info">{wordFor(CATEGORY_WORDS, verdict.rootCause.category)}</Chip> recommends{' '}
            <strong>{wordFor(ACTION_WORDS, verdict.recommendedAction)}</strong>, confidence{' '}
            {percent(verdict.confidence)}{' '}
            <span className="soft">
              ({calibratedConfidence === null ? 'not calibrated' : `calibrated ${percent(calibratedConfidence)}`})
            </span>
          </p>
          <p className="prose">{verdict.reasoning}</p>
          <div className="columns">
            <Citations
              title="Speaks for it"
              citations={verdict.citations.filter(({ stance }) => stance === 'supports')}
            />
            <Citations
              title="Speaks against it"
              citations={verdict.citations.filter(({ stance }) => stance === 'contradicts')}
            />
            <div>
              <h3>Considered and dropped</h3>
              <ul>
                {verdict.alternatives.map(({ category, whyNot }) => (
                  <li key={category}>
                    <strong>{wordFor(CATEGORY_WORDS, category)}</strong>: {whyNot}
                  </li>
                ))}
                {verdict.alternatives.length === 0 && <li className="soft">nothing named</li>}
              </ul>
              {verdict.unknowns.length > 0 && (
                <>
                  <h3>It does not know</h3>
                  <ul>
                    {verdict.unknowns.map((unknown) => (
                      <li key={unknown}>{unknown}</li>
                    ))}
                  </ul>
                </>
              )}
            </div>
          </div>
        </>
      )}
      {notes.length > 0 && (
        <>
          <h3>Notes on the way here</h3>
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </>
      )}
      <p className="soft small">
        {promptHash === null
          ? 'No prompt: the answer comes from rules, not from a model.'
          : `Prompt ${promptHash.slice(0, 16)}.`}
        {usage &&
          ` ${usage.inputTokens} tokens in, ${usage.outputTokens} out, ${(usage.latencyMs / 1000).toFixed(1)} s${usage.costUsd === null ? '' : `, $${usage.costUsd.toFixed(4)}`}.`}
      </p>
      {promptHash !== null && <ExchangeDetails id={id} />}
    </Panel>
  )
}

function Citations({ title, citations }: { title: string; citations: readonly Citation[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {citations.map(({ evidence, note }) => (
          <li key={`${evidence} ${note}`}>
            {note}{' '}
            <a href={`#evidence-${evidence.split(':series-')[0]}`}>
              <code>{evidence}</code>
            </a>
          </li>
        ))}
        {citations.length === 0 && <li className="soft">nothing cited</li>}
      </ul>
    </div>
  )
}
