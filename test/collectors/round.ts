import type { z } from 'zod'
import type { Evidence } from '../../agent/domain/evidence.ts'
import { Service } from '../../agent/domain/service.ts'
import { type CollectBase, collectEvidence } from '../../agent/engine/collect.ts'
import type { Clock } from '../../agent/lib/clock.ts'
import type { Http, HttpRequest, HttpResponse } from '../../agent/lib/http.ts'
import { CollectorOptions, type CollectorPorts, collectorsFor } from '../../collectors/index.ts'
import { httpOnlyPorts } from '../../collectors/shared/ports.ts'

export const NOW = '2026-05-04T10:00:00.000Z'
export const NOW_MS = Date.parse(NOW)

export const SERVICE = Service.parse({
  name: 'checkout',
  primary: { provider: 'aws', region: 'eu-west-1' },
  secondary: { provider: 'aws', region: 'eu-central-1' },
  dr: null,
  dependsOn: ['aws:rds', 'own:gateway'],
  slo: { availability: 0.999, rtoMinutes: 15, rpoMinutes: 1 },
})

/** A clock that moves only when told to. */
export function manualClock(startMs = NOW_MS): Clock & { advance(ms: number): Promise<void> } {
  let now = startMs
  const waits = new Set<{ at: number; wake: () => void }>()
  return {
    now: () => now,
    elapsed: () => now - startMs,
    sleep: (ms, abort) =>
      new Promise((resolve, reject) => {
        if (abort?.aborted) return reject(abort.reason)
        const wait = { at: now + ms, wake: resolve }
        waits.add(wait)
        const onAbort = () => {
          waits.delete(wait)
          reject(abort?.reason)
        }
        abort?.addEventListener('abort', onAbort, { once: true })
      }),
    async advance(ms) {
      now += ms
      for (const wait of [...waits]) if (wait.at <= now && waits.delete(wait)) wait.wake()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

export type Answer = Partial<HttpResponse> | string | object | ((request: HttpRequest, abort: AbortSignal) => unknown)

/** An Http that gives one answer to everything: a response, a body, a JSON value, or whatever a function makes. */
export function answering(answer: Answer): Http & { asked: HttpRequest[] } {
  const asked: HttpRequest[] = []
  const http = async (request: HttpRequest, abort: AbortSignal): Promise<HttpResponse> => {
    asked.push(request)
    const given = typeof answer === 'function' ? await answer(request, abort) : answer
    if (typeof given === 'string') return { status: 200, headers: {}, body: given }
    const isResponse =
      typeof given === 'object' && given !== null && 'status' in given && typeof given.status === 'number'
    if (isResponse) return { headers: {}, body: '', ...(given as Partial<HttpResponse> & { status: number }) }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(given) }
  }
  return Object.assign(http, { asked })
}

/** What a collecting round of one list entry brings, sorted by id. */
export function collected(
  options: z.input<typeof CollectorOptions> | z.input<typeof CollectorOptions>[],
  http: Http,
  ports: Partial<CollectorPorts> = {},
  base: Partial<CollectBase> = {},
): Promise<Evidence[]> {
  const clock = base.clock ?? ports.clock ?? manualClock()
  const collectors = [options].flat().map((one) => CollectorOptions.parse(one))
  return collectEvidence(
    collectorsFor({ collectors }, { ...httpOnlyPorts(clock), ...ports }),
    { service: SERVICE },
    {
      window: { from: new Date(NOW_MS - 3_600_000).toISOString(), to: NOW },
      http,
      mask: async (text) => text.replaceAll('hunter2', '<secret:password:0000>'),
      clock,
      ...base,
    },
    30_000,
  )
}

/** The one piece of evidence of a collector that yields one. */
export async function collectedOne(...args: Parameters<typeof collected>): Promise<Evidence> {
  const [evidence] = await collected(...args)
  if (!evidence) throw new Error('no evidence')
  return evidence
}
