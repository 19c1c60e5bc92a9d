import { describe, expect, it } from 'vitest'
import type { Incident } from '../../agent/domain/incident.ts'
import { type LateDeps, pageLateIncidents } from '../../agent/engine/late.ts'
import { stoppedClock } from '../../agent/lib/clock.ts'
import type { NewNotification } from '../../agent/store/records.ts'
import type { IncidentFilter } from '../../agent/store/store.ts'
import { bookOf, entryOf, SHOP } from './scene.ts'

const NOW = Date.parse('2026-03-01T12:00:00.000Z')

function incident(id: string, secondsAgo: number, changes: Partial<Incident> = {}): Incident {
  const openedAt = new Date(NOW - secondsAgo * 1000).toISOString()
  return {
    ...{ id, service: 'shop', group: 'shop', eventId: null, state: 'assessing', severity: 'critical' },
    ...{ openedAt, updatedAt: openedAt, closedAt: null, nextAssessmentAt: null, assessments: 0, goodEvaluations: 0 },
    ...changes,
  }
}

/** A store that lists as the real one does, newest first and at most so many, and an outbox that drops repeats as the real one does. */
function scene(open: readonly Incident[], channels = ['chat']) {
  const sent = new Map<string, NewNotification & { incidentId: string | null }>()
  const deps = {
    store: {
      incidents: {
        list: async ({ undecided = false, openedBefore = '9999', limit = 200 }: IncidentFilter) =>
          open
            .filter(({ assessments, openedAt }) => (!undecided || assessments === 0) && openedAt < openedBefore)
            .toSorted((a, b) => (a.openedAt < b.openedAt ? 1 : -1))
            .slice(0, limit),
      },
      outbox: {
        enqueue: async (message: NewNotification & { incidentId: string | null }) => {
          const isNew = !sent.has(message.dedupeKey)
          if (isNew) sent.set(message.dedupeKey, message)
          return isNew
        },
      },
    } as unknown as LateDeps['store'],
    services: bookOf(entryOf({ service: { ...SHOP, runbookUrl: 'https://wiki.example/shop' } })),
    clock: stoppedClock(NOW),
    messages: { channels, baseUrl: null, mode: 'shadow' as const, deadlineSeconds: 60 },
  }
  return { deps, sent: () => [...sent.values()] }
}

describe('incidents that nobody decides', () => {
  it('are paged once the deadline is over, with the runbook, and not before', async () => {
    const { deps, sent } = scene([incident('inc_on_time', 60), incident('inc_late', 61)])
    await pageLateIncidents(deps)
    expect(sent().map(({ incidentId }) => incidentId)).toEqual(['inc_late'])
    expect(sent()[0]?.payload.notification).toMatchObject({
      kind: 'late',
      severity: 'critical',
      title: 'shop: no decision within 60 s, please take over',
      runbookUrl: 'https://wiki.example/shop',
      overrideCommand: 'failwise decide inc_late',
    })
  })

  it('are paged once, however often it is looked', async () => {
    const { deps, sent } = scene([incident('inc_late', 300)])
    await pageLateIncidents(deps)
    await pageLateIncidents(deps)
    expect(sent()).toHaveLength(1)
  })

  it('are none of those that were decided once', async () => {
    const { deps, sent } = scene([incident('inc_decided', 3600, { assessments: 1 })])
    await pageLateIncidents(deps)
    expect(sent()).toEqual([])
  })

  it('are not hidden by a storm of those that were decided', async () => {
    const storm = Array.from({ length: 1200 }, (_, n) => incident(`inc_${n}`, 70, { assessments: 1 }))
    const { deps, sent } = scene([incident('inc_late', 300), ...storm])
    await pageLateIncidents(deps)
    expect(sent().map(({ incidentId }) => incidentId)).toEqual(['inc_late'])
  })

  it('are paged also when the catalogue does not know the service', async () => {
    const { deps, sent } = scene([incident('inc_late', 300, { service: 'gone' })])
    await pageLateIncidents(deps)
    expect(sent()[0]?.payload.notification).toMatchObject({ service: 'gone', runbookUrl: null })
  })

  it('make no messages where no channel is configured', async () => {
    const { deps, sent } = scene([incident('inc_late', 300)], [])
    expect(await pageLateIncidents(deps)).toBe(1)
    expect(sent()).toEqual([])
  })
})
