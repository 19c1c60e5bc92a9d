import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { CloudEvent } from '../../agent/domain/cloud-event.ts'
import { type NatsPart, startNats } from './nats.ts'
import { type PartsAgent, startAgent } from './parts-agent.ts'
import { freePort, removeFolder, scratchFolder, waitUntil } from './servers.ts'

/** An agent and a real broker: what it decides goes out, what others measure comes in, whatever happens to the broker. */
const folder = scratchFolder('events')
let broker: NatsPart
let running: PartsAgent
let line: NatsConnection

async function configure(): Promise<void> {
  const settings = {
    ...{ version: 1, server: { port: await freePort() }, watch: { enabled: false }, log: { level: 'info' } },
    events: {
      source: 'failwise/test',
      nats: { servers: [broker.url], publish: {}, consume: { stream: 'HEALTH', subject: 'health.>' } },
    },
  }
  const primary = { provider: 'aws', region: 'eu-west-1' }
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
  writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, services: [{ name: 'shop', primary }] }))
}

const health = (changes: object = {}) => ({
  ...{
    event_type: 'infrastructure_health',
    timestamp: new Date().toISOString(),
    source_cloud: 'aws',
    severity: 'critical',
  },
  ...{ service: 'shop', metrics: { error_rate: 0.4 }, ...changes },
})
const cloudEvent = (id: string, data: unknown) => ({
  ...{ specversion: '1.0', id, source: 'probe', type: 'infrastructure_health', data },
})

/** Everything that the broker keeps of ours, in order. */
async function published(): Promise<CloudEvent[]> {
  const manager = await jetstreamManager(line)
  // It is made with the first event.
  const info = await manager.streams.info('FAILWISE').catch(() => null)
  if (!info) return []
  const { state } = info
  const events: CloudEvent[] = []
  for (let seq = state.first_seq; seq <= state.last_seq && seq > 0; seq += 1) {
    const message = await manager.streams.getMessage('FAILWISE', { seq })
    if (message) events.push(CloudEvent.parse(message.json()))
  }
  return events
}

const counted = async (name: string) => {
  const text = await running.agent.metrics.registry.metrics()
  return Number(new RegExp(`^failwise_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}

beforeAll(async () => {
  broker = await startNats(folder)
  line = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 200 })
  await (await jetstreamManager(line)).streams.add({ name: 'HEALTH', subjects: ['health.>'] })
  await configure()
  running = await startAgent(folder)
})
afterAll(async () => {
  await running?.stop()
  await line?.close()
  await broker?.stop()
  removeFolder(folder)
})
afterEach(() => expect(running.logLines.filter((text) => text.includes('"level":"error"'))).toEqual([]))

describe('events', () => {
  it('that tell of a critical place open an incident, and the decision about it goes out', async () => {
    await jetstream(line).publish('health.aws', JSON.stringify(cloudEvent('1', health())))
    await waitUntil(async () => (await running.agent.store.decisions.list()).length > 0, 60_000, 'a decision')
    const [decision] = await running.agent.store.decisions.list()
    await waitUntil(async () => (await published()).length > 0, 30_000, 'an event')
    const told = (await published()).find(({ type }) => type === 'failwise.decision_made')
    expect(told).toMatchObject({
      ...{ source: 'failwise/test', subject: 'shop', datacontenttype: 'application/json' },
      data: { decisionId: decision?.id, action: decision?.decision.action },
    })
  })

  it('that come twice change nothing the second time, and what cannot be read does not come back', async () => {
    const before = await running.agent.store.incidents.list()
    const client = jetstream(line)
    const again = JSON.stringify(cloudEvent('1', health()))
    for (const body of [
      again,
      again,
      'no json',
      JSON.stringify({ specversion: '0.3' }),
      JSON.stringify({ event_type: 'x' }),
    ])
      await client.publish('health.aws', body)
    await waitUntil(async () => (await counted('events_received_total{outcome="refused"}')) === 3, 30_000, 'refusals')
    await waitUntil(async () => (await counted('events_received_total{outcome="repeated"}')) === 2, 30_000, 'repeats')
    const { num_pending, num_ack_pending } = await (await jetstreamManager(line)).consumers.info('HEALTH', 'failwise')
    expect({ num_pending, num_ack_pending }).toEqual({ num_pending: 0, num_ack_pending: 0 })
    expect((await running.agent.store.incidents.list()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
  })

  it('wait while the broker is dead, and go out once each, in order, when it is back', async () => {
    const { store } = running.agent
    await broker.kill()
    const by = { kind: 'person', id: 'alice', via: 'cli' } as const
    const reasons = Array.from({ length: 5 }, (_, number) => `reason ${number}`)
    for (const reason of reasons) await store.freezes.set({ service: 'shop', kind: 'freeze', reason, by, until: null })
    await waitUntil(async () => (await counted('events_published_total{outcome="failed"}')) > 0, 60_000, 'a failure')
    expect((await store.outgoing.waiting(10)).length).toBeGreaterThanOrEqual(5)
    await broker.start()
    await waitUntil(async () => (await store.outgoing.waiting(10)).length === 0, 60_000, 'the events to go out')
    const told = (await published()).filter(({ type }) => type === 'failwise.freeze_set')
    expect(told.map(({ data }) => (data as { reason: string }).reason)).toEqual(reasons)
    expect(new Set(told.map(({ id }) => id)).size).toBe(5)
    // And what was told to a broker that died meanwhile comes in.
    await jetstream(line).publish(
      'health.aws',
      JSON.stringify(health({ service: 'shop', severity: 'warning', metrics: { a: 1 } })),
    )
    await waitUntil(
      async () => (await store.scores.metrics('shop'))[0]?.severity === 'warning',
      60_000,
      'the measurement',
    )
  })

  it('published again after a crash in between stand in the stream once', async () => {
    const { store } = running.agent
    const before = (await published()).length
    const by = { kind: 'person', id: 'alice', via: 'cli' } as const
    await store.freezes.lift('shop', by, 'over')
    await waitUntil(async () => (await published()).length > before, 30_000, 'the event')
    await waitUntil(async () => (await store.outgoing.waiting(10)).length === 0, 30_000, 'its mark')
    const [last] = (await published()).slice(-1)
    const ack = await jetstream(line).publish('failwise.events.freeze_lifted', JSON.stringify(last), {
      msgID: last!.id,
    })
    expect(ack.duplicate).toBe(true)
  })
})
