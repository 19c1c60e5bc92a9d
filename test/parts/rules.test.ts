import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const promtool = (...args: string[]) => execFileSync('promtool', args, { cwd: 'deploy/prometheus', encoding: 'utf8' })

describe('rules about the agent itself', () => {
  it('are accepted by Prometheus and fire when they should', () => {
    expect(promtool('check', 'rules', 'rules.yml', 'alerts.yml')).toContain('SUCCESS')
    expect(promtool('test', 'rules', 'alerts_test.yml', 'alerts_days_test.yml')).toContain('SUCCESS')
  })
})
