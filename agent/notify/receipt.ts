import { Fault } from '../lib/errors.ts'
import type { HttpResponse } from '../lib/http.ts'
import { retryAfterMsOf } from '../lib/retry.ts'

/** Throws unless the other side took the message. Refusals of the request itself are final; everything else may pass. */
export function checkReceipt(channel: string, response: HttpResponse): void {
  const { status } = response
  if (status >= 200 && status < 300) return
  const isTemporary = status === 408 || status === 425 || status === 429 || status >= 500
  const retryAfterMs = retryAfterMsOf(response)
  // Not a word of the answer's body: it may repeat the routing key or the token.
  throw new Fault(status === 429 ? 'rate_limited' : 'upstream_refused', `channel ${channel} answered ${status}`, {
    retryable: isTemporary,
    details: { channel, status },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}
