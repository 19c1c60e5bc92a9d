import { describe, expect, it } from 'vitest'
import { Fault } from '../../agent/lib/errors.ts'
import { createLog } from '../../agent/lib/log.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  write(createLog({ level: 'debug', base: { agent: 'a1' }, destination: { write: (line) => void lines.push(line) } }))
  return lines.map((line) => JSON.parse(line))
}

describe('the log', () => {
  it('writes JSON lines with the level as a word, the time in UTC, and the base fields', () => {
    const [line] = logged((log) => log.info({ incident: 'inc-1' }, 'incident opened'))
    expect(line).toMatchObject({ level: 'info', agent: 'a1', incident: 'inc-1', msg: 'incident opened' })
    expect(line?.time).toMatch(/^\d{4}-\d{2}-\d{2}T.*Z$/)
  })

  it('redacts secrets by name, down to two levels', () => {
    const text = JSON.stringify(
      logged((log) => {
        log.info(
          {
            password: 'hunter2',
            config: { token: 'hunter2', smtp: { password: 'hunter2' } },
            headers: { authorization: 'hunter2' },
          },
          'x',
        )
        log.info(
          { routingKey: 'hunter2', body: 'hunter2', server: { secrets: ['hunter2'] }, databaseUrl: 'hunter2' },
          'x',
        )
      }),
    )
    expect(text).not.toContain('hunter2')
    expect(text).toContain('<redacted>')
  })

  it('describes a fault by code and without a stack, a fault of our own with one', () => {
    const [expected, own] = logged((log) => {
      log.warn({ err: new Fault('store_unavailable', 'away', { cause: new Error('ECONNREFUSED') }) }, 'x')
      log.error({ err: new TypeError('oops') }, 'x')
    })
    expect(expected?.err).toMatchObject({ code: 'store_unavailable', message: 'away', cause: 'Error: ECONNREFUSED' })
    expect(expected?.err).not.toHaveProperty('stack')
    expect(own?.err).toMatchObject({ message: 'oops', stack: expect.stringContaining('log.test.ts') })
  })

  it('cuts credentials out of URLs in errors, wherever they hide', () => {
    const cause = new Error('connect postgres://agent:hunter2@db:5432/x failed')
    const text = JSON.stringify(
      logged((log) => {
        log.error({ err: new Fault('internal', 'GET https://u:hunter2@h/ failed', { cause }) }, 'x')
        log.error({ err: 'redis://:hunter2@cache' }, 'x')
      }),
    )
    expect(text).not.toContain('hunter2')
    expect(text).toContain('postgres://<redacted>@db')
  })
})
