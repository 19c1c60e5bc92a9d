import { describe, expect, it } from 'vitest'
import { NotifyOptions, notifiersOf, routeOf } from '../../agent/notify/channels.ts'

const channels = [
  { kind: 'pagerduty', routingKey: 'R0123456789012345678901234567890' },
  { kind: 'smtp', host: 'mail.example.org', from: 'failwise@example.org', to: ['oncall@example.org'] },
  { kind: 'webhook', name: 'chat', url: 'https://chat.example/hook' },
]
const ports = { http: () => Promise.reject(new Error('not to be called')), clock: { now: () => 0 } }

describe('the channels to people', () => {
  it('are built from the configuration, under their names', () => {
    const options = NotifyOptions.parse({ channels })
    expect(notifiersOf(options, ports).map(({ name }) => name)).toEqual(['pagerduty', 'smtp', 'chat'])
  })

  it('are tried in their own order unless a route says otherwise; what ends a page goes where pages go', () => {
    const options = NotifyOptions.parse({ channels, routes: { page: ['smtp', 'pagerduty'], notify: ['chat'] } })
    expect((['page', 'late', 'resolve', 'notify'] as const).map((kind) => routeOf(options, kind))).toEqual([
      ['smtp', 'pagerduty'],
      ['smtp', 'pagerduty'],
      ['smtp', 'pagerduty'],
      ['chat'],
    ])
    expect(routeOf(NotifyOptions.parse({ channels }), 'page')).toEqual(['pagerduty', 'smtp', 'chat'])
    expect(routeOf(NotifyOptions.parse(undefined), 'page')).toEqual([])
  })

  it.each([
    [{ channels: [...channels, channels[0]] }, /"pagerduty" stands here twice/],
    [{ channels, routes: { page: ['phone'] } }, /there is no channel "phone"; the channels are: pagerduty, smtp, chat/],
    [{ channels: [{ kind: 'pigeon' }] }, /kind/],
    [{ channels: [{ kind: 'webhook', url: 'ftp://x' }] }, /url/],
    [{ channels: [{ kind: 'webhook', url: 'https://x.example', token: 'x' }] }, /token/],
  ])('are refused when %j is wrong', (options, message) => {
    expect(NotifyOptions.safeParse(options).error?.message).toMatch(message)
  })
})
