import { describe, expect, it } from 'vitest'
import { parseAlertmanager, readAlertmanager } from '../../agent/ingest/alertmanager.ts'
import { readGrafana } from '../../agent/ingest/grafana.ts'
import { webhookBody } from '../fixtures/webhooks/read.ts'

describe('an Alertmanager webhook', () => {
  it('becomes alerts with UTC times, no end while firing, and the severity in lower case', () => {
    const [firing, resolved] = parseAlertmanager(webhookBody('alertmanager.json'))
    expect(firing).toMatchObject({
      fingerprint: '1a30ba71cca2921f',
      name: 'CheckoutErrors',
      status: 'firing',
      severity: 'critical',
      startsAt: '2026-03-01T11:58:30.123Z',
      endsAt: null,
      source: 'alertmanager',
    })
    expect(firing?.annotations.generator_url).toBe('http://prometheus.example:9090/graph?g0.expr=up')
    expect(resolved).toMatchObject({
      status: 'resolved',
      severity: 'warning',
      startsAt: '2026-03-01T11:40:00.000Z',
      endsAt: '2026-03-01T11:58:00.000Z',
    })
  })

  it.each(['3', '5', 4, null, '', undefined, { v: '4' }])(
    'of version %j is refused with the version it should have',
    (version) => {
      expect(() => parseAlertmanager({ ...webhookBody('alertmanager.json'), version })).toThrow(
        /version.*must be of version "4"/,
      )
    },
  )

  it('says what is wrong and where', () => {
    const body = {
      version: '4',
      alerts: [{ status: 'firing', labels: {}, startsAt: '2026-03-01T12:00:00Z' }, { status: 'on' }],
    }
    expect(() => parseAlertmanager(body)).toThrow(/alerts\[1\]\.status: .*"firing"\|"resolved".*alerts\[1\]\.labels/)
  })

  it('gets a fingerprint from its labels when it has none, whatever their order', () => {
    const alert = { status: 'firing', startsAt: '2026-03-01T12:00:00Z' }
    const [a, b, c] = parseAlertmanager({
      version: '4',
      alerts: [
        { ...alert, labels: { alertname: 'Down', service: 'checkout' } },
        { ...alert, labels: { service: 'checkout', alertname: 'Down' } },
        { ...alert, labels: { service: 'billing', alertname: 'Down' } },
      ],
    })
    expect(a?.fingerprint).toMatch(/^[0-9a-f]{16}$/)
    expect(b?.fingerprint).toBe(a?.fingerprint)
    expect(c?.fingerprint).not.toBe(a?.fingerprint)
  })

  it('that was truncated by the sender says so', () => {
    expect(readAlertmanager({ ...webhookBody('alertmanager.json'), truncatedAlerts: 12 }).notes).toMatchObject([
      { kind: 'truncated', detail: expect.stringContaining('12 alerts') },
    ])
    expect(readAlertmanager(webhookBody('alertmanager.json')).notes).toEqual([])
  })

  it('keeps an alert whose end cannot be read, as ended at an unknown time', () => {
    const [alert] = parseAlertmanager({
      version: '4',
      alerts: [{ status: 'resolved', labels: { alertname: 'X' }, startsAt: '2026-03-01T12:00:00Z', endsAt: 'soon' }],
    })
    expect(alert).toMatchObject({ status: 'resolved', endsAt: null })
  })

  it('loses what PostgreSQL cannot hold: NUL characters and half surrogates', () => {
    const [alert] = parseAlertmanager({
      version: '4',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'a\u0000b', odd: '\ud800' },
          annotations: { long: 'x'.repeat(100_000) },
          startsAt: '2026-03-01T12:00:00Z',
          fingerprint: 'f'.repeat(5000),
        },
      ],
    })
    expect(alert?.name).toBe('a\ufffdb')
    expect(alert?.labels.odd).toBe('\ufffd')
    expect(alert?.annotations.long?.length).toBe(8192)
    expect(alert?.fingerprint).toMatch(/^[0-9a-f]{32}$/)
  })

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-03-01 12:00',
    '12:00',
    'yesterday',
    '10000-01-01T00:00:00Z',
    '2026-03-01T12:00:00',
  ])('with the start %j is refused', (startsAt) => {
    const alerts = [{ status: 'firing', labels: { alertname: 'X' }, startsAt }]
    expect(() => parseAlertmanager({ version: '4', alerts })).toThrow(
      /alerts\[0\]\.startsAt: expected an ISO 8601 time/,
    )
  })
})

describe('a Grafana webhook', () => {
  it('becomes alerts with their values and the panel to look at', () => {
    const { alerts, notes } = readGrafana(webhookBody('grafana.json'))
    expect(alerts[0]).toMatchObject({
      fingerprint: 'c6eadffa33fcdf37',
      source: 'grafana',
      startsAt: '2026-03-01T11:51:03.157Z',
      annotations: { values: '{"B":"0.34","C":"1"}', dashboard_url: 'https://grafana.example/d/abc?viewPanel=2' },
    })
    expect(notes).toMatchObject([{ kind: 'truncated' }])
  })

  it('about missing data stays a firing alert under that name', () => {
    const { alerts } = readGrafana(webhookBody('grafana.json'))
    expect(alerts[1]).toMatchObject({ name: 'DatasourceNoData', status: 'firing', severity: 'unknown' })
  })

  it('of legacy alerting, or of Alertmanager, is refused by name', () => {
    expect(() => readGrafana(webhookBody('grafana-legacy.json'))).toThrow(/legacy alerting/)
    expect(() => readGrafana(webhookBody('alertmanager.json'))).toThrow(/must be of version "1".*not "4"/)
  })
})
