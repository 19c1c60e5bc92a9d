import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../agent/domain/decision.ts'
import { Service } from '../../agent/domain/service.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import { Notification } from '../../agent/notify/notifier.ts'
import { commandLine, plainLine, renderText, safeLink } from '../../agent/notify/plain-text.ts'
import { type PageContext, renderLate, renderPage, renderResolved } from '../../agent/notify/render.ts'
import { page } from './notification.ts'

const service = Service.parse({
  name: 'checkout',
  primary: { provider: 'aws', region: 'eu-west-1' },
  runbookUrl: 'https://wiki.example/runbooks/checkout',
})
const opinion: Opinion = {
  analyst: 'rules',
  verdict: {
    rootCause: { category: 'aws_infrastructure', provider: 'aws', summary: 'eu-west-1 answers nobody' },
    recommendedAction: 'region_failover',
    confidence: 0.82,
    reasoning: '',
    citations: [],
    alternatives: [],
    unknowns: [],
  },
  abstained: null,
  calibratedConfidence: null,
  promptHash: null,
  notes: [],
  usage: null,
}
const decision: Decision = {
  action: 'page_human',
  disposition: 'notify',
  target: null,
  planHash: null,
  blocked: [{ action: 'region_failover', rules: ['two_observers', 'lag_known'] }],
  reasons: [
    {
      rule: 'two_observers',
      action: 'region_failover',
      ceiling: 'none',
      outcome: 'block',
      detail: 'only own_telemetry says that users are hurt',
    },
    { rule: 'lag_known', action: null, ceiling: 'none', outcome: 'block', detail: 'replication lag is unknown' },
    { rule: 'frozen', action: null, ceiling: 'act', outcome: 'pass', detail: 'nothing is frozen' },
  ],
  decidedAt: '2026-03-01T12:01:00.000Z',
  snapshotHash: 'aa',
  factsHash: 'bb',
  policyHash: 'cc',
  expiresAt: null,
}
const context: PageContext = {
  decisionId: 'dec-1',
  incidentId: 'inc-1',
  service,
  opinion,
  mode: 'live',
  baseUrl: 'https://failwise.example/',
  overrideCommand: 'failwise explain dec-1',
}

describe('a page', () => {
  it('says the cause first, then what was not permitted and why, and how to act oneself', () => {
    const notification = renderPage(decision, context)
    expect(Notification.parse(notification)).toEqual(notification)
    expect(notification).toMatchObject({
      kind: 'page',
      severity: 'critical',
      title: 'checkout: a person is needed',
      dedupeKey: 'incident:inc-1',
    })
    expect(renderText(notification)).toBe(
      [
        'PAGE: checkout: a person is needed',
        'Service: checkout',
        '',
        '- Cause (rules, 82 %): aws_infrastructure: eu-west-1 answers nobody',
        '- Not permitted: fail over to the secondary region, because of two_observers, lag_known',
        '- two_observers: only own_telemetry says that users are hurt',
        '- lag_known: replication lag is unknown',
        '',
        'Runbook: https://wiki.example/runbooks/checkout',
        'To overrule the agent: failwise explain dec-1',
        'Record: https://failwise.example/decisions/dec-1',
        'Since: 2026-03-01T12:01:00.000Z',
        '',
      ].join('\n'),
    )
  })

  it('asks with the time by which silence means no', () => {
    const asking = renderPage(
      {
        ...decision,
        action: 'region_failover',
        disposition: 'ask',
        blocked: [],
        expiresAt: '2026-03-01T12:11:00.000Z',
      },
      context,
    )
    expect(asking.title).toBe('checkout: asks to fail over to the secondary region')
    expect(asking.reasonLines.at(-2)).toBe('Without an answer by 2026-03-01T12:11:00.000Z the answer is no.')
    expect(asking.reasonLines.at(-1)).toMatch(/^Answer in Slack, or in a terminal: failwise approve inc/)
  })

  it('says why there is no cause, and that shadow mode carries nothing out', () => {
    const abstained: Opinion = { ...opinion, verdict: null, abstained: { reason: 'deadline', detail: '' } }
    expect(renderPage(decision, { ...context, opinion: abstained }).reasonLines[0]).toBe(
      'No cause found: rules abstained (deadline)',
    )
    expect(renderPage(decision, { ...context, mode: 'shadow' }).reasonLines.at(-1)).toMatch(/^Shadow mode/)
  })

  it('informs without waking anybody when nothing needs a person', () => {
    const quiet = renderPage({ ...decision, action: 'observe', disposition: 'record', blocked: [] }, context)
    expect(quiet).toMatchObject({ kind: 'notify', severity: 'info' })
  })

  it('comes when no decision was reached in time, and ends when the incident does', () => {
    const at = '2026-03-01T12:03:00.000Z'
    const late = renderLate({
      incidentId: 'inc-1',
      service,
      openedAt: decision.decidedAt,
      deadlineSeconds: 60,
      attempt: 1,
      reason: 'collectors hung',
      at,
      baseUrl: null,
      overrideCommand: null,
    })
    expect(late).toMatchObject({
      kind: 'late',
      severity: 'critical',
      runbookUrl: 'https://wiki.example/runbooks/checkout',
    })
    expect(renderText(late)).toContain('collectors hung')
    expect(renderResolved('inc-1', service, at)).toMatchObject({ kind: 'resolve', dedupeKey: late.dedupeKey })
    expect(
      Notification.safeParse(late).success && Notification.safeParse(renderResolved('inc-1', service, at)).success,
    ).toBe(true)
  })
})

describe('plain text', () => {
  it('keeps runbook, command and record however many reasons there are', () => {
    const text = renderText(page({ reasonLines: Array(1000).fill('because '.repeat(100)) }), 2000)
    expect(text.length).toBeLessThanOrEqual(2000)
    expect(text).toMatch(/- and \d+ more on the record/)
    expect(text).toContain('Runbook: ')
    expect(text).toContain('To overrule the agent: ')
  })

  it('obeys nothing that an alert says', () => {
    expect(plainLine('\u001b[2Jgone\r\nBcc: x\u0000 \u202eevil\u200b \u2028end', 100)).toBe('[2Jgone Bcc: x evil end')
    expect(plainLine('x'.repeat(10), 5)).toBe('xxxx…')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (text, limit) => {
        const line = plainLine(text, limit)
        expect(line.length).toBeLessThanOrEqual(limit)
        expect(line.isWellFormed()).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is tested
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })

  it.each([
    ['https://wiki.example/a?b=c', 'https://wiki.example/a?b=c'],
    ['http://user:pw@wiki.example/', 'http://wiki.example/'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['file:///etc/passwd', null],
    ['not a url', null],
    [null, null],
    [undefined, null],
  ])('links %j as %j', (url, expected) => {
    expect(safeLink(url)).toBe(expected)
  })

  it('quotes words for a shell', () => {
    expect(commandLine(['failwise', 'freeze', 'check out', "it's", '$(rm)', ''])).toBe(
      `failwise freeze 'check out' 'it'\\''s' '$(rm)' ''`,
    )
  })
})
