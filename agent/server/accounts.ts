import { createHash, timingSafeEqual } from 'node:crypto'
import type { Person } from '../approval/people.ts'
import { type ServerOptions, signInPeople } from '../config/server-options.ts'
import { ROLE_SCOPES, Role, type Scope } from '../domain/role.ts'

/** Somebody or something that may come in. */
export interface Account {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Null for a program. */
  readonly person: Person | null
  /** Names the account in a session's cookie. */
  readonly subject: string
  /** What its sessions are bound to; when it changes, they end. */
  readonly digest: Buffer
}

/** What a sign-in provider vouched for, checked. */
export interface ProvenIdentity {
  readonly identity: string
  readonly groups: readonly string[]
}

/** Everybody who may come in, by every way. */
export interface Accounts {
  /** By a token and, with basic authentication, the name that belongs to it. */
  byToken(secret: string, name: string | null): Account | null
  /** Null for somebody who is not in the list and whose groups give no role here. */
  byIdentity(proven: ProvenIdentity): Account | null
  /** Who may stand behind a session's cookie; several while a token is being replaced. */
  bySubject(subject: string): readonly Account[]
}

/** The part of the configuration that says who may come in. */
export interface Admitted {
  readonly tokens: ServerOptions['tokens']
  readonly people: readonly Person[]
}

/** A name that nobody in a list of approvers can have by accident: somebody whom only the provider knows is nobody's namesake. */
const PROVIDER_PREFIX = 'oidc:'

/** Reads them from the configuration, once. */
export function accountsOf(options: ServerOptions, people: readonly Person[]): Accounts {
  const { oidc } = options
  const programs = options.tokens.map(
    ({ name, token, scopes }): Account => ({
      ...{ name, scopes, person: null, subject: `program ${name}` },
      digest: sha256(token),
    }),
  )
  const listed = signInPeople(people, options)
  const holders = listed.flatMap((person): Account[] =>
    person.tokenHash === undefined
      ? []
      : [{ ...asAccount(person), digest: Buffer.from(person.tokenHash.slice('sha256:'.length), 'hex') }],
  )
  const byToken = [...programs, ...holders]
  const provider = JSON.stringify(oidc ? [oidc.issuer, oidc.clientId, oidc.identityClaim, oidc.roles] : [])

  function ofProvider(identity: string, role: Role | null): Account | null {
    const person = listed.find((one) => one.identity === identity)
    const allowed = person ? (person.role ?? 'approver') : role
    if (!oidc || allowed === null) return null
    const unlisted: Person = { name: `${PROVIDER_PREFIX}${identity}`, role: allowed, groups: [] }
    return {
      ...asAccount(person ?? unlisted),
      subject: JSON.stringify([identity, role]),
      digest: sha256(JSON.stringify([provider, identity, allowed])),
    }
  }

  return {
    // Every token is compared, so that the time tells nothing about which one was close.
    byToken: (secret, name) => {
      const digest = sha256(secret)
      let found: Account | null = null
      for (const account of byToken)
        if (timingSafeEqual(account.digest, digest) && (name === null || name === account.name)) found = account
      return found
    },
    byIdentity: ({ identity, groups }) => ofProvider(identity, highestRole(groups, oidc?.roles ?? {})),
    bySubject: (subject) => {
      if (!subject.startsWith('[')) return byToken.filter((account) => account.subject === subject)
      const [identity, role] = JSON.parse(subject) as [string, string | null]
      const account = ofProvider(identity, role === null ? null : Role.parse(role))
      return account === null ? [] : [account]
    },
  }
}

/** The same while they may change, read at every request: a token that was replaced must not work any longer. */
export function changingAccounts(options: ServerOptions, credentials: () => Admitted): Accounts {
  const read = (given: Admitted) => accountsOf({ ...options, tokens: given.tokens }, given.people)
  let from = credentials()
  let known = read(from)
  const accounts = () => {
    const given = credentials()
    if (given !== from) known = read(given)
    from = given
    return known
  }
  return {
    byToken: (secret, name) => accounts().byToken(secret, name),
    byIdentity: (proven) => accounts().byIdentity(proven),
    bySubject: (subject) => accounts().bySubject(subject),
  }
}

function asAccount(person: Person): Omit<Account, 'digest'> {
  const { name, role = 'approver' } = person
  return { name, scopes: ROLE_SCOPES[role], person, subject: `person ${name}` }
}

/** Somebody in several groups may do what the most powerful of them may. */
function highestRole(groups: readonly string[], roles: Readonly<Record<string, Role>>): Role | null {
  const held = groups.flatMap((group) => (Object.hasOwn(roles, group) ? [roles[group]!] : []))
  return Role.options.findLast((role) => held.includes(role)) ?? null
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
