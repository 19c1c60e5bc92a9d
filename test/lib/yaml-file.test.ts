import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { problemsFault, readYaml } from '../../agent/lib/yaml-file.ts'

const schema = z.strictObject({
  mode: z.enum(['shadow', 'live']).default('shadow'),
  services: z.array(z.strictObject({ name: z.string(), port: z.number().int().optional() })),
})

function problems(text: string) {
  const read = readYaml(text, 'x.yaml', schema)
  if (read.ok) throw new Error('expected mistakes')
  return read.problems.map((p) => `${p.line}:${p.column} ${p.path} ${p.message}`)
}

describe('readYaml', () => {
  it('returns the value with defaults', () => {
    expect(readYaml('services: [{name: a}]', 'x.yaml', schema)).toEqual({
      ok: true,
      value: { mode: 'shadow', services: [{ name: 'a' }] },
    })
  })

  it('reports every mistake in one run, with line, column and the allowed values', () => {
    const text = ['mode: lve', 'services:', '  - name: 3', '    prot: 1', '  - port: x'].join('\n')
    expect(problems(text)).toEqual([
      '1:7 mode must be one of shadow, live; is "lve"',
      '3:11 services[0].name must be string; is 3',
      '4:5 services[0].prot unknown key',
      '5:5 services[1].name is missing (expected string)',
      '5:11 services[1].port must be number; is "x"',
    ])
  })

  it('reports broken syntax and duplicate keys by position', () => {
    expect(problems('services: [')[0]).toMatch(/^1:/)
    expect(problems('mode: live\nmode: shadow\nservices: []')[0]).toContain('2:1')
  })

  it('fills in names from outside and reports the ones that are not set', () => {
    const lookup = (name: string) => (name === 'TOKEN' ? 's3cret' : undefined)
    const text = 'services: [{name: "Bearer ${TOKEN} $${TOKEN}"}]'
    expect(readYaml(text, 'x.yaml', schema, lookup)).toMatchObject({
      value: { services: [{ name: 'Bearer s3cret ${TOKEN}' }] },
    })
    expect(readYaml('services: [{name: "${NOPE}"}]', 'x.yaml', schema, lookup)).toMatchObject({
      ok: false,
      problems: [{ line: 1, path: 'services[0].name', message: '${NOPE} is not set' }],
    })
  })

  it('never shows a filled-in value', () => {
    const read = readYaml('mode: "${TOKEN}"\nservices: []', 'x.yaml', schema, () => 's3cret')
    expect(JSON.stringify(read)).not.toContain('s3cret')
    expect(read.ok).toBe(false)
  })

  it('reports a file that would expand without end, and reads one that shares an anchor a thousand times', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`)
    expect(problems(['a0: &a0 [x]', ...levels].join('\n'))[0]).toMatch(/alias/i)
    const names = Array.from({ length: 1000 }, () => '  - *one')
    const shared = readYaml(['services:', '  - &one { name: a }', ...names].join('\n'), 'x.yaml', schema)
    expect(shared.ok && shared.value.services).toHaveLength(1001)
  })

  it('names the file in the fault and gives a line for each mistake', () => {
    const read = readYaml('mode: x', 'x.yaml', schema)
    if (read.ok) throw new Error('expected mistakes')
    expect(problemsFault(read.problems).message.split('\n')).toHaveLength(2)
    expect(problemsFault(read.problems).message).toContain('x.yaml:1:7')
  })
})
