import { describe, expect, it } from 'vitest'
import { intakeFor, UNMATCHED_SERVICE } from '../../agent/app/intake.ts'
import { Catalogue } from '../../agent/config/catalogue.ts'
import { Alert } from '../../agent/domain/alert.ts'
import type { ScopedAlert } from '../../agent/store/records.ts'
import type { Store } from '../../agent/store/store.ts'
import { catalogueService } from './agent-under-test.ts'

const RECEIVED = '2026-03-01T12:00:00.000Z'

const mask = async (text: string) => text.replaceAll('hunter2', '<secret>')

function scene() {
  const { services } = Catalogue.parse({
    version: 1,
    services: [
      { ...catalogueService('checkout'), group: 'orders-db' },
      { ...catalogueService('search'), primary: { provider: 'gcp', region: 'europe-west4' }, secondary: null },
      { ...catalogueService('api'), match: [{ job: 'api-*' }] },
      { ...catalogueService('api-internal'), match: [{ job: '*-internal' }] },
    ],
  })
  const stored: ScopedAlert[] = []
  const incidents = {
    ingestAlerts: async (alerts: readonly ScopedAlert[]) => {
      stored.push(...alerts)
      return { incidents: [], received: alerts.length, duplicates: 0, outOfOrder: 0, resolvedUnknown: 0 }
    },
  } as unknown as Store['incidents']
  return { intake: intakeFor(services, { incidents }, mask), stored }
}

function alert(labels: Record<string, string>): Alert {
  const fingerprint = Object.values(labels).join('/')
  return Alert.parse({ fingerprint, name: 'Down', status: 'firing', labels, startsAt: RECEIVED, source: 'generic' })
}

describe('intake', () => {
  it('puts an alert under its service, its failover group and its provider', async () => {
    const { intake, stored } = scene()
    await intake([alert({ service: 'checkout' }), alert({ service: 'search' }), alert({ job: 'api-7' })], RECEIVED)
    expect(stored.map(({ service, group, provider }) => [service, group, provider])).toEqual([
      ['checkout', 'orders-db', 'aws'],
      ['search', 'search', 'gcp'],
      ['api', 'api', 'aws'],
    ])
  })

  it('stores what fits no service, or two alike, and says why', async () => {
    const { intake, stored } = scene()
    const { unmatched } = await intake([alert({ service: 'nobody' }), alert({ job: 'api-internal' })], RECEIVED)
    expect(stored.map(({ service, provider }) => [service, provider])).toEqual([
      [UNMATCHED_SERVICE, 'unknown'],
      [UNMATCHED_SERVICE, 'unknown'],
    ])
    expect(unmatched.map(({ fingerprint }) => fingerprint)).toEqual(['nobody', 'api-internal'])
    expect(unmatched[1]?.reason).toContain('2 services')
  })

  it('masks secrets in labels and annotations before anything is kept, and keeps the identity', async () => {
    const { intake, stored } = scene()
    const leaking = alert({ service: 'checkout', url: 'https://u:hunter2@db' })
    await intake([{ ...leaking, annotations: { summary: 'password hunter2' } }], RECEIVED)
    expect(JSON.stringify([stored[0]?.alert.labels, stored[0]?.alert.annotations])).not.toContain('hunter2')
    expect(stored[0]?.service).toBe('checkout')
    expect(stored[0]?.alert.fingerprint).toBe(leaking.fingerprint)
  })

  it('is not done before the alerts are stored', async () => {
    const { services } = Catalogue.parse({ version: 1, services: [catalogueService('shop')] })
    const away = { ingestAlerts: () => Promise.reject(new Error('the disk is full')) } as unknown as Store['incidents']
    const intake = intakeFor(services, { incidents: away }, mask)
    await expect(intake([alert({ service: 'shop' })], RECEIVED)).rejects.toThrow('the disk is full')
  })
})
