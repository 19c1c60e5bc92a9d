import { describe, expect, it } from 'vitest'
import { dependencyFacts, providerEventFacts } from '../../agent/domain/facts-provider.ts'
import type { Service } from '../../agent/domain/service.ts'
import type { ProviderEventSignal } from '../../agent/domain/signal.ts'
import { dependencyParts, sameProduct, sameVendor } from '../../agent/domain/site-match.ts'

describe('products', () => {
  it.each([
    ['Cloud Load Balancing', 'cloud_load_balancing'],
    ['Cloud Load Balancing', 'cloud-load-balancing'],
    ['cloud-load-balancing', 'cloud load balancing'],
    ['Load Balancing', 'cloud_load_balancing'],
    ['Cloud Load Balancing', 'load-balancing'],
    ['Azure Front Door', 'front_door'],
    ['Front Door', 'frontdoor'],
    ['Workers KV', 'workers-kv'],
    ['CDN/Cache', 'cdn'],
    ['SES', 'ses'],
  ])('%s and %s are one, however they are joined', (spelled, product) => {
    expect(sameProduct(spelled, product)).toBe(true)
  })

  it.each([
    ['Cloud Run', 'cloud_load_balancing'],
    ['Balancing Load', 'cloud_load_balancing'],
    ['Sessions', 'ses'],
    ['Cloud', ''],
    ['Key Vault', 'key_store'],
  ])('%s and %s are two', (spelled, product) => {
    expect(sameProduct(spelled, product)).toBe(false)
  })
})

describe('dependencies', () => {
  it.each(['third_party:mail-post', 'third-party:mail-post', 'Third Party: mail-post'])(
    '%s is a third party',
    (name) => {
      expect(dependencyParts(name)).toEqual({ kind: 'third_party', vendor: 'mail-post', product: null })
    },
  )

  it('know a vendor by any joint', () => {
    expect(sameVendor('mail_post', 'mail-post')).toBe(true)
    expect(sameVendor('Mail Post', 'mail-post')).toBe(true)
    expect(sameVendor('mail', 'postmail')).toBe(false)
  })
})

describe('an event of a provider', () => {
  const service: Service = {
    name: 'till',
    tier: 'critical',
    primary: { provider: 'gcp', region: 'us-east1' },
    secondary: { provider: 'gcp', region: 'us-central1' },
    dr: null,
    dependsOn: ['gcp:cloud_load_balancing', 'gcp:cloud-run'],
    slo: { availability: 0.999, rtoMinutes: 15, rpoMinutes: 5 },
  }
  const event: ProviderEventSignal = {
    kind: 'provider_event',
    id: 'status:gcp:event-1',
    channel: 'status_page',
    provider: 'gcp',
    products: ['Cloud Load Balancing'],
    regions: ['us-east1'],
    zone: null,
    category: 'issue',
    state: 'open',
    severity: 'high',
    isAccountSpecific: false,
    affectedEntities: [],
    startedAt: '2026-05-04T09:40:00.000Z',
    updatedAt: '2026-05-04T09:50:00.000Z',
    endedAt: null,
    title: 'Errors',
    text: 'Errors.',
  }
  const now = '2026-05-04T10:00:00.000Z'
  const evidence = [
    {
      id: 'status:gcp',
      source: 'status-page',
      observer: 'provider' as const,
      status: 'ok' as const,
      observedAt: now,
      signals: [event],
    },
  ]

  it('is about the dependency that it names with other joints, and about no other', () => {
    const facts = providerEventFacts(evidence, service, service.dependsOn, null, now)
    expect(facts[0]?.dependencies).toEqual(['gcp:cloud_load_balancing'])
    const states = dependencyFacts(service.dependsOn, evidence, facts, [])
    expect(states.map(({ name, state }) => [name, state])).toEqual([
      ['gcp:cloud_load_balancing', 'failing'],
      ['gcp:cloud-run', 'clear'],
    ])
  })
})
