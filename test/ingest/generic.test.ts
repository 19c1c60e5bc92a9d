import { describe, expect, it } from 'vitest'
import { readGeneric } from '../../agent/ingest/generic.ts'
import { readInfrastructureHealth } from '../../agent/ingest/infrastructure-health.ts'
import { webhookBody } from '../fixtures/webhooks/read.ts'

describe('a generic body', () => {
  it('may be as small as a name and a service', () => {
    const { alerts, notes } = readGeneric({ name: 'CheckoutDown', service: 'checkout' })
    expect(alerts).toMatchObject([
      {
        name: 'CheckoutDown',
        status: 'firing',
        severity: 'unknown',
        labels: { alertname: 'CheckoutDown', service: 'checkout' },
        endsAt: null,
        source: 'generic',
      },
    ])
    expect(notes).toEqual([])
  })

  it('takes several alerts, labels of any plain kind, and times as text or numbers', () => {
    const { alerts } = readGeneric({
      version: 1,
      alerts: [
        { name: 'A', labels: { shard: 7, primary: true, zone: null }, startsAt: 1772366400 },
        {
          name: 'B',
          status: 'resolved',
          startsAt: 1772366400000,
          endsAt: '2026-03-01T12:05:00+00:00',
          severity: 'Critical',
        },
      ],
    })
    expect(alerts[0]).toMatchObject({ labels: { shard: '7', primary: 'true' }, startsAt: '2026-03-01T12:00:00.000Z' })
    expect(alerts[0]?.labels).not.toHaveProperty('zone')
    expect(alerts[1]).toMatchObject({
      startsAt: '2026-03-01T12:00:00.000Z',
      endsAt: '2026-03-01T12:05:00.000Z',
      severity: 'critical',
    })
  })

  it('tells of fields that it does not know, such as a misspelt service', () => {
    expect(readGeneric({ name: 'A', serivce: 'checkout' }).notes).toMatchObject([
      { kind: 'ignored', detail: expect.stringContaining('"serivce"') },
    ])
  })

  it('keeps the fingerprint of the sender, and otherwise makes one of the labels', () => {
    const [own] = readGeneric({ name: 'A', fingerprint: 'mine' }).alerts
    const [made] = readGeneric({ name: 'A', service: 'x' }).alerts
    const [again] = readGeneric({ service: 'x', name: 'A', summary: 'other words' }).alerts
    expect(own?.fingerprint).toBe('mine')
    expect(again?.fingerprint).toBe(made?.fingerprint)
  })

  it.each([
    [{ version: 2, name: 'A' }, /version 1 \(or carry none\), not 2/],
    [{ service: 'x' }, /alerts\[0\]\.name: expected a text/],
    [{ alerts: [{ name: 'A' }, { name: '' }] }, /alerts\[1\]\.name/],
    [{ alerts: {} }, /alerts: .*expected array/],
    [{ name: 'A', status: 'acknowledged' }, /status: .*"firing"\|"resolved"/],
    [{ name: 'A', startsAt: 1e300 }, /startsAt/],
    [{ name: 'A', startsAt: 'now' }, /startsAt: expected an ISO 8601 time/],
    [[], /expected object, received array/],
    ['text', /expected object, received string/],
    [undefined, /expected object, received undefined/],
  ])('%j is refused', (body, message) => {
    expect(() => readGeneric(body)).toThrow(message)
    expect(() => readGeneric(body)).toThrow(expect.objectContaining({ code: 'payload_invalid' }))
  })
})

describe('an infrastructure_health event', () => {
  it('that is critical carries an alert and flat metrics', () => {
    const event = readInfrastructureHealth(webhookBody('infrastructure-health.json'))
    expect(event).toMatchObject({
      severity: 'critical',
      at: '2026-03-01T12:00:00.000Z',
      labels: { source_cloud: 'aws', service: 'checkout', region: 'eu-west-1' },
      metrics: {
        error_rate: 0.42,
        healthy_nodes: 0,
        'replication.lag_seconds': 180,
        'replication.state': 'broken',
        probe: null,
      },
      alert: { name: 'InfrastructureHealthCritical', status: 'firing', source: 'infrastructure_health' },
    })
    expect(event.alert?.labels).toMatchObject({ alertname: 'InfrastructureHealthCritical', source_cloud: 'aws' })
  })

  it('that warns carries metrics and no alert', () => {
    const event = readInfrastructureHealth({ ...webhookBody('infrastructure-health.json'), severity: 'WARNING' })
    expect(event).toMatchObject({ severity: 'warning', alert: null, metrics: { error_rate: 0.42 } })
  })

  it('about the same place is the same alert, whatever was measured', () => {
    const body = webhookBody('infrastructure-health.json')
    const first = readInfrastructureHealth(body).alert?.fingerprint
    const second = readInfrastructureHealth({ ...body, metrics: {}, timestamp: '2026-03-01T12:05:00Z' }).alert
      ?.fingerprint
    const elsewhere = readInfrastructureHealth({ ...body, region: 'eu-central-1' }).alert?.fingerprint
    expect(second).toBe(first)
    expect(elsewhere).not.toBe(first)
  })

  it.each([
    [{ event_type: 'deploy' }, /event_type: expected "infrastructure_health", not "deploy"/],
    [{ severity: 'fatal' }, /severity: .*"ok"\|"info"\|"warning"\|"critical"/],
    [{ timestamp: 'yesterday' }, /timestamp: expected an ISO 8601 time/],
    [{ source_cloud: '' }, /source_cloud/],
    [{ metrics: { a: { b: { c: 1 } } } }, /metrics/],
    [
      { metrics: Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`m${i}`, i])) },
      /at most 200 values per event, not 201/,
    ],
  ])('with %j is refused', (change, message) => {
    expect(() => readInfrastructureHealth({ ...webhookBody('infrastructure-health.json'), ...change })).toThrow(message)
  })
})
