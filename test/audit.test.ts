import { describe, expect, it } from 'vitest'
import { judgeAudit } from './audit.ts'

const report = (severity: 'low' | 'moderate' | 'high' | 'critical') =>
  JSON.stringify({
    vulnerabilities: { bad: { severity, isDirect: false, range: '<2.0.0', fixAvailable: true, via: [] } },
    metadata: { vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0, [severity]: 1, total: 1 } },
  })

describe('the audit of packages', () => {
  it('fails a build for what is grave and known, and names it', () => {
    for (const severity of ['high', 'critical'] as const)
      expect(judgeAudit(report(severity))).toMatchObject({
        state: 'weak',
        lines: [`bad <2.0.0: ${severity}`, expect.stringContaining('1 ')],
      })
    expect(judgeAudit(report('moderate'))).toMatchObject({ state: 'clean' })
  })

  it('says that it does not know when the registry keeps no advisories', () => {
    for (const text of ['', '{"message":"405 Method Not Allowed","error":{"code":null}}', 'not json'])
      expect(judgeAudit(text).state).toBe('not_checked')
  })
})
