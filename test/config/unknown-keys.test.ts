import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { Catalogue } from '../../agent/config/catalogue.ts'
import { Settings } from '../../agent/config/settings.ts'
import { readYaml } from '../../agent/lib/yaml-file.ts'

const problemsOf = (text: string, schema: z.ZodType) => {
  const read = readYaml(text, 'f', schema)
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`)
}
const service = (more: string) =>
  `version: 1\nservices: [{ name: shop, primary: { provider: aws, region: eu-west-1 }, ${more} }]`

describe('a key that nobody knows is a mistake', () => {
  it.each([
    ['healthScore: { weigths: {} }', 'healthScore.weigths: unknown key'],
    ['notify: { delivery: { maxAttempt: 1 } }', 'notify.delivery.maxAttempt: unknown key'],
    ['store: { options: { eventGroup: 2 } }', 'store.options.eventGroup: unknown key'],
  ])('in settings: %s', (text, problem) => expect(problemsOf(text, Settings)).toEqual([problem]))

  it.each([
    ['dr: { provider: gcp, region: europe-west4, zone: a }', 'services[0].dr.zone: unknown key'],
    ['slo: { availability: 0.99, rtoMinutes: 15, rpoMinutes: 1, rpo: 5 }', 'services[0].slo.rpo: unknown key'],
    [
      'costs: { outagePerMinute: 1, regionFailover: 1, drFailover: 1, failback: 1 }',
      'services[0].costs.failback: unknown key',
    ],
  ])('in the catalogue: %s', (more, problem) => expect(problemsOf(service(more), Catalogue)).toEqual([problem]))

  it('also where it would be what a series is judged by', () => {
    const sli = '{ role: errors, badWhen: high, objectve: 0.01 }'
    const collect = `collect: [{ source: prometheus, url: "http://p.example", name: errors, query: up, sli: ${sli} }]`
    expect(problemsOf(service(collect), Catalogue).join()).toContain('sli.objectve: unknown key')
  })
})

it('levels of the health score that fall are a mistake', () => {
  const levels = 'healthScore: { levels: { selfHeal: 4, regionFailover: 3, drFailover: 11 } }'
  expect(problemsOf(levels, Settings)).toEqual([
    'healthScore.levels: must not fall: selfHeal, regionFailover, drFailover',
  ])
})
