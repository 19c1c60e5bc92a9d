import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anomalyKeeperOf } from '../../agent/app/anomaly.ts'
import { collectorOptionsOf } from '../../agent/config/catalogue.ts'
import { loadConfig } from '../../agent/config.ts'
import { Service } from '../../agent/domain/service.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { collectEvidence } from '../../agent/engine/collect.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { sortableIds } from '../../agent/lib/ids.ts'
import { createMask } from '../../agent/lib/mask.ts'
import { retrying } from '../../agent/lib/retry.ts'
import { collectorsFor } from '../../collectors/index.ts'
import { httpOnlyPorts } from '../../collectors/shared/ports.ts'
import { normal } from '../anomaly/synthetic.ts'
import { testServer } from '../store/test-database.ts'
import { type Part, removeFolder, scratchFolder, startPrometheus } from './servers.ts'

const DAYS = 6
const STEP = 60
const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** The newest full minute; the injected trouble began forty minutes before it. */
const END = Math.floor(Date.now() / 60_000) * 60
const BEGAN = END - 2400
/** Another one, a day before, for the backtest. */
const EARLIER = END - 86_400

/** Days of a shop's metrics with a daily rhythm: requests as a counter, errors, latency, processor time of two pods. */
function history(): string {
  const noise = normal(7)
  const rows = (DAYS * 86_400) / STEP
  const lines: Record<string, string[]> = { requests: [], errors: [], latency: [], cpuA: [], cpuB: [] }
  let requests = 0
  for (let i = 0; i <= rows; i++) {
    const at = END - (rows - i) * STEP
    const load = 100 + 40 * Math.sin((2 * Math.PI * at) / 86_400) + 4 * noise()
    const isBroken = at >= BEGAN || (at >= EARLIER && at < EARLIER + 3600)
    requests += load * STEP
    lines.requests?.push(`shop_requests_total ${requests} ${at}`)
    lines.errors?.push(`shop_errors ${Math.max(0, load * 0.01 + 0.1 * noise())} ${at}`)
    lines.latency?.push(`shop_latency_seconds ${0.2 + load / 1000 + 0.01 * noise() + (isBroken ? 0.5 : 0)} ${at}`)
    lines.cpuA?.push(`shop_cpu{pod="a"} ${load / 200 + 0.02 * noise()} ${at}`)
    lines.cpuB?.push(`shop_cpu{pod="b"} ${load / 210 + 0.02 * noise()} ${at}`)
  }
  const { requests: counter = [], errors = [], latency = [], cpuA = [], cpuB = [] } = lines
  return [
    ...['# TYPE shop_requests counter', ...counter],
    ...['# TYPE shop_errors gauge', ...errors],
    ...['# TYPE shop_latency_seconds gauge', ...latency],
    ...['# TYPE shop_cpu gauge', ...cpuA, ...cpuB],
    '# EOF\n',
  ].join('\n')
}

function services(url: string): string {
  const query = (name: string, text: string) =>
    `      - {source: prometheus, url: '${url}', name: ${name}, query: '${text}'}`
  return `version: 1
services:
  - name: shop
    primary: {provider: aws, region: eu-west-1}
    collect:
${query('requests', 'sum(rate(shop_requests_total[5m]))')}
${query('errors', 'shop_errors')}
${query('latency', 'shop_latency_seconds')}
${query('cpu', 'shop_cpu')}
  - name: young
    primary: {provider: aws, region: eu-west-1}
    collect:
${query('nothing', 'no_such_metric')}
`
}

