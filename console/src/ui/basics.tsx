import { type ReactNode, useEffect, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { agoText, localText, utcText } from '../times.ts'

/** How something is meant: never by colour alone, the words say it too. */
export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain'

/** A small label. */
export function Chip({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`chip ${tone}`}>{children}</span>
}

/** A titled part of a screen. */
export function Panel({
  title,
  aside,
  id,
  children,
}: {
  title: string
  aside?: ReactNode
  id?: string
  children: ReactNode
}) {
  return (
    <section className="panel" id={id} aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}

/** A moment in the reader's zone, with UTC on hover. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={utcText(at)}>
      {localText(at)}
    </time>
  )
}

/** How long ago, kept current. */
export function Ago({ at }: { at: string }) {
  const now = useNow(5000)
  return (
    <time dateTime={at} title={`${localText(at)}, ${utcText(at)}`}>
      {agoText(at, now)}
    </time>
  )
}

/** The time, told again at each interval. */
export function useNow(intervalMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), intervalMs)
    return () => clearInterval(timer)
  }, [intervalMs])
  return now
}

/** Nothing to show, and what that means. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>
}

/** While the first answer is on its way. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="empty" role="status">
      Reading {what}…
    </p>
  )
}

/** The one place where a failure becomes words: what happened and what to do. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const hint = error instanceof ApiError ? error.hint : undefined
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{error.message}</strong>
      </p>
      {hint !== undefined && <p>{hint}</p>}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
