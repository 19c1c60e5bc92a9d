import { describe, expect, it } from 'vitest'
import { peopleOf, tokenHashOf } from '../../agent/approval/people.ts'
import { Settings } from '../../agent/config/settings.ts'

const token = 'fwp_0123456789abcdef0123456789abcdef'
const people = peopleOf(
  [
    { name: 'alice', slackUserId: 'U0ALICE', tokenHash: tokenHashOf(token), groups: ['managers'] },
    { name: 'bob', slackUserId: 'U0BOB', groups: [] },
    { name: 'carol', groups: ['managers'] },
  ],
  [{ name: 'managers' }, { name: 'on-call', slackUserGroupId: 'S0ONCALL' }],
)

describe('people', () => {
  it('are the same person by every way in', () => {
    expect(people.bySlackUser('U0ALICE')).toBe(people.byToken(token))
    expect(people.byName('alice')).toBe(people.byToken(token))
    expect([
      people.bySlackUser('U0NOBODY'),
      people.byToken('fwp_wrong'),
      people.byToken(''),
      people.byName(''),
    ]).toEqual([null, null, null, null])
  })

  it('are in a user group when Slack says so now, and in none that cannot be looked up', async () => {
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => people.byName(name)!)
    const members = async () => ['U0BOB']
    expect(await people.groupsOf(bob!, members)).toEqual({ groups: ['on-call'], unknown: [] })
    expect(await people.groupsOf(alice!, members)).toEqual({ groups: ['managers'], unknown: [] })
    const broken = async () => Promise.reject(new Error('away'))
    expect(await people.groupsOf(bob!, broken)).toEqual({ groups: [], unknown: ['on-call'] })
    expect(await people.groupsOf(bob!, null)).toEqual({ groups: [], unknown: ['on-call'] })
    // Nobody can be looked up in Slack without an id there.
    expect(await people.groupsOf(carol!, members)).toEqual({ groups: ['managers'], unknown: [] })
  })

  it('are counted once, however many names stand for them', () => {
    expect(people.count(['alice', 'managers'])).toBe(2)
    expect(people.count(['alice', 'nobody'])).toBe(1)
    expect(people.count(['on-call'])).toBe(Number.POSITIVE_INFINITY)
    expect(people.count([])).toBe(0)
    expect(people.mentionsOf(['managers', 'on-call', 'bob'])).toEqual({
      users: ['U0ALICE', 'U0BOB'],
      userGroups: ['S0ONCALL'],
    })
  })

  it('stand in the settings once each', () => {
    const wrong = (given: unknown) =>
      Settings.safeParse({ version: 1, ...(given as object) }).error?.issues.map(({ path }) => path.join('.'))
    expect(
      wrong({
        people: [
          { name: 'a', slackUserId: 'U1' },
          { name: 'b', slackUserId: 'U1' },
        ],
      }),
    ).toEqual(['people.1.slackUserId'])
    expect(wrong({ people: [{ name: 'a' }, { name: 'a' }] })).toEqual(['people.1.name'])
    expect(wrong({ people: [{ name: 'a', tokenHash: 'secret' }] })).toEqual(['people.0.tokenHash'])
    expect(wrong({ people: [{ name: 'a', slackUserId: '@alice' }] })).toEqual(['people.0.slackUserId'])
    expect(wrong({ people: [{ name: 'ops', groups: [] }], groups: [{ name: 'ops' }] })).toEqual(['groups.0.name'])
    expect(wrong({ slack: { mode: 'socket', channel: 'C0A', botToken: 'xoxb-1', appToken: 'nope' } })).toEqual([
      'slack.appToken',
    ])
  })
})
