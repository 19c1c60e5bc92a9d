import type { RunView } from '../api/types.ts'
import { durationText } from '../times.ts'
import { Chip, type Tone } from '../ui/basics.tsx'

const PHASES: Readonly<Record<string, readonly [mark: string, words: string, tone: Tone]>> = {
  untouched: ['○', 'not begun', 'plain'],
  begun: ['◐', 'under way, or unclear', 'warn'],
  harmless: ['✗', 'failed without effect', 'warn'],
  applied: ['◑', 'applied, being checked', 'info'],
  verified: ['✓', 'verified', 'good'],
  undoing: ['↺', 'being undone', 'warn'],
  undone: ['↺', 'undone', 'plain'],
  undo_failed: ['✗', 'could not be undone', 'bad'],
}

/** How far each stage of a run got, with the time that it took. */
export function RunStages({ view: { stages } }: { view: RunView }) {
  return (
    <ol className="stages">
      {stages.map(({ id, does, phase, spentMs, timeoutSeconds, detail }) => {
        const [mark, words, tone] = PHASES[phase] ?? ['·', phase, 'plain']
        return (
          <li key={id}>
            <strong>{id}</strong>{' '}
            <Chip tone={tone}>
              {mark} {words}
            </Chip>{' '}
            {spentMs > 0 && (
              <span className="soft">
                {durationText(spentMs)}
                {timeoutSeconds > 0 && ` of at most ${timeoutSeconds} s`}
              </span>
            )}
            <div className="soft small">{detail || does}</div>
          </li>
        )
      })}
    </ol>
  )
}
