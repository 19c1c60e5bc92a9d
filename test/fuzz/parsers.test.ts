import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { bodiesLike } from './mutations.ts'
import { TARGETS } from './targets.ts'

/** Fixed, so that a run that passed passes again; `node test/fuzz/long.program.ts` looks further. */
const SEED = 20_260_301
const RUNS = 150

afterEach(() => {
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

describe.each(TARGETS)('$name', ({ corpus, check }) => {
  it('reads its corpus', async () => {
    expect(corpus.length).toBeGreaterThan(0)
    for (const body of corpus) await check(body)
  })

  it('survives bodies that are nearly right', async () => {
    await fc.assert(
      fc.asyncProperty(bodiesLike(corpus), async (body) => {
        await check(body)
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })
})
