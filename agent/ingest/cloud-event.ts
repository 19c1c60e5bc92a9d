import { z } from 'zod'
import { payloadFault, readPayload } from './payload.ts'

/** What a message holds, and the names that tell its repetitions from news; null where the sender gives none. */
export interface EventContent {
  readonly id: string | null
  readonly data: unknown
}

const Structured = z.object({
  specversion: z.literal('1.0', 'only CloudEvents 1.0 is understood'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  data: z.unknown(),
})

/** Reads a message in CloudEvents' structured or binary form, or the bare data of one. */
export function readEventMessage(body: string, headers: Readonly<Record<string, string>>): EventContent {
  const content = parsed(body)
  const { 'ce-id': id, 'ce-source': source, 'ce-specversion': version } = headers
  if (id !== undefined && source !== undefined) {
    if (version !== '1.0') throw payloadFault('ce-specversion: only CloudEvents 1.0 is understood')
    return { id: `${source}:${id}`, data: content }
  }
  const isStructured = typeof content === 'object' && content !== null && 'specversion' in content
  if (!isStructured) return { id: null, data: content }
  const event = readPayload(Structured, content, 'CloudEvents')
  return { id: `${event.source}:${event.id}`, data: event.data }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw payloadFault('body: it is not JSON')
  }
}