describe('anomaly models over a real Prometheus', () => {
  const folder = scratchFolder('anomaly')
  const databases = testServer()
  let server: Part

  beforeAll(async () => {
    server = await startPrometheus({ folder, history: history() })
    writeFileSync(join(folder, 'services.yaml'), services(server.url))
    writeFileSync(join(folder, 'failwise.yaml'), 'version: 1\nanomaly: {historyDays: 5}\n')
  })
  afterAll(async () => {
    await server?.stop()
    removeFolder(folder)
  })

  const failwise = async (...args: string[]) => {
    const node = join(ROOT, 'node_modules/.bin/node')
    const options = { cwd: folder, env: { ...process.env, NO_COLOR: '1' } }
    try {
      const { stdout, stderr } = await run(node, [join(ROOT, 'agent/cli.ts'), 'anomaly', ...args], options)
      return { code: 0, stdout, stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, stdout, stderr }
    }
  }

  it('are trained from the past without labels, with progress on long work', async () => {
    const { code, stdout, stderr } = await failwise('train', 'shop')
    expect(stderr).toContain('reading the history of shop')
    expect(stdout).toMatch(/trained on \d+ rows of 5 metrics/)
    expect(code).toBe(0)
    const { stdout: list } = await failwise('list')
    expect(list).toMatch(/shop {2}best {2}72\d\d rows of 5 metrics/)
  })

  it('trained before the trouble, name the metric and since when, at a decision', async () => {
    const config = loadConfig(folder, {})
    const { store, clock } = await databases.open()
    const retry = retrying({ clock, random: Math.random })
    const http = httpClient(HttpClientOptions.parse({}))
    const mask = createMask({ key: 'a key of the mask for tests' })
    const observe = {
      trained: () => {},
      read: () => {},
      opinion: () => {},
      problem: (_: string, e: unknown) => expect.fail(String(e)),
    }
    const keeper = anomalyKeeperOf(config, { store, clock, newId: sortableIds(clock), http, mask, retry, observe })
    const abort = new AbortController().signal
    clock.set(instantOf((BEGAN - 3600) * 1000))
    await keeper.train('shop', abort)
    clock.set(instantOf((BEGAN - 600) * 1000))
    expect(await keeper.advance(abort)).toBeGreaterThan(40)

    const takenAt = instantOf((BEGAN + 900) * 1000)
    const [listed] = config.catalogue.services
    if (!listed) expect.fail('the service is in the catalogue')
    const service = Service.parse(listed)
    const collectors = collectorsFor({ collectors: collectorOptionsOf(listed, config.catalogue) }, httpOnlyPorts(clock))
    const window = { from: instantOf((BEGAN - 2700) * 1000), to: takenAt }
    const evidence = await collectEvidence(collectors, { service }, { window, http, mask, clock, retry, abort }, 10_000)
    const opinion = await keeper.opinion({ version: 1, takenAt, service, alerts: [], evidence })
    if (opinion?.status !== 'ok') expect.fail(opinion?.reason)
    expect(opinion).toMatchObject({ isAnomalous: true, missing: [] })
    expect(opinion.contributions[0]?.metric).toBe('latency{__name__="shop_latency_seconds"}')
    const since = Date.parse(opinion.contributions[0]?.since ?? '') / 1000
    expect(Math.abs(since - BEGAN)).toBeLessThanOrEqual(2 * STEP)
    expect(opinion.risk30?.probability).toBeGreaterThan(3 * (opinion.risk30?.baseRate ?? 1))
  })

  it('are asked about now from the command line', async () => {
    const { stdout } = await failwise('explain', 'shop', '--json')
    // Trained a moment ago on a past that ends in the trouble: an alarm may have passed, the cause has not.
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'ok',
      contributions: expect.arrayContaining([expect.objectContaining({ metric: expect.stringContaining('latency') })]),
    })
  })

  it('say in a backtest what they would have said, and how often', async () => {
    const from = new Date((EARLIER - 43_200) * 1000).toISOString()
    const to = new Date((EARLIER + 43_200) * 1000).toISOString()
    const { stdout } = await failwise('backtest', 'shop', '--from', from, '--to', to, '--json')
    const { episodes, episodesPerDay } = JSON.parse(stdout)
    expect(episodesPerDay).toBeLessThanOrEqual(2)
    expect(Math.abs(episodes[0].sinceSeconds - EARLIER)).toBeLessThanOrEqual(2 * STEP)
    expect(episodes[0].contributions[0].metric).toContain('shop_latency_seconds')
    const baseline = await failwise('backtest', 'shop', '--from', from, '--to', to, '--detector', 'isolation-forest')
    expect(baseline.stdout).toMatch(/alarms in 1\.0 days/)
  })

  it('abstain where there is no past, and tell mistakes plainly', async () => {
    const young = await failwise('train', 'young')
    expect(young).toMatchObject({ code: 1, stdout: expect.stringContaining('no model. there are no metrics') })
    const explained = await failwise('explain', 'young')
    expect(explained).toMatchObject({ code: 0, stdout: expect.stringContaining('no opinion') })
    expect(await failwise('train', 'other')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no service "other"'),
    })
    expect(await failwise('backtest', 'shop', '--from', 'yesterday')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--from must be such as'),
    })
  })
})
