import { z } from 'zod'

const Counts = z.object({ low: z.number(), moderate: z.number(), high: z.number(), critical: z.number() })
/** What `npm audit --json` says. */
const Report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), isDirect: z.boolean(), range: z.string(), fixAvailable: z.unknown() }),
  ),
  metadata: z.object({ vulnerabilities: Counts }),
})

export interface Audit {
  readonly state: 'clean' | 'weak' | 'not_checked'
  readonly lines: readonly string[]
}

/** Judges a report: high and critical weaknesses of what is shipped fail a build; a registry that keeps no advisories has said nothing. */
export function judgeAudit(text: string): Audit {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = null
  }
  const report = Report.safeParse(json)
  if (!report.success)
    return {
      state: 'not_checked',
      lines: ['the registry gave no advisories: nothing is known of weaknesses in packages'],
    }
  const { vulnerabilities, metadata } = report.data
  const { low, moderate, high, critical } = metadata.vulnerabilities
  const bad = Object.entries(vulnerabilities).filter(
    ([, { severity }]) => severity === 'high' || severity === 'critical',
  )
  const told = bad.map(([name, { severity, range }]) => `${name} ${range}: ${severity}`)
  const counts = `${critical} critical, ${high} high, ${moderate} moderate, ${low} low`
  return { state: bad.length > 0 ? 'weak' : 'clean', lines: [...told, counts] }
}
