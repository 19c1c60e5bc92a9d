import type { Verification } from '../api/types.ts'

/** Whether the chain holds, and where it breaks. */
export function VerifyResult({ verification, onShow }: { verification: Verification; onShow?: (seq: number) => void }) {
  const { ok, entries, anchors, anchoredUpTo, problem } = verification
  const outside =
    anchors === 0
      ? 'No copy of the chain head lies outside the database, so a complete rewrite would not be seen.'
      : `Compared with ${anchors} copies outside the database, up to entry ${anchoredUpTo}.`
  return (
    <div className={`verify ${ok ? 'good' : 'bad'}`} role="status">
      {ok ? (
        <p>
          <strong>✓ The chain holds.</strong> {entries} entries, each chained to the one before it. {outside}
        </p>
      ) : (
        <p>
          <strong>✗ The chain breaks at entry {problem?.seq}</strong> ({problem?.kind.replaceAll('_', ' ')}):{' '}
          {problem?.detail}. Entries before it verify. Export the log, and compare the database with its backups.{' '}
          {problem && onShow && (
            <button type="button" onClick={() => onShow(problem.seq)}>
              Show entry {problem.seq}
            </button>
          )}
        </p>
      )}
    </div>
  )
}
