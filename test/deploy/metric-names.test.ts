import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { agentMetrics } from '../../agent/app/metrics.ts'
import { runMetrics } from '../../agent/app/run-metrics.ts'
import { serverUnderTest } from '../server/harness.ts'

const GRAFANA = 'deploy/grafana'
const MARKDOWN = 'docs/operations.md'

const Rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.union([
          z.strictObject({ record: z.string().regex(/^failwise:[a-z_]+:[a-z0-9_]+$/), expr: z.string() }),
          z.strictObject({
            alert: z.string().regex(/^Failwise[A-Za-z]+$/),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
          }),
        ]),
      ),
    }),
  ),
})

const Dashboard = z.object({
  uid: z.string().regex(/^failwise-/),
  title: z.string(),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      datasource: z.object({ uid: z.literal('${datasource}') }),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string() })).min(1),
    }),
  ),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
})

function rulesIn(file: string) {
  return Rules.parse(parse(readFileSync(`deploy/prometheus/${file}`, 'utf8'))).groups.flatMap(({ rules }) => rules)
}

const recorded = rulesIn('rules.yml').filter((rule) => 'record' in rule)
const alerts = rulesIn('alerts.yml').filter((rule) => 'alert' in rule)
const dashboards = readdirSync(GRAFANA)
  .filter((name) => name.endsWith('.json'))
  .map((name) => Dashboard.parse(JSON.parse(readFileSync(`${GRAFANA}/${name}`, 'utf8'))))

/** What an agent registers itself, besides its entrances. */
function ownRegistry() {
  const { registry } = agentMetrics()
  runMetrics(registry)
  return registry
}

/** Every name that Prometheus would find at /metrics, with the suffixes of histograms, and its labels. */
async function namesAtMetrics(): Promise<Map<string, readonly string[]>> {
  const { registry: served } = await serverUnderTest()
  const names = new Map<string, readonly string[]>()
  for (const registry of [ownRegistry(), served])
    for (const metric of registry.getMetricsAsArray()) {
      const { name, labelNames = [] } = metric as unknown as { name: string; labelNames?: string[] }
      const isHistogram = metric.constructor.name === 'Histogram'
      const own = [...labelNames, 'instance', 'job']
      if (!isHistogram) names.set(name, own)
      else for (const suffix of ['_sum', '_count', '_bucket']) names.set(`${name}${suffix}`, [...own, 'le'])
    }
  return names
}

function unknownIn(expr: string, known: ReadonlyMap<string, readonly string[]>): string[] {
  const wrong: string[] = []
  const records = recorded.map(({ record }) => record)
  for (const name of expr.match(/failwise[a-z0-9_:]+/g) ?? [])
    if (!known.has(name) && !records.includes(name)) wrong.push(name)
  for (const [, name = '', selector = ''] of expr.matchAll(/(failwise_[a-z0-9_]+)\{([^}]*)\}/g))
    for (const [, label = ''] of selector.matchAll(/([a-z_]+)\s*[=!]~?/g))
      if (!known.get(name)?.includes(label)) wrong.push(`${name}{${label}}`)
  const labels = new Set([...known.values()].flat())
  for (const [, list = ''] of expr.matchAll(/by \(([^)]*)\)/g))
    for (const label of list.split(',').map((part) => part.trim())) if (!labels.has(label)) wrong.push(`by ${label}`)
  return wrong
}

describe('rules and dashboards', () => {
  it('name only metrics and labels that the agent really has', async () => {
    const known = await namesAtMetrics()
    const wrong = [
      ...recorded.flatMap(({ record, expr }) => unknownIn(expr, known).map((name) => `${record}: ${name}`)),
      ...alerts.flatMap(({ alert, expr }) => unknownIn(expr, known).map((name) => `${alert}: ${name}`)),
      ...dashboards.flatMap(({ title, panels }) =>
        panels.flatMap((panel) =>
          panel.targets.flatMap(({ expr }) =>
            unknownIn(expr, known).map((name) => `${title}, ${panel.title}: ${name}`),
          ),
        ),
      ),
    ]
    expect(wrong).toEqual([])
  })

  it('would notice a metric, a label or a grouping that does not exist', async () => {
    const known = await namesAtMetrics()
    expect(unknownIn('rate(failwise_nothing_total[5m])', known)).toEqual(['failwise_nothing_total'])
    expect(unknownIn('failwise_decisions_total{colour="red"}', known)).toEqual(['failwise_decisions_total{colour}'])
    expect(unknownIn('sum by (colour) (failwise_decisions_total)', known)).toEqual(['by colour'])
    expect(unknownIn('failwise_model_seconds', known)).toEqual(['failwise_model_seconds'])
  })

  it('show every metric of the agent on some dashboard or in some rule', () => {
    const used = [
      ...recorded.map(({ expr }) => expr),
      ...alerts.map(({ expr }) => expr),
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ].join('\n')
    const own = ownRegistry()
      .getMetricsAsArray()
      .map(({ name }) => name)
    const unused = own.filter((name) => name.startsWith('failwise_') && !used.includes(name))
    expect(unused).toEqual(['failwise_agent_info'])
  })
})

describe('dashboards', () => {
  it('have ids of their own and panels that do not overlap', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(6)
    for (const { panels } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      )
      expect(new Set(cells).size).toBe(cells.length)
      expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24)
    }
  })
})

describe('alerts', () => {
  it('have a section of their own in the operations manual', () => {
    const headings = [...readFileSync(MARKDOWN, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!.toLowerCase(),
    )
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook_url).toBe(`${MARKDOWN}#${alert.toLowerCase()}`)
      expect(headings).toContain(alert.toLowerCase())
    }
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
  })

  it('each have a unit test in which they fire', () => {
    const Tests = z.object({
      tests: z.array(
        z.object({
          alert_rule_test: z
            .array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()).optional() }))
            .optional(),
        }),
      ),
    })
    const fired = ['alerts_test.yml', 'alerts_days_test.yml']
      .flatMap((file) => Tests.parse(parse(readFileSync(`deploy/prometheus/${file}`, 'utf8'))).tests)
      .flatMap((test) => test.alert_rule_test ?? [])
      .filter((test) => test.exp_alerts !== undefined)
      .map(({ alertname }) => alertname)
    expect(alerts.map(({ alert }) => alert).filter((name) => !fired.includes(name))).toEqual([])
  })
})
