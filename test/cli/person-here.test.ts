import { describe, expect, it } from 'vitest'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { personHere } from '../../agent/cli/person-here.ts'
import { Settings } from '../../agent/config/settings.ts'

const { people, groups } = Settings.parse({
  people: [
    { name: 'alice', tokenHash: tokenHashOf('fwp_alice'), groups: ['night shift'] },
    { name: 'vera', tokenHash: tokenHashOf('fwp_vera'), role: 'viewer' },
  ],
})
const here = (environment: Record<string, string>, account = { uid: 1000, username: 'al' }) =>
  personHere({ environment }, { people, groups }, account)

describe('the person at a terminal', () => {
  it('is who the own token says, in the groups of the list', async () => {
    expect(await here({ FAILWISE_TOKEN: 'fwp_alice', SUDO_USER: 'bob' })).toEqual({
      actor: { kind: 'person', id: 'alice', via: 'cli' },
      proof: { person: 'alice', groups: ['night shift'] },
    })
  })

  it('without a token is an account of the machine, which a variable cannot change, and can prove nothing', async () => {
    expect(await here({ SUDO_USER: 'bob' })).toMatchObject({ actor: { id: 'al' }, proof: null })
    expect(await here({ FAILWISE_TOKEN: 'fwp_guess' })).toMatchObject({ actor: { id: 'al' }, proof: null })
    expect(await here({ SUDO_USER: 'bob' }, { uid: 0, username: 'root' })).toMatchObject({ actor: { id: 'bob' } })
  })

  it('whose role does not answer has no proof to give', async () => {
    expect(await here({ FAILWISE_TOKEN: 'fwp_vera' })).toMatchObject({ actor: { id: 'vera' }, proof: null })
  })
})
