import type { z } from 'zod'
import { ErrorBody } from './errors.ts'

/**
 * What a route answers, for the documentation. What is stored is sent as it is stored: a record that an older version wrote, or that somebody altered,
 * has to be seen all the more. Tests hold real answers against these descriptions.
 */
export function described(
  body: z.ZodType,
  status: 200 | 201 = 200,
): { readonly response: Readonly<Record<number, z.ZodType>> } {
  return {
    response: {
      [status]: body,
      ...{ 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody, 503: ErrorBody },
    },
  }
}

/** Sends what a handler returns without holding it against the description. */
export const asStored = { serializerCompiler: () => (data: unknown) => JSON.stringify(data) }
