import { describe, expect, it, onTestFinished } from 'vitest'
import { Settings } from '../../agent/config/settings.ts'
import { readYaml } from '../../agent/lib/yaml-file.ts'
import { answering, collectedOne } from '../collectors/round.ts'
import { awsAnswer, SAMPLES } from '../collectors/samples.ts'

/** What long searches have found; each of these once broke its reader. */
describe('AWS Health', () => {
  it.each([
    ['events that are no list', 'DescribeEvents', '{"events":{}}'],
    ['an event that is null', 'DescribeEvents', '{"events":[null]}'],
    ['an event whose arn is a number', 'DescribeEvents', '{"events":[{"arn":7}]}'],
    ['details that are no list', 'DescribeEventDetails', '{"successfulSet":{"length":-1}}'],
    [
      'a reason that is an object without a text',
      'DescribeEventDetails',
      '{"failedSet":[{"errorName":{"toString":null}}]}',
    ],
    ['entities that are a truth value', 'DescribeAffectedEntities', '{"entities":true}'],
    ['an entity that is null', 'DescribeAffectedEntities', '{"entities":[null]}'],
  ])('takes %s for malformed', async (_what, operation, body) => {
    const http = answering((request) => {
      const isAsked = request.headers?.['x-amz-target']?.endsWith(`.${operation}`)
      return { status: 200, body: isAsked ? body : awsAnswer(request) }
    })
    const evidence = await collectedOne(SAMPLES['aws-health'], http)
    expect(evidence.error?.kind).toBe('malformed')
  })
})

describe('YAML files', () => {
  it('with a list or map as a key get a mistake of ours, and no warning on the console', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => void warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const read = readYaml('version: 1\n? [a, b]\n: c\n', 'failwise.yaml', Settings)
    await new Promise((resolve) => setImmediate(resolve))
    expect(read.ok).toBe(false)
    expect(warnings).toEqual([])
  })
})
