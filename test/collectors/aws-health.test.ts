import { describe, expect, it } from 'vitest'
import type { HttpRequest } from '../../agent/lib/http.ts'
import { retrying } from '../../agent/lib/retry.ts'
import { answering, collectedOne } from './round.ts'
import { awsAnswer, SAMPLES } from './samples.ts'

const operationOf = (request: HttpRequest) => request.headers?.['x-amz-target']?.split('.')[1]
const exception = (type: string, status = 400) => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.health#${type}`, message: 'key hunter2 is bad' }),
})

describe('AWS Health', () => {
  it('reads events, descriptions and own resources, and says what AWS could not describe', async () => {
    const http = answering(awsAnswer)
    const evidence = await collectedOne(SAMPLES['aws-health'], http)
    expect(evidence).toMatchObject({ id: 'aws-health', observer: 'provider', status: 'ok' })
    expect(evidence.truncated).toBe('no description of 1 events: InternalFailure')
    expect(evidence.signals).toHaveLength(2)
    expect(evidence.signals[0]).toMatchObject({
      channel: 'health_api',
      provider: 'aws',
      products: ['EC2'],
      regions: ['eu-west-1'],
      zone: 'euw1-az2',
      category: 'issue',
      state: 'open',
      isAccountSpecific: false,
      startedAt: '2026-05-04T09:30:00.123Z',
      text: 'We are investigating raised error rates.',
    })
    expect(evidence.signals[1]).toMatchObject({
      category: 'maintenance',
      state: 'upcoming',
      isAccountSpecific: true,
      affectedEntities: ['orders-main'],
      text: '',
    })
    expect(http.asked.map(operationOf)).toEqual(['DescribeEvents', 'DescribeEventDetails', 'DescribeAffectedEntities'])
    expect(http.asked[0]?.headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d+\/us-east-1\/health\//,
    )
    expect(JSON.stringify(http.asked)).not.toContain('hunter2')
  })

  it('follows pages, and asks for details ten at a time', async () => {
    const events = Array.from({ length: 23 }, (_, index) => ({
      arn: `arn:${index}`,
      statusCode: 'open',
      lastUpdatedTime: 1777888000,
    }))
    const batches: number[] = []
    const http = answering((request: HttpRequest) => {
      const asked = JSON.parse(request.body ?? '{}') as { nextToken?: string; eventArns?: string[] }
      if (operationOf(request) === 'DescribeEvents')
        return asked.nextToken ? { events: events.slice(12) } : { events: events.slice(0, 12), nextToken: 'next' }
      if (operationOf(request) === 'DescribeAffectedEntities') return { entities: [] }
      batches.push(asked.eventArns?.length ?? 0)
      return { successfulSet: [], failedSet: [] }
    })
    const evidence = await collectedOne(SAMPLES['aws-health'], http)
    expect(evidence.signals).toHaveLength(23)
    expect(batches).toEqual([10, 10, 3])
  })

  it('stops at its cap and says so', async () => {
    const http = answering((request: HttpRequest) =>
      operationOf(request) === 'DescribeEvents'
        ? { events: [{ arn: 'arn:a' }, { arn: 'arn:b' }], nextToken: 'for ever' }
        : { successfulSet: [], failedSet: [], entities: [] },
    )
    const evidence = await collectedOne({ ...SAMPLES['aws-health'], maxEvents: 5 }, http)
    expect(evidence.signals).toHaveLength(5)
    expect(evidence.truncated).toContain('the first 5 events')
    expect(http.asked.filter((request) => operationOf(request) === 'DescribeEvents')).toHaveLength(3)
  })

  it.each([
    ['SubscriptionRequiredException', 'subscription_required'],
    ['AccessDeniedException', 'auth'],
    ['UnrecognizedClientException', 'auth'],
    ['ThrottlingException', 'rate_limited'],
    ['InvalidPaginationToken', 'http'],
  ])('takes %s for %s', async (type, kind) => {
    const evidence = await collectedOne(SAMPLES['aws-health'], answering(exception(type)))
    expect(evidence).toMatchObject({ status: 'failed', error: { kind } })
    expect(evidence.error?.message).not.toContain('hunter2')
  })

  it('is repeated while AWS throttles it', async () => {
    let calls = 0
    const http = answering((request: HttpRequest) => {
      calls += 1
      return calls < 3 ? exception('ThrottlingException') : { status: 200, body: awsAnswer(request) }
    })
    const waits: number[] = []
    const clock = { sleep: async (ms: number) => void waits.push(ms) }
    const evidence = await collectedOne(
      SAMPLES['aws-health'],
      http,
      {},
      { retry: retrying({ clock, random: () => 0 }) },
    )
    expect(evidence.status).toBe('ok')
    expect(waits).toEqual([125, 250])
  })

  it('asks the region that is in charge, and the default one when that is not known', async () => {
    const { endpoint: _fixed, ...found } = SAMPLES['aws-health']
    const hosts = async (resolveCname: (host: string) => Promise<string[]>) => {
      const http = answering({ events: [] })
      const evidence = await collectedOne(found, http, { resolveCname })
      expect(evidence.status).toBe('empty')
      return [http.asked[0]?.url, /\/([a-z0-9-]+)\/health\//.exec(http.asked[0]?.headers?.authorization ?? '')?.[1]]
    }
    expect(await hosts(async () => ['health.us-east-2.amazonaws.com'])).toEqual([
      'https://health.us-east-2.amazonaws.com/',
      'us-east-2',
    ])
    expect(await hosts(async () => ['evil.example'])).toEqual(['https://health.us-east-1.amazonaws.com/', 'us-east-1'])
    expect(await hosts(() => Promise.reject(new Error('no DNS')))).toEqual([
      'https://health.us-east-1.amazonaws.com/',
      'us-east-1',
    ])
  })
})
