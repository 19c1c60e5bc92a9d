import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf } from '../../agent/domain/time.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { createLog } from '../../agent/lib/log.ts'
import type { Notification, Notifier } from '../../agent/notify/notifier.ts'
import {
  DeliveryOptions,
  type DeliveryPorts,
  deliverDue,
  type OutboxPort,
  outboxMessage,
  runDelivery,
} from '../../agent/notify/outbox.ts'
import { page } from './notification.ts'

const START = Date.parse('2026-03-01T12:01:05Z')
const options = DeliveryOptions.parse({ maxAttempts: 10 })

interface Row {
  id: string
  dedupeKey: string
  channel: string
  incidentId: string | null
  payload: Record<string, unknown>
  attempts: number
  state: 'waiting' | 'sending' | 'sent' | 'given_up'
  nextAt: number
  lastError: string | null
}

/** An outbox in memory that behaves as the stored one: unique keys, leases, one owner at a time. */
function memoryOutbox(clock: { nowMs: number }) {
  const rows: Row[] = []
  const find = (id: string) => rows.find((row) => row.id === id) as Row
  const port: OutboxPort = {
    claim: async (limit, leaseMs) => {
      const due = rows
        .filter(({ state, nextAt }) => (state === 'waiting' || state === 'sending') && nextAt <= clock.nowMs)
        .slice(0, limit)
      for (const row of due)
        Object.assign(row, { state: 'sending', nextAt: clock.nowMs + leaseMs, attempts: row.attempts + 1 })
      return due.map((row) => ({ ...row }))
    },
    markSent: async (id) => void Object.assign(find(id), { state: 'sent' }),
    markFailed: async (id, error, nextAttemptAt) => {
      const row = find(id)
      Object.assign(row, {
        lastError: error,
        state: nextAttemptAt === null ? 'given_up' : 'waiting',
      })
      if (nextAttemptAt !== null) row.nextAt = Date.parse(nextAttemptAt)
    },
    enqueue: async (message) => {
      if (rows.some(({ dedupeKey }) => dedupeKey === message.dedupeKey)) return false
      rows.push({
        ...message,
        id: `msg-${rows.length + 1}`,
        attempts: 0,
        state: 'waiting',
        nextAt: clock.nowMs,
        lastError: null,
      })
      return true
    },
  }
  return { port, rows }
}

/** A channel that answers from a list of outcomes, the last one for ever. */
function scripted(name: string, ...outcomes: (Fault | Error | null)[]) {
  const sent: Notification[] = []
  const notifier: Notifier = {
    name,
    send: async (notification) => {
      const outcome = outcomes.length > 1 ? outcomes.shift() : outcomes[0]
      if (outcome) throw outcome
      sent.push(notification)
    },
  }
  return { notifier, sent }
}

const temporary = (retryAfterMs?: number) =>
  new Fault('upstream_refused', 'channel answered 503', {
    retryable: true,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
const final = () => new Fault('upstream_refused', 'channel answered 403', { retryable: false })

function bench(channels: readonly { readonly notifier: Notifier }[], random = () => 0) {
  const clock = { nowMs: START }
  const logLines: { level: string; msg: string }[] = []
  const { port, rows } = memoryOutbox(clock)
  const ports: DeliveryPorts = {
    outbox: port,
    notifiers: channels.map(({ notifier }) => notifier),
    clock: { now: () => clock.nowMs, elapsed: () => 0, sleep: async () => undefined },
    random,
    log: createLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(JSON.parse(line)) } }),
    deadline: () => new AbortController().signal,
  }
  const enqueue = async (notification = page(), names = channels.map(({ notifier }) => notifier.name)) => {
    const message = outboxMessage(notification, names)
    return message ? port.enqueue({ ...message, incidentId: 'inc-1' }) : false
  }
  return { clock, ports, rows, logLines, enqueue, round: () => deliverDue(ports, options) }
}

