import { Agent } from 'node:http'
import { compared, type Figure, figureOf, oneFigure, percentile } from './figures.ts'
import { exchange, storm } from './load.ts'
import { type Served, serveAgent, servePlain } from './served.ts'

const ALERTS = 10_000
const SERVICES = Array.from({ length: 125 }, (_, index) => `service-${index}`)
const CONNECTIONS = 64
const PLAIN = 'plain insert handler'

/** What the plain handler needs for the same, for ratios. */
export interface PlainFigures {
  readonly ackMs: number
  readonly perSecond: number
  readonly coldMs: number
  readonly memoryMb: number
}

/** A storm of alerts over HTTP against the agent and against the plain handler, each in a process of its own; and how both start and grow. */
export async function benchStorm(): Promise<{ figures: Figure[]; plain: PlainFigures }> {
  const plain = await plainFigures()
  const served = await serveAgent(SERVICES)
  try {
    const coldMs = served.readyMs + (await firstDecisionMs(served))
    const startMb = await served.memoryMb()
    const single = await storm(`${served.url}/v1/alerts/alertmanager`, deliveries('one', 1), CONNECTIONS)
    const bursts = await storm(`${served.url}/v1/alerts/alertmanager`, deliveries('burst', 100), 8)
    const memoryMb = await served.memoryMb()
    const lost = 2 * ALERTS + 1 - (await storedAlerts(served))
    const figures = [
      compared(
        figureOf('webhook acknowledgement, 10,000 alerts one by one', single.latenciesMs, 'ms'),
        plain.ackMs,
        PLAIN,
      ),
      compared(oneFigure('the same: alerts taken', ALERTS / single.seconds, 'per second'), plain.perSecond, PLAIN),
      figureOf('webhook acknowledgement, 10,000 alerts by the hundred', bursts.latenciesMs, 'ms'),
      compared(oneFigure('the same: alerts taken', ALERTS / bursts.seconds, 'per second'), plain.perSecond, PLAIN),
      oneFigure('alerts lost of all these', lost, ''),
      compared(oneFigure('cold start to the first decision', coldMs, 'ms'), plain.coldMs, `${PLAIN}, to its first row`),
      compared(oneFigure('memory after the start', startMb, 'MB'), plain.memoryMb, PLAIN),
      compared(oneFigure('memory after 20,000 alerts', memoryMb, 'MB'), plain.memoryMb, PLAIN),
    ]
    return { figures, plain }
  } finally {
    await served.stop()
  }
}

async function plainFigures(): Promise<PlainFigures> {
  const served = await servePlain()
  const agent = new Agent({ keepAlive: true })
  try {
    const url = `${served.url}/v1/alerts/alertmanager`
    const askedAt = performance.now()
    await exchange(agent, url, deliveries('first', ALERTS)[0])
    const coldMs = served.readyMs + performance.now() - askedAt
    const { latenciesMs, seconds } = await storm(url, deliveries('one', 1), CONNECTIONS)
    const memoryMb = await served.memoryMb()
    return { ackMs: percentile(latenciesMs, 0.5), perSecond: ALERTS / seconds, coldMs, memoryMb }
  } finally {
    agent.destroy()
    await served.stop()
  }
}

async function firstDecisionMs(served: Served): Promise<number> {
  const agent = new Agent({ keepAlive: true })
  const startedAt = performance.now()
  try {
    await exchange(agent, `${served.url}/v1/alerts/alertmanager`, JSON.stringify(delivery('first', [0])))
    while (((await served.get('/v1/decisions?limit=1')) as { items: unknown[] }).items.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    return performance.now() - startedAt
  } finally {
    agent.destroy()
  }
}

/** Asked back from the agent itself, incident by incident. */
async function storedAlerts(served: Served): Promise<number> {
  let stored = 0
  for (const service of SERVICES) {
    const { items } = (await served.get(`/v1/incidents?service=${service}&limit=100`)) as { items: { id: string }[] }
    for (const { id } of items) {
      const { alerts } = (await served.get(`/v1/incidents/${id}`)) as { alerts: unknown[] }
      stored += alerts.length
    }
  }
  return stored
}

function deliveries(kind: string, alertsEach: number): string[] {
  return Array.from({ length: Math.ceil(ALERTS / alertsEach) }, (_, delivered) =>
    JSON.stringify(
      delivery(
        kind,
        Array.from({ length: alertsEach }, (_, index) => delivered * alertsEach + index),
      ),
    ),
  )
}

function delivery(kind: string, numbers: readonly number[]): unknown {
  return {
    ...{ version: '4', groupKey: 'g', status: 'firing', receiver: 'failwise', groupLabels: {}, commonLabels: {} },
    ...{ commonAnnotations: {}, externalURL: 'http://alertmanager.example' },
    alerts: numbers.map((number) => ({
      status: 'firing',
      labels: { alertname: `${kind}-${number}`, service: SERVICES[number % SERVICES.length], severity: 'critical' },
      annotations: { summary: 'the error rate is above one percent', runbook: 'https://wiki.example/errors' },
      startsAt: new Date().toISOString(),
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example/graph',
    })),
  }
}
