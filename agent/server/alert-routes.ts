import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Counter, Histogram } from 'prom-client'
import { z } from 'zod'
import type { ServerOptions } from '../config/server-options.ts'
import { instantOf } from '../domain/time.ts'
import { InfrastructureHealthBody, readInfrastructureHealth } from '../ingest/infrastructure-health.ts'
import type { Delivery } from '../ingest/payload.ts'
import { settle } from '../ingest/settle.ts'
import { asFault } from '../lib/errors.ts'
import type { Access } from './auth.ts'
import type { DeliveryMeta, ServerDeps } from './deps.ts'
import { type Entrance, entrances, signatureProof } from './entrances.ts'
import { ErrorBody } from './errors.ts'

/** Shown in the answer; all notes are counted and logged. */
const SHOWN_NOTES = 20

const Accepted = z.object({
  accepted: z.number().int().meta({ description: 'alerts that are stored now' }),
  incidents: z.array(z.string()),
  unmatched: z
    .array(z.string())
    .meta({ description: 'fingerprints that fit no service; stored, reported, not assessed' }),
  notes: z.array(z.object({ kind: z.string(), detail: z.string() })),
  requestId: z.string(),
})

/** The webhooks. Each answers 202 when its alerts are durable and not before. */
export function alertRoutes(app: FastifyInstance, deps: ServerDeps, options: ServerOptions, access: Access): void {
  const counts = countersOf(deps)
  const signed = signatureProof(deps, options)
  const metaOf = (request: FastifyRequest, source: string, { notes, deliveryId }: Delivery): DeliveryMeta => ({
    source,
    receivedAt: instantOf(deps.clock.now()),
    requestId: request.id,
    principal: request.principal ?? 'unknown',
    notes,
    deliveryId: deliveryId ?? null,
    raw: request.rawBody?.toString('utf8') ?? '',
  })

  async function accept(
    request: FastifyRequest,
    reply: FastifyReply,
    source: string,
    read: Delivery,
  ): Promise<unknown> {
    const startedAt = deps.clock.elapsed()
    const { skewToleranceSeconds } = options
    const delivery = settle(read, { receivedAt: instantOf(deps.clock.now()), skewToleranceSeconds })
    const { alerts, notes } = delivery
    const result = alerts.length === 0 ? NOTHING_STORED : await deps.ingest(alerts, metaOf(request, source, delivery))
    counts.alerts.inc({ source }, alerts.length)
    counts.unmatched.inc({ source }, result.unmatched.length)
    counts.storeSeconds.observe({ source }, (deps.clock.elapsed() - startedAt) / 1000)
    for (const note of notes) counts.notes.inc({ source, kind: note.kind })
    const isTold = notes.length > 0 || result.unmatched.length > 0
    if (isTold) {
      const fields = {
        requestId: request.id,
        source,
        notes: notes.slice(0, SHOWN_NOTES),
        unmatched: result.unmatched.slice(0, SHOWN_NOTES),
      }
      deps.log.warn(fields, 'delivery accepted with remarks')
    }
    reply.code(202)
    return {
      accepted: alerts.length,
      incidents: [...result.incidents],
      unmatched: [...result.unmatched],
      notes: notes.slice(0, SHOWN_NOTES).map(({ kind, detail }) => ({ kind, detail })),
      requestId: request.id,
    }
  }

  for (const entrance of entrances(deps, options)) {
    app.route({
      method: 'POST',
      url: entrance.path,
      ...routeDocs(entrance.summary, entrance.body),
      onRequest: async (request) => authenticate(request, entrance, access),
      handler: async (request, reply) => {
        checkProof(request, entrance, access)
        const read = await readOrRefuse(request, entrance, access)
        return accept(request, reply, entrance.source, read)
      },
    })
  }

  app.route({
    method: 'POST',
    url: '/v1/events',
    ...routeDocs('Measured health of a place; a critical one opens an assessment', InfrastructureHealthBody),
    onRequest: async (request) => authenticate(request, { proof: signed }, access),
    handler: async (request, reply) => {
      checkProof(request, { proof: signed }, access)
      const event = readInfrastructureHealth(request.body)
      await deps.updateMetrics(event, metaOf(request, 'infrastructure_health', { alerts: [], notes: [] }))
      return accept(request, reply, 'infrastructure_health', { alerts: event.alert ? [event.alert] : [], notes: [] })
    },
  })
}

const NOTHING_STORED = { incidents: [], unmatched: [] } as const

/** A vendor's proof is checked later, over the body; without one, the token is checked before the body is even read. */
function authenticate(request: FastifyRequest, { proof }: Pick<Entrance, 'proof'>, access: Access): void {
  if (proof && request.headers[proof.header] !== undefined) return
  request.principal = access.authorize(request, 'ingest').name
}

function checkProof(request: FastifyRequest, { proof }: Pick<Entrance, 'proof'>, access: Access): void {
  if (request.principal !== null || !proof) return
  try {
    proof.verify(request)
  } catch (error) {
    access.refuse(request, asFault(error))
  }
  request.principal = `signature:${proof.header}`
}

/** A forged message counts as wrong credentials, wherever in it the proof lies. */
async function readOrRefuse(request: FastifyRequest, entrance: Entrance, access: Access): Promise<Delivery> {
  try {
    return await entrance.read(request)
  } catch (error) {
    const fault = asFault(error)
    return fault.code === 'unauthenticated' ? access.refuse(request, fault) : Promise.reject(error)
  }
}

function routeDocs(summary: string, body: z.ZodType) {
  return {
    schema: {
      tags: ['ingest'],
      summary,
      body,
      response: { 202: Accepted, 400: ErrorBody, 401: ErrorBody, 413: ErrorBody, 503: ErrorBody },
    },
    // The schema is for the documentation; the readers validate, once, with messages of their own.
    validatorCompiler: () => (value: unknown) => ({ value }),
  }
}

function countersOf({ registry }: ServerDeps) {
  const registers = [registry]
  return {
    alerts: new Counter({
      name: 'failwise_alerts_total',
      help: 'Alerts stored, by entrance',
      labelNames: ['source'],
      registers,
    }),
    unmatched: new Counter({
      name: 'failwise_alerts_unmatched_total',
      help: 'Alerts stored that fit no service',
      labelNames: ['source'],
      registers,
    }),
    notes: new Counter({
      name: 'failwise_delivery_notes_total',
      help: 'Remarks about deliveries, by kind',
      labelNames: ['source', 'kind'],
      registers,
    }),
    storeSeconds: new Histogram({
      name: 'failwise_alert_store_seconds',
      help: 'Time from a parsed delivery to durable alerts',
      labelNames: ['source'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  }
}
