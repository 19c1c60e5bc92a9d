import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ROLE_SCOPES, Role, type Scope } from '../domain/role.ts'
import { isSameSecret } from '../lib/signature.ts'

/** A person, once: whoever answers in Slack, in the console or in a terminal is found here, so that nobody votes twice. */
export const Person = z.strictObject({
  name: z.string().min(1).max(80),
  /** Slack's own id of the person, from the profile's menu; names can be changed by anybody. */
  slackUserId: z
    .string()
    .regex(/^[UW][A-Z0-9]{1,20}$/, 'is a Slack member id such as U02ABCDEF')
    .optional(),
  /** SHA-256 of the person's token for console and command line; `failwise people token` makes both. */
  tokenHash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 hex digits; make one with `failwise people token`')
    .optional(),
  /** Who the sign-in provider says it is: the value of `server.oidc.identityClaim`. */
  identity: z.string().min(1).max(300).optional(),
  /** What the person may do, by whatever way: `approver` unless given. Answering also needs to be among those who are asked. */
  role: Role.optional(),
  groups: z.array(z.string().min(1)).default([]),
})
export type Person = z.infer<typeof Person>

/** Whether a person's role permits something. */
export function mayDo({ role = 'approver' }: Pick<Person, 'role'>, scope: Scope): boolean {
  return ROLE_SCOPES[role].includes(scope)
}

/** A name that stands for several people: those who list it, and those of a Slack user group at the moment of the click. */
export const ApproverGroup = z.strictObject({
  name: z.string().min(1).max(80),
  slackUserGroupId: z
    .string()
    .regex(/^S[A-Z0-9]{1,20}$/, 'is a Slack user group id such as S02ABCDEF')
    .optional(),
})
export type ApproverGroup = z.infer<typeof ApproverGroup>

/** Who is in a Slack user group now; throws when Slack cannot say. */
export type UserGroupMembers = (userGroupId: string) => Promise<readonly string[]>

export interface People {
  bySlackUser(userId: string): Person | null
  byToken(token: string): Person | null
  byName(name: string): Person | null
  /** The groups a person is in now. A user group that cannot be looked up counts as one without that person. */
  groupsOf(person: Person, members: UserGroupMembers | null): Promise<{ groups: string[]; unknown: string[] }>
  /** How many different people a list of names and groups stands for; a Slack user group may stand for any number. Without any people, names count. */
  count(names: readonly string[]): number
  /** The Slack ids behind names and groups, for a mention. */
  mentionsOf(names: readonly string[]): { users: string[]; userGroups: string[] }
}

/** The hash that a token is kept as. Tokens are long and random, so a plain hash cannot be guessed back. */
export function tokenHashOf(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`
}

/** Looks people up by every way they come in. */
export function peopleOf(people: readonly Person[], groups: readonly ApproverGroup[]): People {
  const inGroup = (name: string) => people.filter((person) => person.groups.includes(name))
  const behind = (name: string) => {
    const named = people.filter((person) => person.name === name)
    return named.length > 0 ? named : inGroup(name)
  }
  const userGroupOf = (name: string) => groups.find((group) => group.name === name)?.slackUserGroupId
  return {
    bySlackUser: (userId) => people.find((person) => person.slackUserId === userId) ?? null,
    byToken: (token) => {
      const hash = tokenHashOf(token)
      let found: Person | null = null
      // Every hash is compared, so that the time tells nothing about which one was close.
      for (const person of people)
        if (person.tokenHash !== undefined && isSameSecret(hash, person.tokenHash)) found = person
      return found
    },
    byName: (name) => people.find((person) => person.name === name) ?? null,
    groupsOf: async (person, members) => {
      const own = new Set(person.groups)
      const unknown: string[] = []
      for (const { name, slackUserGroupId } of groups) {
        if (own.has(name) || slackUserGroupId === undefined || person.slackUserId === undefined) continue
        const found = members === null ? null : await members(slackUserGroupId).catch(() => null)
        if (found === null) unknown.push(name)
        else if (found.includes(person.slackUserId)) own.add(name)
      }
      return { groups: [...own], unknown }
    },
    count: (names) => {
      if (people.length === 0) return new Set(names).size
      if (names.some((name) => userGroupOf(name) !== undefined)) return Number.POSITIVE_INFINITY
      return new Set(names.flatMap(behind)).size
    },
    mentionsOf: (names) => {
      const users = new Set<string>()
      const userGroups = new Set<string>()
      for (const name of names) {
        const userGroup = userGroupOf(name)
        if (userGroup !== undefined) userGroups.add(userGroup)
        if (userGroup === undefined)
          for (const { slackUserId } of behind(name)) if (slackUserId !== undefined) users.add(slackUserId)
      }
      return { users: [...users], userGroups: [...userGroups] }
    },
  }
}
