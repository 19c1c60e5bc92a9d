import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Http } from '../lib/http.ts'
import type { Mask } from '../lib/mask.ts'
import type { RawBody } from '../store/records.ts'

/** One exchange with an upstream, secrets masked; enough to play it back. Request headers are not kept: they carry credentials. */
export const KeptExchange = z.object({
  evidenceId: z.string(),
  method: z.string(),
  url: z.string(),
  requestBody: z.string().nullable(),
  status: z.number().int(),
  contentType: z.string(),
  body: z.string(),
})
export type KeptExchange = z.infer<typeof KeptExchange>

export type KeepExchange = (exchange: KeptExchange) => void

/** An Http for one collector that keeps what was asked and answered. The bodies that come through are masked already. */
export function keepingHttp(http: Http, mask: Mask, evidenceId: string, keep: KeepExchange): Http {
  return async (request, abort) => {
    const response = await http(request, abort)
    keep({
      evidenceId,
      method: request.method,
      url: await mask(withoutCredentials(request.url)),
      requestBody: request.body === undefined ? null : await mask(request.body),
      status: response.status,
      contentType: response.headers['content-type'] ?? '',
      body: response.body,
    })
    return response
  }
}

function withoutCredentials(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.toString()
}

/** An exchange as the store keeps it: content-addressed, so that the same answer is stored once. */
export function rawBodyOf({ evidenceId, ...exchange }: KeptExchange): RawBody {
  // Without the evidence's id: several pieces of evidence may share one answer, and the record says which.
  const bytes = Buffer.from(JSON.stringify(exchange))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { sha256, source: evidenceId, contentType: 'application/json', bytes }
}

/** The exchange that a stored body holds, as one piece of evidence saw it. */
export function exchangeOf(evidenceId: string, body: RawBody): KeptExchange {
  const stored = JSON.parse(Buffer.from(body.bytes).toString('utf8')) as object
  return KeptExchange.parse({ ...stored, evidenceId })
}
