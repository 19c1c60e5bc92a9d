import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../agent/config.ts'
import { shop } from '../../deploy/compose/shop.ts'

const ROOT = 'deploy/compose'
const yaml = (file: string): unknown => parse(readFileSync(join(ROOT, file), 'utf8'), { merge: true })

const Container = z.strictObject({
  image: z.string().regex(/^(failwise|[\w./-]+:[\w.-]+)$/),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  tmpfs: z.array(z.string()).optional(),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
  read_only: z.literal(true).optional(),
  cap_drop: z.tuple([z.literal('ALL')]).optional(),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]).optional(),
  restart: z.literal('unless-stopped'),
})
const Compose = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), Container),
  configs: z.record(z.string(), z.strictObject({ content: z.string() })),
  volumes: z.record(z.string(), z.strictObject({})),
})
const compose = Compose.parse(yaml('compose.yaml'))
const services = Object.entries(compose.services)
const mounts = services.flatMap(([name, { volumes }]) =>
  volumes.map((volume) => ({
    name,
    source: volume.split(':')[0]!,
    target: volume.split(':')[1]!,
    mode: volume.split(':')[2],
  })),
)

/** The environment that a container gets when the person set nothing. */
function defaultsOf(name: string): Record<string, string> {
  const given = compose.services[name]?.environment ?? {}
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, value.replace(/\$\{\w+:-([^}]*)\}/g, (_whole, text) => text)]),
  )
}

describe('the try-out world', () => {
  it('has every part, on this machine only', () => {
    expect(services.map(([name]) => name).sort()).toEqual(
      ['alertmanager', 'failwise', 'grafana', 'loki', 'postgres', 'prometheus', 'shop'].sort(),
    )
    for (const [name, { ports }] of services)
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    for (const [name, { read_only }] of services) expect(read_only ?? false, name).toBe(name !== 'postgres')
  })

  it('mounts files that exist, read-only, and volumes that are declared', () => {
    for (const { name, source, mode } of mounts) {
      const isFile = source.startsWith('.')
      expect(isFile ? existsSync(join(ROOT, source)) : source in compose.volumes, `${name}: ${source}`).toBe(true)
      expect(mode, `${name}: ${source}`).toBe(isFile ? 'ro' : undefined)
    }
    for (const [name, { configs }] of services)
      for (const { source } of configs) expect(compose.configs, name).toHaveProperty(source)
  })

  it('gives Failwise a configuration that is right', () => {
    const config = loadConfig(join(ROOT, 'failwise'), defaultsOf('failwise'))
    expect(config.settings.server.host).toBe('0.0.0.0')
    expect(config.settings.store).toMatchObject({ folder: '/data' })
    expect(config.settings.store.databaseUrl).toBe('postgresql://failwise:tryout-postgres@postgres/failwise')
    expect(config.catalogue.services.map(({ name }) => name)).toEqual(['shop'])
    const hosts = JSON.stringify(config.catalogue).match(/http:\/\/([a-z]+):\d+/g) ?? []
    for (const host of hosts) expect(compose.services).toHaveProperty(new URL(host).hostname)
    expect(mounts.find(({ name, target }) => name === 'failwise' && target === '/data')?.mode).toBeUndefined()
  })

  it('hands the same tokens to those who send and those who check', () => {
    const { INGEST_TOKEN, READ_TOKEN } = defaultsOf('failwise')
    expect(compose.configs['ingest-token']?.content).toContain(INGEST_TOKEN)
    expect(compose.configs['read-token']?.content).toContain(READ_TOKEN)
  })

  it('wires Prometheus to every rule file, to the shop and to the agent under its job', () => {
    const config = z
      .object({
        rule_files: z.array(z.string()),
        scrape_configs: z.array(
          z.looseObject({ job_name: z.string(), static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
        ),
      })
      .parse(yaml('prometheus.yml'))
    const mounted = mounts.filter(({ name }) => name === 'prometheus').map(({ target }) => target)
    for (const file of config.rule_files) expect(mounted).toContain(`/etc/prometheus/${file}`)
    const targets = config.scrape_configs.map(({ job_name, static_configs }) => [
      job_name,
      static_configs[0]?.targets[0],
    ])
    expect(targets).toEqual([
      ['shop', 'shop:8081'],
      ['failwise', 'failwise:8080'],
    ])
  })

  it('sends alerts about services to the agent, and alerts about the agent past it', () => {
    const config = z
      .object({
        route: z.looseObject({
          receiver: z.string(),
          routes: z.array(z.object({ matchers: z.array(z.string()), receiver: z.string() })),
        }),
        receivers: z.array(
          z.strictObject({
            name: z.string(),
            webhook_configs: z.array(z.looseObject({ url: z.string(), send_resolved: z.literal(true) })).optional(),
          }),
        ),
      })
      .parse(yaml('alertmanager.yml'))
    expect(config.route).toMatchObject({ receiver: 'failwise', routes: [{ receiver: 'people' }] })
    const urlOf = (name: string) => config.receivers.find((one) => one.name === name)?.webhook_configs?.[0]?.url
    expect(urlOf('failwise')).toBe('http://failwise:8080/v1/alerts/alertmanager')
    expect(urlOf('people')).toBeUndefined()
  })
})

describe('the shop', () => {
  it('can be broken and repaired, and its metrics and logs show it', async () => {
    const draws = [0.9, 0.1, 0.1]
    const { server, takeLines } = shop(() => draws.shift() ?? 0.9)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const statusOf = async (path: string, method = 'GET') => (await fetch(url + path, { method })).status
    expect([await statusOf('/'), await statusOf('/healthz')]).toEqual([200, 200])
    await statusOf('/break', 'POST')
    expect([await statusOf('/'), await statusOf('/healthz')]).toEqual([500, 503])
    await statusOf('/repair', 'POST')
    expect([await statusOf('/'), await statusOf('/healthz')]).toEqual([200, 200])
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('http_requests_total{code="200"} 2')
    expect(metrics).toContain('http_requests_total{code="500"} 1')
    expect(takeLines()).toHaveLength(1)
    expect(takeLines()).toEqual([])
  })
})
