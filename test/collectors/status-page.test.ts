import { describe, expect, it } from 'vitest'
import type { ComponentSignal, ProviderEventSignal } from '../../agent/domain/signal.ts'
import { regionsInTitle } from '../../collectors/shared/regions.ts'
import { answering, collectedOne } from './round.ts'
import { fixture, SAMPLES } from './samples.ts'

type Format = 'statuspage.v2' | 'gcp.incidents' | 'rss' | 'aws.currentevents'

async function read(format: Format, body: string) {
  const evidence = await collectedOne({ ...SAMPLES['status-page'], format }, answering({ status: 200, body }))
  expect(evidence.error).toBeUndefined()
  const events = evidence.signals.filter((signal): signal is ProviderEventSignal => signal.kind === 'provider_event')
  const components = evidence.signals.filter((signal): signal is ComponentSignal => signal.kind === 'component')
  return { evidence, events, components }
}

describe('Statuspage v2', () => {
  it('reads incidents, maintenances and components in trouble', async () => {
    const { evidence, events, components } = await read('statuspage.v2', fixture('status-page/statuspage-v2.json'))
    expect(evidence).toMatchObject({ id: 'status:edge', observer: 'provider', status: 'ok' })
    expect(events.map(({ category, state, severity }) => [category, state, severity])).toEqual([
      ['issue', 'open', 'medium'],
      ['issue', 'monitoring', 'low'],
      ['maintenance', 'upcoming', 'none'],
    ])
    expect(events[0]).toMatchObject({
      provider: 'edge',
      products: ['CDN/Cache'],
      startedAt: '2026-05-04T09:30:00.000Z',
      text: 'A cache layer is being restarted.\nWe are looking into it.',
    })
    expect(events[2]?.startedAt).toBe('2026-05-05T02:00:00.000Z')
    // Groups repeat their members; what is operational says nothing; an unknown word is not health.
    expect(components.map(({ name, status }) => [name, status])).toEqual([
      ['CDN/Cache', 'partial_outage'],
      ['Logs', 'maintenance'],
      ['New thing', 'unknown'],
    ])
  })

  it('marks regions that only the title tells', async () => {
    const { events } = await read('statuspage.v2', fixture('status-page/statuspage-v2.json'))
    expect(events[0]).toMatchObject({ regions: ['eu-west-1', 'europe-west4'], regionsFrom: 'title' })
    expect(events[1]).not.toHaveProperty('regionsFrom')
  })

  it('is empty when all is well', async () => {
    const body = { page: {}, components: [{ name: 'DNS', status: 'operational' }], incidents: [] }
    const { evidence } = await read('statuspage.v2', JSON.stringify(body))
    expect(evidence.status).toBe('empty')
  })
})

describe('Google Cloud incidents', () => {
  it('reads open and lately closed incidents and leaves history out', async () => {
    const { events } = await read('gcp.incidents', fixture('status-page/gcp-incidents.json'))
    expect(events.map(({ title, state }) => [title, state])).toEqual([
      ['Several products unavailable in europe-west4-b', 'open'],
      ['Slow builds', 'closed'],
    ])
    expect(events[0]).toMatchObject({
      products: ['Google Compute Engine', 'Cloud SQL'],
      regions: ['europe-west4'],
      zone: 'europe-west4-b',
      severity: 'high',
      text: 'Second word.\nFirst word.',
    })
    expect(events[1]).toMatchObject({ regions: ['europe-west1', 'us-central1'], zone: null })
    expect(events[0]).not.toHaveProperty('regionsFrom')
  })
})

describe('Azure RSS', () => {
  it('takes items of one title for one event, with regions from its categories', async () => {
    const { events } = await read('rss', fixture('status-page/azure-feed.xml'))
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({
      products: ['Storage'],
      regions: ['westeurope'],
      state: 'open',
      startedAt: '2026-05-04T09:20:00.000Z',
      updatedAt: '2026-05-04T09:50:00.000Z',
      text: 'Engineers found a cause.\nStarting at 09:10 UTC, calls may fail .',
    })
    expect(events[0]).not.toHaveProperty('regionsFrom')
    expect(events[1]).toMatchObject({
      state: 'closed',
      regions: ['southcentralus'],
      regionsFrom: 'title',
      text: 'It is over & done.',
    })
  })

  it.each([
    [['Front Door - Investigating', 'Front Door – Mitigated'], 'closed'],
    [['Front Door', 'Front Door - Monitoring'], 'monitoring'],
    [['Front Door - Mitigated', 'Front Door - Investigating'], 'open'],
    [['Front Door', 'RCA - Front Door'], 'closed'],
    [['Unmitigated trouble'], 'open'],
    [['Resolved names go to the wrong place'], 'open'],
  ])('takes %j for one event of state %s, as the newest title tells', async (titles, state) => {
    const items = titles.map(
      (title, hour) => `<item><title>${title}</title><pubDate>Mon, 04 May 2026 0${hour}:00:00 GMT</pubDate></item>`,
    )
    const { events } = await read('rss', `<rss version="2.0"><channel>${items.join('')}</channel></rss>`)
    expect(events.map((event) => event.state)).toEqual([state])
  })

  it('is empty without items, and refuses entities and document types', async () => {
    const channel = '<channel><title>Azure Status</title></channel>'
    expect((await read('rss', `<rss version="2.0">${channel}</rss>`)).evidence.status).toBe('empty')
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss>${channel}</rss>`
    const evidence = await collectedOne(
      { ...SAMPLES['status-page'], format: 'rss' },
      answering({ status: 200, body: bomb }),
    )
    expect(evidence.error?.kind).toBe('malformed')
  })
})

describe('AWS public events', () => {
  it('reads regions and products from ARNs and keys', async () => {
    const { events } = await read('aws.currentevents', fixture('status-page/aws-currentevents.json'))
    expect(events[0]).toMatchObject({
      products: ['AWS Lambda', 'Amazon Elastic Compute Cloud'],
      regions: ['us-west-2'],
      state: 'open',
      severity: 'medium',
      text: 'We see recovery.\nWe are investigating.',
    })
    expect(events[1]).toMatchObject({
      state: 'closed',
      regions: ['eu-west-3'],
      products: ['Amazon Simple Storage Service'],
    })
  })
})

describe('regions in titles', () => {
  it.each([
    ['Virtual Machines - South Central US', ['southcentralus']],
    ['East US 2 and West Europe', ['eastus2', 'westeurope']],
    ['Errors in us-gov-west-1', ['us-gov-west-1']],
    ['northamerica-northeast1 is slow', ['northamerica-northeast1']],
    ['All of Europe and the US east coast', []],
    ['Frankfurt', []],
  ])('%s', (title, regions) => {
    expect(regionsInTitle(title)).toEqual(regions)
  })
})
