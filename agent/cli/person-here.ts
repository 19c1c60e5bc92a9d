import { userInfo } from 'node:os'
import { mayDo, peopleOf } from '../approval/people.ts'
import type { Settings } from '../config/settings.ts'
import type { Actor } from '../domain/audit.ts'
import type { Proof } from '../engine/run-control.ts'
import type { CliIo } from './io.ts'

/** Who sits at this terminal. */
export interface PersonHere {
  readonly actor: Actor
  /** For answers; null without the token of somebody who may give one. */
  readonly proof: Proof | null
}

/**
 * By the person's own token, so that one person is one person here and in Slack; otherwise as the operating system knows them, which is good enough
 * for the record and proves nothing.
 */
export async function personHere(
  io: Pick<CliIo, 'environment'>,
  { people, groups }: Pick<Settings, 'people' | 'groups'>,
  { uid, username }: { readonly uid: number; readonly username: string } = userInfo(),
): Promise<PersonHere> {
  const listed = peopleOf(people, groups)
  const person = listed.byToken(io.environment.FAILWISE_TOKEN ?? '')
  // Root may become anybody anyway, and says by it who became root; from anybody else it is only text.
  const account = (uid === 0 && io.environment.SUDO_USER) || username
  const actor: Actor = { kind: 'person', id: person?.name ?? account, via: 'cli' }
  if (!person || !mayDo(person, 'approve')) return { actor, proof: null }
  return { actor, proof: { person: person.name, groups: (await listed.groupsOf(person, null)).groups } }
}
