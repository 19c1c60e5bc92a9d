import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CollectorOptions, collectorsFor } from '../../collectors/index.ts'
import { httpOnlyPorts } from '../../collectors/shared/ports.ts'
import { manualClock } from './round.ts'
import { SAMPLES } from './samples.ts'

const ports = httpOnlyPorts(manualClock())
const listed = CollectorOptions.options.map((option) => option.shape.source.value)

describe('the list of collectors', () => {
  it('equals the folder', () => {
    const files = readdirSync(new URL('../../collectors', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !['collector.ts', 'index.ts'].includes(entry.name))
      .map((entry) => entry.name.replace(/\.ts$/, ''))
    expect([...listed].sort()).toEqual(files.sort())
  })

  it.each(Object.values(SAMPLES))(
    'builds $source, which is named after its file and refuses options it does not know',
    (sample) => {
      const [collector] = collectorsFor({ collectors: [CollectorOptions.parse(sample)] }, ports)
      expect(collector?.source).toBe(sample.source)
      const mistyped = CollectorOptions.safeParse({ ...sample, timeuotMs: 5 })
      expect(mistyped.success).toBe(false)
      expect(JSON.stringify(mistyped.error?.issues)).toContain('timeuotMs')
    },
  )

  it('sorts by name and refuses two of one name', () => {
    const options = [SAMPLES.prometheus, SAMPLES['aws-health'], SAMPLES['health-http']].map((one) =>
      CollectorOptions.parse(one),
    )
    const names = collectorsFor({ collectors: options }, ports).map((collector) => collector.name)
    expect(names).toEqual(['aws-health', 'health:internal_services', 'prometheus:up'])
    const twice = [CollectorOptions.parse(SAMPLES.changes), CollectorOptions.parse(SAMPLES['changes-feed'])]
    expect(() => collectorsFor({ collectors: twice }, ports)).toThrow('two collectors are named "changes"')
  })

  it('refuses URLs that are not HTTP', () => {
    expect(CollectorOptions.safeParse({ ...SAMPLES.loki, url: 'file:///etc/passwd' }).success).toBe(false)
  })
})
