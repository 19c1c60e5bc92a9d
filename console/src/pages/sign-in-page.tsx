import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../api/client.ts'
import { Failure, Panel } from '../ui/basics.tsx'
import { useTitle } from '../ui/title.ts'

/** Asks who it is; the address stays, so that a link leads where it was meant to after signing in. */
export function SignInPage() {
  useTitle('Sign in')
  const queries = useQueryClient()
  const [token, setToken] = useState('')
  const signIn = useMutation({
    mutationFn: () => api('/v1/session', { method: 'POST', body: { token: token.trim() } }),
    onSuccess: () => queries.resetQueries(),
  })
  return (
    <div className="sign-in">
      <h1>Sign in</h1>
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
          Yours stands beside your name under server.people in failwise.yaml; whoever runs the agent can tell you.
          Without any, the first one was printed in the terminal at the start.
        </p>
      </Panel>
    </div>
  )
}
