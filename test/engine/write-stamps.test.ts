import { describe, expect, it } from 'vitest'
import { measureLoss, type Stamp } from '../../agent/engine/write-stamps.ts'

const stamps: Stamp[] = [0, 1000, 2000, 3000, 4000].map((atMs, index) => ({ id: `s${index}`, atMs }))
const there = (...ids: string[]) => new Map(ids.map((id) => [id, 1]))

describe('what was lost', () => {
  it('is nothing when every acknowledged write is there', () => {
    const found = there('s0', 's1', 's2', 's3', 's4')
    expect(measureLoss(stamps, found)).toEqual({ lostWrites: 0, duplicatedWrites: 0, dataLossSeconds: 0 })
  })

  it('reaches from the last survivor to the last lost write', () => {
    expect(measureLoss(stamps, there('s0', 's1'))).toMatchObject({ lostWrites: 3, dataLossSeconds: 3 })
  })

  it('is a hole too: later writes went to the new side', () => {
    expect(measureLoss(stamps, there('s0', 's1', 's4'))).toMatchObject({ lostWrites: 2, dataLossSeconds: 2 })
  })

  it('is all of it when none survived', () => {
    expect(measureLoss(stamps, there())).toMatchObject({ lostWrites: 5, dataLossSeconds: 4 })
  })

  it('counts what is there more than once', () => {
    const found = new Map([...there('s0', 's1', 's2', 's3'), ['s4', 3]] as [string, number][])
    expect(measureLoss(stamps, found)).toEqual({ lostWrites: 0, duplicatedWrites: 2, dataLossSeconds: 0 })
  })
})
