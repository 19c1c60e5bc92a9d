/** Answers that were asked for before the page could use them, by path; each is used once. */
const early = new Map<string, Promise<unknown>>()

/**
 * Asks for what the first screen will ask for, while most of the scripts are still on their way. Nothing but the session is asked of an agent that
 * wants to know first who it is.
 */
export function askEarly(pathname: string): void {
  const session = answerOf('/v1/session')
  early.set('/v1/session', session)
  const maySee = session.then((answer) => (answer as { isSignInNeeded?: boolean } | null)?.isSignInNeeded === false)
  const [, screen = '', id] = pathname.split('/')
  const decision = screen === 'decisions' && id ? [`/v1/decisions/${id}`, `/v1/decisions/${id}/context`] : []
  for (const path of [...decision, '/v1/status'])
    early.set(
      path,
      maySee.then((may) => (may ? answerOf(path) : null)),
    )
}

/** The early answer, once; null when there is none, or when it was no success, and has to be asked for in earnest. */
export async function takeEarly(path: string): Promise<unknown> {
  const answer = early.get(path) ?? null
  early.delete(path)
  return answer
}

async function answerOf(path: string): Promise<unknown> {
  const response = await fetch(path, { credentials: 'same-origin', headers: { accept: 'application/json' } }).catch(
    () => null,
  )
  return response?.ok ? response.json().catch(() => null) : null
}
