import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ErrorComponentProps, Link, Outlet } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { sessionQuery, statusQuery } from '../api/queries.ts'
import { Chip, Failure, Loading } from '../ui/basics.tsx'
import { applyTheme, currentTheme } from '../ui/theme.ts'
import { SignInPage } from './sign-in-page.tsx'

/** What every screen has: where to go, how the agent is set, and the theme. */
export function Frame() {
  const { data: session, error, refetch } = useQuery(sessionQuery)
  const { data: status } = useQuery({ ...statusQuery, enabled: session?.isSignInNeeded === false })
  const live = useLive(session?.isSignInNeeded === false)
  const [theme, setTheme] = useState(currentTheme)
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/favicon.svg" alt="" width={22} height={22} /> Failwise
        </Link>
        <nav aria-label="Screens">
          <Link to="/">Now</Link>
          <Link to="/incidents">Incidents</Link>
          <Link to="/plans">Plans</Link>
          <Link to="/report">Report</Link>
          <Link to="/evals">Evals</Link>
          <Link to="/audit">Audit log</Link>
        </nav>
        <div className="top-right">
          {status && <Chip tone={status.mode === 'live' ? 'warn' : 'info'}>{status.mode} mode</Chip>}
          {status && status.frozen.length > 0 && <Chip tone="bad">frozen</Chip>}
          {live === 'waiting' && <Chip tone="warn">not live</Chip>}
          {session?.csrf && <SignOut name={session.name ?? ''} />}
          <button
            type="button"
            onClick={() => {
              applyTheme(other, true)
              setTheme(other)
            }}
          >
            {other === 'dark' ? '☾ Dark' : '☀ Light'}
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {error && !session && <Failure error={error} retry={() => void refetch()} />}
        {!error && !session && <Loading what="who you are" />}
        {session && (session.isSignInNeeded ? <SignInPage /> : <Outlet />)}
      </main>
    </>
  )
}

function SignOut({ name }: { name: string }) {
  const queries = useQueryClient()
  const signOut = useMutation({
    mutationFn: () => call('DELETE /v1/session'),
    // The session here is over either way; the one at the sign-in provider ends where the provider says.
    onSuccess: ({ leaveTo }) => (leaveTo === null ? queries.resetQueries() : location.assign(leaveTo)),
  })
  return (
    <button type="button" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
      Sign out {name}
    </button>
  )
}

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <div className="failure">
      <h1>There is no such screen</h1>
      <p>
        The address may be cut off. <Link to="/">Go to Now</Link>.
      </p>
    </div>
  )
}

/** A screen that broke; its neighbours still work. */
export function ScreenError({ error, reset }: ErrorComponentProps) {
  return <Failure error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
}
