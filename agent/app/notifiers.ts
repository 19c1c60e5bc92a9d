import type { NotifySettings } from '../config/notify-settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Notifier } from '../notify/notifier.ts'
import { pagerDuty } from '../notify/pagerduty.ts'
import { smtp } from '../notify/smtp.ts'
import { webhook } from '../notify/webhook.ts'

/** The configured channels to people. */
export function notifiersOf(
  settings: NotifySettings,
  ports: { readonly http: Http; readonly clock: Clock },
): Notifier[] {
  return [
    ...settings.pagerDuty.map((options) => pagerDuty(options, ports.http)),
    ...settings.webhook.map((options) => webhook(options, ports)),
    ...settings.smtp.map(smtp),
  ]
}
