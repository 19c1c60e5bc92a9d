import { describe, expect, it } from 'vitest'
import { asked } from './samples.ts'
import { testServer } from './test-database.ts'

const server = testServer()

describe('a post', () => {
  it('is intended before it is sent, confirmed after, and settled with its incident', async () => {
    const test = await server.open()
    const { incidentId } = await asked(test)
    const { posts } = test.store
    expect(await posts.unposted(test.at(-1), 10)).toEqual([incidentId])
    expect(await posts.unposted(test.at(), 10)).toEqual([])
    await posts.intend({ id: 'one', incidentId, channel: 'C1' })
    await posts.intend({ id: 'one', incidentId, channel: 'C2' })
    expect(await posts.unposted(test.at(-1), 10)).toEqual([])
    expect(await posts.of(incidentId)).toMatchObject([{ id: 'one', channel: 'C1', place: null, postedAt: null }])
    await posts.confirm({ id: 'one', place: '1.1', contentHash: 'h' })
    expect(await posts.of(incidentId)).toMatchObject([{ place: '1.1', contentHash: 'h', postedAt: test.at() }])
    expect(await posts.unsettled(10)).toEqual([incidentId])
    await posts.settle(incidentId, true)
    expect(await posts.unsettled(10)).toEqual([])
    await posts.forget('one')
    expect(await posts.of(incidentId)).toEqual([])
  })
})
