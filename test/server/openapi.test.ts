import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { API_FILE, generatedApi } from '../../console/generate-api.ts'

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
