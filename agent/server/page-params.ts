import { z } from 'zod'

/** Which part of a long list is wanted. */
export const PageParams = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(200).optional(),
})
