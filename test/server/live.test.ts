import { describe, expect, it } from 'vitest'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { bearer, serverUnderTest } from './harness.ts'

const TOKEN = 'token-of-ada-0123456789'
const ADA = { name: 'ada', role: 'viewer' as const, tokenHash: tokenHashOf(TOKEN), groups: [] }

/** A store whose parts stand where the test says. */
async function listening() {
  const parts: Record<string, string> = { record: '1', scores: '1' }
  let looks = 0
  const pulse = async () => {
    looks++
    return { ...parts }
  }
  const harness = await serverUnderTest({}, { pulse }, null, [ADA])
  const open = async () => {
    const answer = await harness.app.inject({ url: '/v1/live', headers: bearer(TOKEN), payloadAsStream: true })
    let text = ''
    const stream = answer.stream()
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    const until = async (word: string) => {
      while (!text.includes(word)) await new Promise((resolve) => setImmediate(resolve))
      return text
    }
    return { answer, stream, until }
  }
  return { ...harness, parts, looks: () => looks, open }
}

describe('live updates', () => {
  it('name the parts that changed, and nothing of what they hold', async () => {
    const { open, parts } = await listening()
    const { answer, until, stream } = await open()
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    })
    await until('event: hello')
    // The first look is what later ones are compared with.
    await until(': still here')
    parts.scores = '2'
    expect(await until('event: changed')).toContain('data: ["scores"]')
    stream.destroy()
  })

  it('look at the store once for all who listen, and not at all when nobody does', async () => {
    const { looks, app } = await listening()
    const turns = async (count: number) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
    }
    await turns(20)
    expect(looks()).toBe(0)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const readers = [new AbortController(), new AbortController()]
    for (const { signal } of readers) {
      const answer = await fetch(`${url}/v1/live`, { headers: bearer(TOKEN), signal })
      await answer.body?.getReader().read()
    }
    await turns(20)
    expect(looks()).toBeGreaterThan(0)
    for (const reader of readers) reader.abort()
    // The server learns of it when the sockets close; from then on nothing looks.
    for (let before = -1; before !== looks(); await turns(50)) before = looks()
    const after = looks()
    await turns(200)
    expect(looks()).toBe(after)
  })

  it('end when the agent stops', async () => {
    const { open, app } = await listening()
    const { stream, until } = await open()
    await until('event: hello')
    const ended = new Promise((resolve) => stream.once('end', resolve))
    await app.close()
    await ended
  })

  it('are for those who may read', async () => {
    const { app } = await listening()
    expect((await app.inject('/v1/live')).statusCode).toBe(401)
  })
})
