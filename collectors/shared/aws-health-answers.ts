import { z } from 'zod'

// The SDK states these shapes and checks none of them.

const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined)
const When = z
  .date()
  .nullish()
  .transform((date) => date ?? undefined)
const List = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])

const Event = z.object({
  arn: Text,
  service: Text,
  eventTypeCode: Text,
  eventTypeCategory: Text,
  eventScopeCode: Text,
  region: Text,
  availabilityZone: Text,
  startTime: When,
  endTime: When,
  lastUpdatedTime: When,
  statusCode: Text,
})
export type Event = z.infer<typeof Event>

const EventDetails = z.object({
  event: z.object({ arn: Text }).nullish(),
  eventDescription: z.object({ latestDescription: Text }).nullish(),
})
export type EventDetails = z.infer<typeof EventDetails>

const AffectedEntity = z.object({ eventArn: Text, entityValue: Text })
export type AffectedEntity = z.infer<typeof AffectedEntity>

/** An answer without events is no answer; one with an empty list is. */
export const EventPage = z.object({ events: z.array(Event), nextToken: Text })

export const EventDetailsPage = z.object({
  successfulSet: List(EventDetails),
  failedSet: List(z.object({ errorName: Text })),
})

export const EntityPage = z.object({ entities: List(AffectedEntity), nextToken: Text })
