import { z } from 'zod'
import { Options as Nats } from '../events/nats.ts'

/** What is told to other programs by a message broker, and what comes from there. */
export const EventsSettings = z
  .strictObject({
    /** CloudEvents' `source`: which installation speaks. */
    source: z.string().min(1).max(200).default('failwise'),
    nats: Nats.optional(),
  })
  .prefault({})
