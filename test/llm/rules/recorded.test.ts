import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Action, isFailover } from '../../../agent/domain/action.ts'
import type { Evidence } from '../../../agent/domain/evidence.ts'
import { citableIds, type Snapshot } from '../../../agent/domain/snapshot.ts'
import { Opinion } from '../../../agent/domain/verdict.ts'
import { readByRules } from '../../../agent/llm/rules.ts'
import { incidentOf } from '../../../evals/case.ts'
import { RecordedIncident } from '../../../evals/recorded-incident.ts'
import { snapshotOf } from '../../../evals/recorded-snapshot.ts'

const FOLDER = new URL('../../../evals/incidents/', import.meta.url)

interface Case {
  readonly id: string
  readonly label: {
    readonly best: Action
    readonly acceptable: readonly Action[]
    readonly forbidden: readonly Action[]
  }
  readonly snapshot: Snapshot
}

const cases: Case[] = await Promise.all(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map(async (file) => {
      const body = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
      return { id: body.id, label: body.label, snapshot: await snapshotOf(incidentOf(RecordedIncident.parse(body))) }
    }),
)

function actionOn(snapshot: Snapshot): Action {
  const { verdict, abstained } = readByRules(snapshot)
  if (!verdict) throw new Error(abstained?.detail)
  return verdict.recommendedAction
}

describe('the rules over the recorded incidents', () => {
  it('give a valid verdict on each, with citations that exist', () => {
    for (const { id, snapshot } of cases) {
      const opinion = Opinion.parse(readByRules(snapshot))
      const known = citableIds(snapshot)
      const invented = opinion.verdict?.citations.filter((citation) => !known.has(citation.evidence))
      expect(invented, id).toEqual([])
      expect(opinion.verdict?.reasoning.length, id).toBeGreaterThan(40)
    }
  })

  it('never move users needlessly', () => {
    const needless = cases.filter(({ label, snapshot }) => {
      const action = actionOn(snapshot)
      return isFailover(action) && label.forbidden.includes(action)
    })
    expect(needless.map(({ id }) => id)).toEqual([])
  })

  it('harm at most one in ten and decide well in at least two of three', () => {
    const decided = cases.map(({ label, snapshot }) => ({ label, action: actionOn(snapshot) }))
    const harmful = decided.filter(({ label, action }) => label.forbidden.includes(action)).length
    const good = decided.filter(
      ({ label, action }) => label.best === action || label.acceptable.includes(action),
    ).length
    expect(harmful / cases.length).toBeLessThanOrEqual(0.1)
    expect(good / cases.length).toBeGreaterThanOrEqual(0.65)
  })

  it('say the same whatever the order of the evidence', () => {
    for (const { id, snapshot } of cases) {
      const turned = {
        ...snapshot,
        evidence: [...snapshot.evidence].reverse().map((item) => ({ ...item, signals: [...item.signals].reverse() })),
      }
      expect(actionOn(turned), id).toBe(actionOn(snapshot))
    }
  })

  it('are sure more often when they are right', () => {
    const decided = cases.map(({ label, snapshot }) => {
      const verdict = readByRules(snapshot).verdict
      const action = verdict?.recommendedAction ?? 'page_human'
      return {
        confidence: verdict?.confidence ?? 0,
        isRight: label.best === action || label.acceptable.includes(action),
      }
    })
    const mean = (list: readonly { confidence: number }[]) =>
      list.reduce((sum, one) => sum + one.confidence, 0) / Math.max(1, list.length)
    const wrong = decided.filter(({ isRight }) => !isRight)
    if (wrong.length > 0) expect(mean(decided.filter(({ isRight }) => isRight))).toBeGreaterThan(mean(wrong))
  })
})

describe('without any one piece or source of evidence', () => {
  const lost = (item: Evidence): Evidence => ({
    ...item,
    status: 'failed',
    signals: [],
    error: { kind: 'timeout', message: 'no answer' },
  })

  it('no decision becomes a failover that was none', () => {
    const flipped: string[] = []
    for (const { id, snapshot } of cases) {
      if (isFailover(actionOn(snapshot))) continue
      const keys = new Set(snapshot.evidence.flatMap((item) => [item.id, item.source]))
      for (const key of keys) {
        const isIt = (item: Evidence) => item.id === key || item.source === key
        const silent = { ...snapshot, evidence: snapshot.evidence.map((item) => (isIt(item) ? lost(item) : item)) }
        if (isFailover(actionOn(silent))) flipped.push(`${id} without ${key}`)
      }
    }
    expect(flipped).toEqual([])
  })
})
