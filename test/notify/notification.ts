import type { Notification } from '../../agent/notify/notifier.ts'

/** A page as the agent sends it. */
export function page(change: Partial<Notification> = {}): Notification {
  return {
    id: 'decision:dec-1',
    dedupeKey: 'incident:inc-1',
    kind: 'page',
    severity: 'critical',
    title: 'checkout: a person is needed',
    service: 'checkout',
    reasonLines: [
      'Cause (rules, 82 %): aws_infrastructure: the region is down',
      'Not permitted: region_failover, because of two_observers',
    ],
    runbookUrl: 'https://wiki.example/runbooks/checkout',
    overrideCommand: 'failwise explain dec-1',
    recordUrl: 'https://failwise.example/decisions/dec-1',
    at: '2026-03-01T12:01:00.000Z',
    ...change,
  }
}
