import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { API_FILE, generatedApi } from '../../console/generate-api.ts'
import { serverUnderTest } from './harness.ts'

describe('the description of the API', () => {
  it('says what every route answers', async () => {
    const { app } = await serverUnderTest()
    const { paths } = (await app.inject('/docs/json')).json() as {
      paths: Record<
        string,
        Record<string, { responses?: Record<string, { content?: Record<string, { schema?: object }> }> }>
      >
    }
    const silent = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses = {} }]) => {
        const status = Object.keys(responses).find((one) => one.startsWith('2'))
        const schemas = Object.values(responses[status ?? '']?.content ?? {}).map(({ schema = {} }) => schema)
        return schemas.length > 0 && schemas.every((schema) => Object.keys(schema).length > 0)
          ? []
          : [`${method} ${path}`]
      }),
    )
    expect(silent).toEqual([])
    expect(Object.keys(paths).length).toBeGreaterThan(30)
  })
})

describe('the types that the console uses', () => {
  it('are those of the routes as they are now', async () => {
    // When this fails: npm run api:types
    expect(readFileSync(API_FILE, 'utf8')).toBe(await generatedApi())
  })

  it('tell apart what may be missing, what may be null, and what is only of certain words', async () => {
    const types = await generatedApi()
    expect(types).toContain("readonly 'POST /v1/approvals/{id}/answer': {")
    expect(types).toContain('readonly planHash: string | null')
    expect(types).toContain('readonly answer: "approve" | "refuse"')
    expect(types).toMatch(/'GET \/v1\/approvals': \{\n {4}readonly query: \{ readonly status\?: "pending" \|/)
  })
})
