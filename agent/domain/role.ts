import { z } from 'zod'

/** What a way in may be used for. Scopes do not include each other: what may send alerts need not be able to read them. */
export const Scope = z.enum(['ingest', 'read', 'respond', 'approve', 'admin'])
export type Scope = z.infer<typeof Scope>

export const Role = z.enum(['viewer', 'responder', 'approver', 'admin'])
export type Role = z.infer<typeof Role>

/** What a person of each role may do: look; also work on incidents; also answer questions; also freeze and administer. */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  viewer: ['read'],
  responder: ['read', 'respond'],
  approver: ['read', 'respond', 'approve'],
  admin: ['read', 'respond', 'approve', 'admin'],
}
