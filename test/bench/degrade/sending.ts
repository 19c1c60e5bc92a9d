import { Agent } from 'node:http'
import { exchange } from '../load.ts'
import { ALERTS, PER_DELIVERY, serviceNames, serviceOfAlert } from './services.ts'

const STORM_MS = 10_000
const CONNECTIONS = 64
const AGAIN_MS = 250

/** Sends the storm at an even pace, each delivery when its time has come, and again when it is refused, as Alertmanager does. */
export async function paced(
  url: string,
): Promise<{ latenciesMs: number[]; seconds: number; repeats: number; names: string[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const deliveries = ALERTS / PER_DELIVERY
  const latenciesMs: number[] = []
  let repeats = 0
  const startedMs = performance.now()
  const deliver = async (index: number) => {
    await sleep((index * STORM_MS) / deliveries)
    const body = JSON.stringify(delivery(Array.from({ length: PER_DELIVERY }, (_, i) => index * PER_DELIVERY + i)))
    for (;;) {
      const sentMs = performance.now()
      const answer = await exchange(agent, `${url}/v1/alerts/alertmanager`, body).catch(() => null)
      if (answer?.status === 202) return void latenciesMs.push(performance.now() - sentMs)
      repeats += 1
      await sleep(AGAIN_MS)
    }
  }
  await Promise.all(Array.from({ length: deliveries }, (_, index) => deliver(index)))
  agent.destroy()
  const names = Array.from({ length: ALERTS }, (_, number) => nameOf(number))
  return { latenciesMs, seconds: (performance.now() - startedMs) / 1000, repeats, names }
}

/** Repeats of known alerts and new ones, 20 a second; memory every five seconds. */
export async function steady(url: string, forMs: number, memoryMb: () => Promise<number>) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const startedMs = performance.now()
  const samples: { minute: number; mb: number }[] = []
  const names = serviceNames('well')
  for (let second = 0; performance.now() - startedMs < forMs; second += 1) {
    const alerts = Array.from({ length: 20 }, (_, i) => ({
      service: names[(second * 20 + i) % names.length]!,
      name: `steady-${i}`,
    }))
    await exchange(agent, `${url}/v1/alerts/alertmanager`, JSON.stringify(bodyOf(alerts))).catch(() => null)
    if (second % 5 === 0) samples.push({ minute: (performance.now() - startedMs) / 60_000, mb: await memoryMb() })
    await sleep(1000)
  }
  agent.destroy()
  return samples
}

function delivery(numbers: readonly number[]): unknown {
  return bodyOf(numbers.map((number) => ({ service: serviceOfAlert(number), name: nameOf(number) })))
}

function nameOf(number: number): string {
  return `storm-${number}`
}

function bodyOf(alerts: readonly { readonly service: string; readonly name: string }[]): unknown {
  return {
    ...{ version: '4', groupKey: 'g', status: 'firing', receiver: 'failwise', groupLabels: {}, commonLabels: {} },
    ...{ commonAnnotations: {}, externalURL: 'http://alertmanager.example' },
    alerts: alerts.map(({ service, name }) => ({
      status: 'firing',
      labels: { alertname: name, service, severity: 'critical' },
      annotations: { summary: 'the error rate is above one percent' },
      startsAt: new Date().toISOString(),
      endsAt: '0001-01-01T00:00:00Z',
    })),
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