describe('the outbox', () => {
  it('sends a message once, and no more after that', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, round } = bench([mail])
    await enqueue()
    expect(await round()).toEqual({ sent: 1, retried: 0, givenUp: 0 })
    expect(await round()).toEqual({ sent: 0, retried: 0, givenUp: 0 })
    expect(mail.sent).toEqual([page()])
  })

  it('keeps one of two messages with the same id', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, round } = bench([mail])
    expect([await enqueue(), await enqueue(), await enqueue(page({ id: 'decision:dec-2' }))]).toEqual([
      true,
      false,
      true,
    ])
    await round()
    expect(mail.sent).toHaveLength(2)
  })

  it('waits longer after each failure, between half and the whole of a doubling time', async () => {
    for (const [random, share] of [
      [() => 0, 0.5],
      [() => 0.999999, 1],
    ] as const) {
      const { enqueue, round, rows, clock } = bench([scripted('smtp', temporary())], random)
      await enqueue()
      const waits: number[] = []
      for (let i = 0; i < 5; i++) {
        await round()
        waits.push((rows[0] as Row).nextAt - clock.nowMs)
        clock.nowMs = (rows[0] as Row).nextAt
      }
      expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000].map((ms) => ms * share))
    }
  })

  it('waits as long as the other side asks, up to a limit', async () => {
    const { enqueue, round, rows, clock } = bench([scripted('smtp', temporary(42_000), temporary(86_400_000))])
    await enqueue()
    await round()
    expect((rows[0] as Row).nextAt - clock.nowMs).toBe(42_000)
    clock.nowMs += 41_999
    expect(await round()).toMatchObject({ retried: 0 })
    clock.nowMs += 1
    await round()
    expect((rows[0] as Row).nextAt - clock.nowMs).toBe(options.maxDelayMs)
  })

  it('goes to the next channel at once when one refuses for good, loudly', async () => {
    const [duty, mail] = [scripted('pagerduty', final()), scripted('smtp', null)]
    const { enqueue, round, rows, logLines } = bench([duty, mail])
    await enqueue()
    expect(await round()).toMatchObject({ givenUp: 1 })
    expect(await round()).toMatchObject({ sent: 1 })
    expect(mail.sent).toEqual([page()])
    expect(rows.map(({ channel, state }) => [channel, state])).toEqual([
      ['pagerduty', 'given_up'],
      ['smtp', 'sent'],
    ])
    expect(logLines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        msg: 'notification channel refused, next channel is used',
        next: 'smtp',
      }),
    )
  })

  it('uses the next channel besides after some failures, once, and goes on trying', async () => {
    const failures = Array.from({ length: 6 }, () => temporary())
    const [duty, mail] = [scripted('pagerduty', ...failures, null), scripted('smtp', null)]
    const { enqueue, round, rows, clock } = bench([duty, mail])
    await enqueue()
    for (let i = 0; i < 12; i++) {
      await round()
      clock.nowMs += 60_000
    }
    expect(mail.sent).toHaveLength(1)
    expect(duty.sent).toHaveLength(1)
    expect(rows).toHaveLength(2)
  })

  it('says so at error level when nobody is left', async () => {
    const { enqueue, round, logLines } = bench([scripted('pagerduty', final()), scripted('smtp', final())])
    await enqueue()
    await round()
    await round()
    expect(logLines.filter(({ level }) => level === 'error').at(-1)?.msg).toBe(
      'notification could not be delivered to anybody by this channel',
    )
    expect(await round()).toEqual({ sent: 0, retried: 0, givenUp: 0 })
  })

  it('gives up on a channel after the last attempt', async () => {
    const { enqueue, round, rows, clock } = bench([scripted('smtp', temporary())])
    await enqueue()
    for (let i = 0; i < 20; i++) {
      await round()
      clock.nowMs += options.maxDelayMs
    }
    expect(rows[0]).toMatchObject({ state: 'given_up', attempts: options.maxAttempts })
  })

  it('sends again after a crash between sending and marking, under the same keys', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, ports, round, rows, clock } = bench([mail])
    await enqueue()
    const crashing = {
      ...ports,
      outbox: { ...ports.outbox, markSent: async () => Promise.reject(new Fault('store_unavailable', 'away')) },
    }
    expect(await deliverDue(crashing, options)).toMatchObject({ sent: 0 })
    expect(rows[0]?.state).toBe('sending')
    expect(await round()).toMatchObject({ sent: 0 })
    clock.nowMs += options.sendTimeoutMs * 2 + 10_000
    expect(await round()).toMatchObject({ sent: 1 })
    expect(mail.sent.map(({ id, dedupeKey }) => [id, dedupeKey])).toEqual(
      Array(2).fill(['decision:dec-1', 'incident:inc-1']),
    )
  })

  it('does not let one message that cannot be marked stop the others', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, ports, rows } = bench([mail])
    await enqueue()
    await enqueue(page({ id: 'decision:dec-2' }))
    const markSent = async (id: string) =>
      id === 'msg-1' ? Promise.reject(new Fault('store_unavailable', 'away')) : ports.outbox.markSent(id)
    expect(await deliverDue({ ...ports, outbox: { ...ports.outbox, markSent } }, options)).toEqual({
      sent: 1,
      retried: 1,
      givenUp: 0,
    })
    expect(rows.map(({ state }) => state)).toEqual(['sending', 'sent'])
  })

  it('treats a bug in a channel as something that may pass', async () => {
    const { enqueue, round, rows } = bench([scripted('smtp', new TypeError('x is not a function'))])
    await enqueue()
    expect(await round()).toMatchObject({ retried: 1 })
    expect(rows[0]?.state).toBe('waiting')
  })

  it('gives up on a channel that is no longer configured, and goes to the next', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, round } = bench([mail])
    await enqueue(page(), ['gone', 'smtp'])
    expect(await round()).toMatchObject({ givenUp: 1 })
    expect(await round()).toMatchObject({ sent: 1 })
  })

  it('gives up on a message that cannot be read', async () => {
    const { ports, round, rows } = bench([scripted('smtp', null)])
    await ports.outbox.enqueue({
      dedupeKey: 'x',
      channel: 'smtp',
      incidentId: null,
      payload: { notification: { title: 1 } },
    })
    expect(await round()).toMatchObject({ givenUp: 1 })
    expect(rows[0]?.lastError).toBe('the stored notification cannot be read')
  })

  it('has nothing to keep when there is no channel', () => {
    expect(outboxMessage(page(), [])).toBeNull()
  })

  it('survives being stored as JSON', () => {
    const message = outboxMessage(page(), ['a', 'b'])
    expect(JSON.parse(JSON.stringify(message))).toEqual(message)
  })

  it('delivers every message at least once, however channels fail, as long as one recovers', async () => {
    const outcomes = fc.array(fc.constantFrom('ok', 'temporary', 'bug'), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(outcomes, outcomes, fc.integer({ min: 1, max: 30 }), async (first, second, count) => {
        const script = (names: string[]) => [
          ...names.map((name) => (name === 'ok' ? null : name === 'bug' ? new Error('bug') : temporary())),
          null,
        ]
        const channels = [scripted('a', ...script(first)), scripted('b', ...script(second))]
        const { enqueue, round, clock } = bench(channels)
        for (let i = 0; i < count; i++) await enqueue(page({ id: `decision:${i}` }))
        for (let i = 0; i < 40; i++) {
          await round()
          clock.nowMs += options.maxDelayMs
        }
        const arrived = new Set(channels.flatMap(({ sent }) => sent.map(({ id }) => id)))
        expect(arrived.size).toBe(count)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the delivery loop', () => {
  it('outlives a store that is away, rests when idle, and ends when told', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, ports, logLines } = bench([mail])
    await enqueue()
    const stop = new AbortController()
    const rests: number[] = []
    let claims = 0
    const looping: DeliveryPorts = {
      ...ports,
      clock: {
        ...ports.clock,
        sleep: async (ms) => {
          rests.push(ms)
          if (rests.length === 3) stop.abort()
        },
      },
      outbox: {
        ...ports.outbox,
        claim: async (limit, leaseMs) =>
          ++claims === 1 ? Promise.reject(new Fault('store_unavailable', 'away')) : ports.outbox.claim(limit, leaseMs),
      },
    }
    await runDelivery(looping, options, stop.signal)
    expect(mail.sent).toHaveLength(1)
    expect(rests).toEqual([1000, 1000, 1000])
    expect(logLines.some(({ msg }) => msg === 'outbox cannot be read, trying again')).toBe(true)
  })

  it('does not rest while a full batch was due', async () => {
    const mail = scripted('smtp', null)
    const { enqueue, ports } = bench([mail])
    for (let i = 0; i < 45; i++) await enqueue(page({ id: `decision:${i}`, at: instantOf(START) }))
    const stop = new AbortController()
    let sentAtFirstRest = 0
    const sleep = async () => {
      sentAtFirstRest = mail.sent.length
      stop.abort()
    }
    await runDelivery({ ...ports, clock: { ...ports.clock, sleep } }, options, stop.signal)
    expect(sentAtFirstRest).toBe(45)
  })
})
