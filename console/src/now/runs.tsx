import { Link } from '@tanstack/react-router'
import type { WatchedRun, WatchedStage } from '../api/types.ts'
import { spanText } from '../times.ts'
import { Ago, Chip, Panel, type Tone, useNow } from '../ui/basics.tsx'
import { ACTION_WORDS, wordFor } from '../words.ts'

const PHASE_TONES: Readonly<Record<string, Tone>> = {
  verified: 'good',
  begun: 'warn',
  applied: 'warn',
  undoing: 'warn',
  undone: 'info',
  undo_failed: 'bad',
}

const PHASE_WORDS: Readonly<Record<string, string>> = {
  untouched: 'to do',
  harmless: 'tried, without effect',
  begun: 'under way',
  applied: 'being verified',
  verified: 'done',
  undoing: 'being undone',
  undone: 'undone',
  undo_failed: 'could not be undone',
}

/** Runs under way: each stage, and the time used of what was promised. */
export function Runs({ runs, readAt }: { runs: readonly WatchedRun[]; readAt: number }) {
  return (
    <Panel title={`Running (${runs.length})`}>
      {runs.map((run) => (
        <RunCard key={run.id} run={run} readAt={readAt} />
      ))}
    </Panel>
  )
}

function RunCard({ run, readAt }: { run: WatchedRun; readAt: number }) {
  const done = run.stages.filter(({ phase }) => phase === 'verified').length
  return (
    <article className="question" aria-label={`Run of ${run.service}`}>
      <p>
        <Chip tone={run.state === 'paused' || run.state === 'rolling_back' ? 'bad' : 'warn'}>
          {run.state.replaceAll('_', ' ')}
        </Chip>{' '}
        <strong>{run.service}</strong>: {wordFor(ACTION_WORDS, run.action)}
        {run.isDryRun && ' (rehearsal, without effects)'}{' '}
        <span className="soft small">
          plan {run.plan ?? 'no longer known'}, requested <Ago at={run.requestedAt} /> by {run.requestedBy}
          {run.decisionId !== null && (
            <>
              ;{' '}
              <Link to="/decisions/$id" params={{ id: run.decisionId }}>
                why
              </Link>
            </>
          )}
        </span>
      </p>
      <Budget run={run} readAt={readAt} />
      <p className="soft small">
        {done} of {run.stages.length} stages done
        {run.note !== null && `; ${run.note}`}
      </p>
      <ol className="stages">
        {run.stages.map((stage) => (
          <Stage key={stage.stage} stage={stage} />
        ))}
      </ol>
    </article>
  )
}

/** Time since the request against the recovery time that was promised. */
function Budget({ run: { rtoSeconds, elapsedSeconds, service }, readAt }: { run: WatchedRun; readAt: number }) {
  const elapsed = elapsedSeconds + Math.max(0, useNow(1000) - readAt) / 1000
  if (rtoSeconds === null)
    return <p className="small">{spanText(elapsed * 1000)} so far; the plan’s objective is not known</p>
  const isOver = elapsed > rtoSeconds
  return (
    <div className="budget">
      <progress
        value={Math.min(elapsed, rtoSeconds)}
        max={rtoSeconds}
        aria-label={`Recovery time used for ${service}`}
      />
      <span className={isOver ? 'small strong' : 'small'}>
        {spanText(elapsed * 1000)} of {spanText(rtoSeconds * 1000)} promised (RTO)
        {isOver && `: ${spanText((elapsed - rtoSeconds) * 1000)} over`}
      </span>
    </div>
  )
}

function Stage({ stage: { stage, phase, spentSeconds, timeoutSeconds, detail } }: { stage: WatchedStage }) {
  return (
    <li className={phase}>
      <Chip tone={PHASE_TONES[phase] ?? 'plain'}>{wordFor(PHASE_WORDS, phase)}</Chip> <strong>{stage}</strong>{' '}
      <span className="soft small">
        {phase !== 'untouched' &&
          `${spanText(spentSeconds * 1000)}${timeoutSeconds === null ? '' : ` of ${spanText(timeoutSeconds * 1000)}`}`}
        {detail !== '' && `; ${detail}`}
      </span>
    </li>
  )
}
