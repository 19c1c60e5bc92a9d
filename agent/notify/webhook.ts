import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import { signBody } from '../lib/signature.ts'
import type { Notifier } from './notifier.ts'
import { renderText } from './plain-text.ts'
import { checkReceipt } from './receipt.ts'

export const Options = z.strictObject({
  name: z.string().min(1).default('webhook'),
  url: z.url({ protocol: /^https?$/ }),
  /** Signs each body in X-Failwise-Signature, so that the receiver knows who speaks. */
  secret: z.string().min(16).optional(),
  /** For receivers that want credentials of their own. */
  headers: z.record(z.string(), z.string()).default({}),
})
export type Options = z.infer<typeof Options>

export interface WebhookPorts {
  readonly http: Http
  readonly clock: Pick<Clock, 'now'>
}

/** Posts the message as JSON to any URL. Receivers drop repeats by the Idempotency-Key header. */
export function webhook(options: Options, { http, clock }: WebhookPorts): Notifier {
  return {
    name: options.name,
    async send(notification, abort) {
      const body = JSON.stringify({ version: 1, ...notification, text: renderText(notification) })
      const headers: Record<string, string> = {
        ...options.headers,
        'content-type': 'application/json; charset=utf-8',
        'idempotency-key': notification.id,
      }
      // Signed anew for each attempt: the receiver accepts a signature only for some minutes.
      if (options.secret) headers['x-failwise-signature'] = signBody(body, options.secret, clock.now())
      checkReceipt(options.name, await http({ method: 'POST', url: options.url, headers, body }, abort))
    },
  }
}
