import { z } from 'zod'
import { Role } from '../domain/role.ts'

/** Sign-in through an OpenID Connect provider, found through its discovery document. */
export const OidcOptions = z
  .strictObject({
    /** As the provider's discovery document spells it. */
    issuer: z.url({ protocol: /^https?$/ }),
    clientId: z.string().min(1),
    /** None for a public client; PKCE is used either way. */
    clientSecret: z.string().min(1).optional(),
    scopes: z.array(z.string().min(1)).default(['openid', 'email', 'profile']),
    /** Which claim is compared with `identity` in the list of people. An address counts only when the provider says that it verified it. */
    identityClaim: z.enum(['sub', 'email', 'oid']).default('sub'),
    /** Which claim lists the groups of somebody who is not in the list of people, and what each group may do. */
    roleClaim: z.string().min(1).default('groups'),
    roles: z.record(z.string().min(1), Role).default({}),
    /** Whether signing out ends the session at the provider as well, where it offers that; the address `publicUrl/` must be registered there. */
    endProviderSession: z.boolean().default(true),
    /** On the button. */
    label: z.string().min(1).max(60).default('Sign in with your organisation'),
  })
  .superRefine(({ issuer }, context) => {
    const { protocol, hostname } = new URL(issuer)
    if (protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname))
      context.addIssue({ code: 'custom', path: ['issuer'], message: 'must be https, except on this machine' })
  })
export type OidcOptions = z.infer<typeof OidcOptions>
