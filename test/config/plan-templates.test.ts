import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PlanFile, stagesOf } from '../../actions/index.ts'
import { plannedSeconds } from '../../agent/domain/plan.ts'
import { readYaml } from '../../agent/lib/yaml-file.ts'

const FOLDER = 'plans/templates'
const names = readdirSync(FOLDER)
/** Stands for every secret of the environment; valid base64, since keys are. */
const lookup = () => 'c2VjcmV0LWZvci10ZXN0cw=='

describe.each(names)('template %s', (name) => {
  const read = readYaml(readFileSync(`${FOLDER}/${name}`, 'utf8'), name, PlanFile, lookup)

  it('has no mistakes', () => {
    expect(read.ok ? [] : read.problems).toEqual([])
  })

  it('fits its stages into its recovery time, and leaves room for looking and deciding', () => {
    if (!read.ok) throw new Error('unreadable')
    const planned = plannedSeconds(read.value)
    expect(planned).toBeLessThanOrEqual(read.value.objectives.rtoSeconds)
  })

  it('says in words what every stage does, without a secret', () => {
    if (!read.ok) throw new Error('unreadable')
    const texts = stagesOf(read.value).map(({ stage }) => stage.describe())
    for (const text of texts) expect(text.length).toBeGreaterThan(10)
    expect(texts.join()).not.toContain(lookup())
  })

  it('verifies by a write that users could have made, wherever something moves', () => {
    if (!read.ok) throw new Error('unreadable')
    const { action, stages, probe } = read.value
    if (action !== 'region_failover' && action !== 'dr_failover') return
    expect(probe).toBeDefined()
    expect(stages.some((stage) => stage.stage === 'verify' && stage.write)).toBe(true)
  })
})

it('there is a template for each of the common cases', () => {
  expect(names.sort()).toEqual([
    'active-active.yaml',
    'active-passive-clouds.yaml',
    'partial-shift.yaml',
    'region-failback.yaml',
    'region-failover.yaml',
    'release-rollback.yaml',
    'self-heal.yaml',
    'standby-site-lost.yaml',
  ])
})
