import * as oauth from 'oauth4webapi'
import { z } from 'zod'
import type { OidcOptions } from '../config/oidc-options.ts'
import { asFault, Fault, isFault } from '../lib/errors.ts'
import type { Http } from '../lib/http.ts'
import type { ProvenIdentity } from './accounts.ts'

export interface OidcPorts {
  readonly http: Http
  readonly now: () => number
  /** Where the provider sends people back to. */
  readonly redirectUri: string
  /** Where it sends them after signing out. */
  readonly homeUri: string
}

/** Somebody who came back, and the proof of it, which signing out hands back. */
export interface Arrival {
  readonly proven: ProvenIdentity
  readonly idToken: string | null
}

/** What has to be remembered in the browser between leaving and coming back. */
export const Departure = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Which screen was asked for. */
  to: z.string(),
})
export type Departure = z.infer<typeof Departure>

/** Sign-in through an OpenID Connect provider: authorization code with PKCE, state and nonce. */
export interface Oidc {
  /** Where to send the browser, and what to remember meanwhile. */
  leave(to: string): Promise<{ readonly url: string; readonly departure: Departure }>
  /** Who came back. Throws `forbidden` when the answer is not one to our question. */
  arrive(query: string, departure: Departure): Promise<Arrival>
  /** Where the browser ends its session at the provider too; null where that is not offered or not wanted. */
  farewell(idToken: string): Promise<string | null>
}

/** Providers change their keys' address rarely; an hour is soon enough. */
const DISCOVERY_MS = 3_600_000
const TIMEOUT_MS = 10_000
const CLOCK_TOLERANCE_SECONDS = 30

/** Talks to one provider; nothing is asked of it before somebody signs in. */
export function oidcWith(options: OidcOptions, ports: OidcPorts): Oidc {
  const issuer = new URL(options.issuer)
  const client: oauth.Client = { client_id: options.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS }
  const transport = {
    [oauth.customFetch]: fetchOver(ports.http),
    [oauth.allowInsecureRequests]: issuer.protocol === 'http:',
    signal: () => AbortSignal.timeout(TIMEOUT_MS),
  }
  let known: { readonly server: oauth.AuthorizationServer; readonly atMs: number } | null = null

  async function discovered(): Promise<oauth.AuthorizationServer> {
    if (known && ports.now() - known.atMs < DISCOVERY_MS) return known.server
    const response = await oauth.discoveryRequest(issuer, transport)
    known = { server: await oauth.processDiscoveryResponse(issuer, response), atMs: ports.now() }
    return known.server
  }

  function authenticationAt(server: oauth.AuthorizationServer): oauth.ClientAuth {
    if (options.clientSecret === undefined) return oauth.None()
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    return methods.includes('client_secret_basic')
      ? oauth.ClientSecretBasic(options.clientSecret)
      : oauth.ClientSecretPost(options.clientSecret)
  }

  async function told(query: string, { state, nonce, verifier }: Departure) {
    const server = await discovered()
    const given = oauth.validateAuthResponse(server, client, new URLSearchParams(query), state)
    const authentication = authenticationAt(server)
    const response = await oauth.authorizationCodeGrantRequest(
      ...([server, client, authentication, given, ports.redirectUri, verifier, transport] as const),
    )
    const demands = { expectedNonce: nonce, requireIdToken: true }
    const answer = await oauth.processAuthorizationCodeResponse(server, client, response, demands)
    await oauth.validateApplicationLevelSignature(server, response, transport)
    const claims: Record<string, unknown> = { ...oauth.getValidatedIdTokenClaims(answer) }
    const isComplete = options.identityClaim in claims && options.roleClaim in claims
    const idToken = answer.id_token ?? null
    if (isComplete || server.userinfo_endpoint === undefined) return { claims, idToken }
    const more = await oauth.userInfoRequest(server, client, answer.access_token, transport)
    // What was signed stands; the rest is asked for over the provider's own connection, about the same subject.
    const said = await oauth.processUserInfoResponse(server, client, String(claims.sub), more)
    return { claims: { ...said, ...claims }, idToken }
  }

  return {
    leave: async (to) => {
      const server = await discovered().catch(asProviderFault)
      const departure = {
        ...{ state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), to },
        verifier: oauth.generateRandomCodeVerifier(),
      }
      if (server.authorization_endpoint === undefined)
        throw new Fault('upstream_malformed', 'the sign-in provider names no authorization endpoint')
      const url = new URL(server.authorization_endpoint)
      const parameters = {
        client_id: options.clientId,
        response_type: 'code',
        redirect_uri: ports.redirectUri,
        scope: options.scopes.join(' '),
        state: departure.state,
        nonce: departure.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(departure.verifier),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return { url: url.href, departure }
    },
    arrive: async (query, departure) => {
      const { claims, idToken } = await told(query, departure).catch(asProviderFault)
      return { proven: provenIn(claims, options), idToken }
    },
    farewell: async (idToken) => {
      if (!options.endProviderSession) return null
      const { end_session_endpoint: end } = await discovered().catch(asProviderFault)
      if (end === undefined || !URL.canParse(end) || !/^https?:$/.test(new URL(end).protocol)) return null
      const url = new URL(end)
      url.searchParams.set('client_id', options.clientId)
      url.searchParams.set('id_token_hint', idToken)
      url.searchParams.set('post_logout_redirect_uri', ports.homeUri)
      return url.href
    },
  }
}

