import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Notification, Notifier } from './notifier.ts'
import { DeliveryOptions } from './outbox.ts'
import { Options as PagerDutyOptions, pagerDuty } from './pagerduty.ts'
import { Options as SmtpOptions, smtp } from './smtp.ts'
import { Options as WebhookOptions, webhook } from './webhook.ts'

const ChannelOptions = z.discriminatedUnion('kind', [WebhookOptions, PagerDutyOptions, SmtpOptions])

const Route = z.array(z.string().min(1)).optional()

/** Which channels there are, and which of them carry what. */
export const NotifyOptions = z
  .strictObject({
    channels: z.array(ChannelOptions).default([]),
    /** Names in the order in which they are tried; all channels, in their own order, for what has no route. */
    routes: z.strictObject({ page: Route, notify: Route }).prefault({}),
    delivery: DeliveryOptions,
  })
  .prefault({})
  .superRefine(({ channels, routes }, context) => {
    const names = channels.map(({ name }) => name)
    for (const [index, name] of names.entries())
      if (names.indexOf(name) !== index)
        context.addIssue({ code: 'custom', path: ['channels', index, 'name'], message: `"${name}" stands here twice` })
    for (const [kind, route] of Object.entries(routes))
      for (const [index, name] of (route ?? []).entries())
        if (!names.includes(name))
          context.addIssue({
            code: 'custom',
            path: ['routes', kind, index],
            message: `there is no channel "${name}"; the channels are: ${names.join(', ') || 'none'}`,
          })
  })
export type NotifyOptions = z.infer<typeof NotifyOptions>

export interface ChannelPorts {
  readonly http: Http
  readonly clock: Pick<Clock, 'now'>
}

/** The configured channels, ready to send. */
export function notifiersOf({ channels }: NotifyOptions, ports: ChannelPorts): Notifier[] {
  return channels.map((options) => {
    switch (options.kind) {
      case 'webhook':
        return webhook(options, ports)
      case 'pagerduty':
        return pagerDuty(options, ports.http)
      case 'smtp':
        return smtp(options)
    }
  })
}

/** The channels for a message, in the order in which they are tried. A message that ends a page goes where pages go. */
export function routeOf({ channels, routes }: NotifyOptions, kind: Notification['kind']): string[] {
  const route = kind === 'notify' ? routes.notify : routes.page
  return route ?? channels.map(({ name }) => name)
}
