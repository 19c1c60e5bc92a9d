import { randomUUID } from 'node:crypto'

/** Where new identifiers come from. */
export type NewId = (prefix: string) => string

/** Random identifiers such as `inc-3f0c2a91d4e7`; 48 random bits are plenty within one store and short enough to type at night. */
export const randomId: NewId = (prefix) => `${prefix}-${randomUUID().replaceAll('-', '').slice(0, 12)}`
