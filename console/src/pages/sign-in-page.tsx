import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { sessionQuery } from '../api/queries.ts'
import { Failure, Panel } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'

/** Asks who it is; the address stays, so that a link leads where it was meant to after signing in. */
export function SignInPage() {
  useTitle('Sign in')
  const queries = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const refusal = new URLSearchParams(location.search).get('sign-in')
  const [token, setToken] = useState('')
  const signIn = useMutation({
    mutationFn: () => call('POST /v1/session', { body: { token: token.trim() } }),
    onSuccess: () => queries.resetQueries(),
  })
  return (
    <div className="sign-in">
      <h1>Sign in</h1>
      {refusal !== null && <Failure error={new Error(refusal)} />}
      {session?.provider && (
        <p>
          <a className="button primary" href={`/v1/session/oidc?to=${encodeURIComponent(here())}`}>
            {session.provider}
          </a>
        </p>
      )}
      <Panel title="With your token">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            signIn.mutate()
          }}
        >
          <label>
            Token
            <input
              type="password"
              name="token"
              autoComplete="current-password"
              required
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          </label>
          <button type="submit" className="primary" disabled={signIn.isPending || token.trim() === ''}>
            Sign in
          </button>
        </form>
        {signIn.error && <Failure error={signIn.error} />}
        <p className="soft small">
          Whoever runs the agent made it with <code>failwise people token</code> and put its hash beside your name in
          failwise.yaml. Without anybody named there, the first one was printed in the terminal at the start.
        </p>
      </Panel>
    </div>
  )
}

/** The screen that was asked for, without the reason of an earlier refusal. */
function here(): string {
  const url = new URL(location.href)
  url.searchParams.delete('sign-in')
  return url.pathname + url.search
}
