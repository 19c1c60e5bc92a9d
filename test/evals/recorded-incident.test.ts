import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isFault } from '../../agent/lib/errors.ts'
import { loadRecordedIncident, loadRecordedIncidents, parseRecordedIncident } from '../../evals/recorded-incident.ts'

const folder = new URL('../../evals/incidents', import.meta.url).pathname

const minimal = {
  format: 'recorded-incident/v1',
  id: 'x',
  decidedAt: '2026-05-04T10:00:00Z',
  service: { name: 's', primary: { provider: 'AWS', region: 'eu-west-1' } },
  alert: { version: '4', alerts: [] },
  upstream: {},
}

function mistakesOf(value: unknown): string[] {
  try {
    parseRecordedIncident(value, 'x.json')
  } catch (error) {
    if (isFault(error, 'payload_invalid')) return error.details.mistakes as string[]
    throw error
  }
  return []
}

describe('a recorded incident', () => {
  it('is read from every file of the set', async () => {
    const incidents = await loadRecordedIncidents(folder)
    expect(incidents.length).toBeGreaterThanOrEqual(150)
    expect(incidents.every(({ label }) => label !== undefined)).toBe(true)
  })

  it('needs little, and ignores what it does not know', () => {
    const incident = parseRecordedIncident({ ...minimal, future: 1, upstream: { quantum: {} } }, 'x.json')
    expect(incident.service).toMatchObject({ primary: { provider: 'aws' }, secondary: null, dr: null, dependsOn: [] })
    expect(incident.upstream).toEqual({})
  })

  it('names the place of every mistake and what is expected there', () => {
    expect(mistakesOf(minimal)).toEqual([])
    const mistakes = mistakesOf({
      ...minimal,
      format: 'recorded-incident/v2',
      decidedAt: 'now',
      service: { name: 's', primary: { provider: 'aws' }, slo: { availability: 2, rtoMinutes: 1, rpoMinutes: 0 } },
      upstream: {
        healthChecks: { error: {} },
        statusPages: [{ name: 'edge', format: 'atom', body: '' }],
        prometheus: [{ name: 'up', query: 'up' }],
        loki: 'none',
      },
    })
    const places = mistakes.map((mistake) => mistake.split(':')[0])
    expect(places.sort()).toEqual([
      'decidedAt',
      'format',
      'service.primary.region',
      'service.slo.availability',
      'upstream.healthChecks.error.kind',
      'upstream.loki',
      'upstream.prometheus.0',
      'upstream.statusPages.0.format',
    ])
    expect(mistakes.find((mistake) => mistake.startsWith('format'))).toContain('recorded-incident/v1')
  })

  it('tells a missing file, a folder without any, and text that is not JSON', async () => {
    await expect(loadRecordedIncident('/nowhere/x.json')).rejects.toMatchObject({ code: 'not_found' })
    const path = join(await mkdtemp(join(tmpdir(), 'incident-')), 'x.json')
    await writeFile(path, '{"format": ')
    await expect(loadRecordedIncident(path)).rejects.toMatchObject({
      code: 'payload_invalid',
      message: expect.stringContaining('is not JSON'),
    })
  })
})
