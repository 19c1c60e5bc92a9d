import { describe, expect, it } from 'vitest'
import { upstreamBoard } from '../../agent/app/upstream-board.ts'

const START = Date.parse('2026-03-01T12:00:00.000Z')

function board() {
  const clock = { nowMs: START }
  return { clock, board: upstreamBoard(() => clock.nowMs) }
}

describe('the board of upstreams', () => {
  it('gathers places of one name, and tells of the newest failure among them', () => {
    const { board: one, clock } = board()
    one.note('source', 'loki', 'checkout', null)
    clock.nowMs += 1000
    one.note('source', 'loki', 'ledger', 'deadline')
    clock.nowMs += 1000
    one.note('source', 'loki', 'search', 'answered 502')
    expect(one.view()).toEqual([
      {
        ...{ kind: 'source', name: 'loki', asked: 3, failing: 2, lastOkAt: '2026-03-01T12:00:00.000Z' },
        failure: { at: '2026-03-01T12:00:02.000Z', what: 'search', reason: 'answered 502' },
      },
    ])
  })

  it('forgets a failure with the first success, and knows none of what never answered', () => {
    const { board: one, clock } = board()
    one.note('model', 'gpt', 'verdict', 'refused')
    expect(one.view()[0]).toMatchObject({ failing: 1, lastOkAt: null })
    clock.nowMs += 5000
    one.note('model', 'gpt', 'verdict', null)
    expect(one.view()[0]).toMatchObject({ failing: 0, lastOkAt: '2026-03-01T12:00:05.000Z', failure: null })
  })

  it('puts what fails first, then goes by name; the same name of another kind stands by itself', () => {
    const { board: one } = board()
    one.note('source', 'a', '', null)
    one.note('channel', 'pager', '', 'away')
    one.note('source', 'pager', '', null)
    expect(one.view().map(({ kind, name }) => `${kind} ${name}`)).toEqual(['channel pager', 'source a', 'source pager'])
  })
})
