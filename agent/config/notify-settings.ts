import { z } from 'zod'
import { DeliveryOptions } from '../notify/outbox.ts'
import { Options as PagerDuty } from '../notify/pagerduty.ts'
import { Options as Smtp } from '../notify/smtp.ts'
import { Options as Webhook } from '../notify/webhook.ts'

/** How people are reached. */
export const NotifySettings = z
  .strictObject({
    pagerDuty: z.array(PagerDuty).default([]),
    webhook: z.array(Webhook).default([]),
    smtp: z.array(Smtp).default([]),
    /** Names of channels: the first is used, each further one when those before it fail. By default in the order above. */
    order: z.array(z.string().min(1)).optional(),
    delivery: DeliveryOptions,
  })
  .superRefine((settings, context) => {
    const names = channelNames(settings)
    for (const [index, name] of names.entries())
      if (names.indexOf(name) !== index)
        context.addIssue({
          code: 'custom',
          path: [],
          message: `two channels are named "${name}"; give one another name`,
        })
    for (const [index, name] of (settings.order ?? []).entries())
      if (!names.includes(name))
        context.addIssue({
          code: 'custom',
          path: ['order', index],
          message: `there is no channel "${name}"; there are: ${names.join(', ') || 'none'}`,
        })
  })
  .prefault({})
export type NotifySettings = z.infer<typeof NotifySettings>

function channelNames({
  pagerDuty,
  webhook,
  smtp,
}: Record<'pagerDuty' | 'webhook' | 'smtp', { name: string }[]>): string[] {
  return [...pagerDuty, ...webhook, ...smtp].map(({ name }) => name)
}

/** The channels in the order in which they are used. */
export function channelOrder(settings: NotifySettings): string[] {
  return settings.order ?? channelNames(settings)
}
