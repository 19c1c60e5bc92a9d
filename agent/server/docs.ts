import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { schemaNames, withoutUnused } from './schema-names.ts'

const transformObject = createJsonSchemaTransformObject({ schemaRegistry: schemaNames })

/** OpenAPI at /docs/json and a page to read it at /docs; everything comes from the routes' own schemas. */
export function serveDocs(app: FastifyInstance, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Failwise',
        description: 'Decides whether an incident deserves a failover, and proves why.',
        version,
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
      },
      security: [{ bearer: [] }, { basic: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: schemaNames }),
    transformObject: (document) => withoutUnused(transformObject(document)),
  })
  app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // On plain HTTP, which is what a loopback agent speaks, an upgrade would make the page's own files unreachable.
    transformStaticCSP: (policy) =>
      policy.replace('upgrade-insecure-requests;', '').replace('validator.swagger.io', ''),
    // The page would otherwise send its address to a validator on the internet.
    uiConfig: { validatorUrl: null },
  })
}