/** The one claim that says who it is, and the groups. */
function provenIn(claims: Readonly<Record<string, unknown>>, options: OidcOptions): ProvenIdentity {
  const identity = claims[options.identityClaim]
  if (typeof identity !== 'string' || identity === '')
    throw new Fault('forbidden', `the sign-in provider did not say the claim "${options.identityClaim}"`, {
      hint: 'ask for a scope that carries it, under server.oidc.scopes, or name another server.oidc.identityClaim',
    })
  // Otherwise anybody could enter a colleague's address at the provider and be taken for the colleague.
  if (options.identityClaim === 'email' && claims.email_verified !== true)
    throw new Fault('forbidden', 'the sign-in provider has not verified this address')
  const groups = claims[options.roleClaim]
  const named = Array.isArray(groups) ? groups : [groups]
  return { identity, groups: named.filter((one): one is string => typeof one === 'string') }
}

/** The library's fetch over our own client, with its limits on time, size and redirects. */
function fetchOver(http: Http) {
  return async (url: string, init: oauth.CustomFetchOptions<string, unknown>): Promise<Response> => {
    const { body } = init
    const { status, headers, ...answer } = await http(
      {
        ...{ method: init.method as 'GET' | 'POST', url, headers: init.headers },
        ...(body instanceof URLSearchParams && { body: body.toString() }),
      },
      init.signal ?? AbortSignal.timeout(TIMEOUT_MS),
    )
    const { 'content-encoding': _decoded, 'content-length': _length, ...kept } = headers
    return new Response(status === 204 ? null : answer.body, { status, headers: kept })
  }
}

/** Whatever went wrong, in words that hold no code, token or secret. */
function asProviderFault(error: unknown): never {
  if (isFault(error)) throw error
  if (error instanceof oauth.AuthorizationResponseError)
    throw new Fault('forbidden', `the sign-in provider refused: ${error.error}`, {
      hint: 'try again, or ask its administrator',
    })
  if (error instanceof oauth.ResponseBodyError)
    throw new Fault('forbidden', `the sign-in provider refused the sign-in: ${error.error}`, {
      hint: 'a code can be used once; begin again. If it stays, check clientId, clientSecret and the redirect address.',
    })
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.WWWAuthenticateChallengeError)
    throw new Fault('forbidden', 'what the sign-in provider answered does not hold', {
      cause: error,
      hint: 'begin again; if it stays, check server.oidc and the clocks of both sides',
    })
  throw asFault(error)
}
