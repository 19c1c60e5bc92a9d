import { z } from 'zod'
import { PlanName } from '../domain/plan.ts'
import { cronTimes } from '../lib/cron.ts'

/** Plans that are drilled at certain times, whether anybody thinks of it or not. */
export const DrillSettings = z
  .array(
    z
      .strictObject({
        plan: PlanName,
        /** Five fields as in crontab: minute, hour, day, month, day of the week. */
        schedule: z.string().min(1),
        timeZone: z.string().min(1).default('UTC'),
        /** Really does it, for a plan that says `sandbox: true`; without it the plan is rehearsed and nothing is changed. */
        live: z.boolean().default(false),
      })
      .superRefine(({ schedule, timeZone }, context) => {
        const mistake = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
        if (!isTimeZone(timeZone))
          return mistake('timeZone', `"${timeZone}" is no time zone; try "Europe/Berlin" or "UTC"`)
        try {
          if (cronTimes(schedule, timeZone).nextAfter(Date.UTC(2024, 0, 1)) === null)
            mistake('schedule', `"${schedule}" never comes`)
        } catch (error) {
          mistake('schedule', `is no crontab line of five fields: ${(error as Error).message}`)
        }
      }),
  )
  .default([])

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
