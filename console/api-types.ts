/** JSON Schema as far as the API's documentation uses it. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly not?: Schema
  readonly $ref?: string
}

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> }
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >
}

/** The OpenAPI document as far as types come from it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

const HEAD = `// Written by \`npm run api:types\` from the routes' own schemas; a test fails when it is not what they say.
`

/** The types of every documented route: what is asked, and what is answered. */
export function apiTypes({ paths, components }: ApiDocument): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
  const lines = routes
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, operation }) => [
      ...(operation.summary ? [`  /** ${operation.summary.replaceAll('*/', '* /')}. */`] : []),
      `  readonly '${name}': {`,
      `    readonly query: ${queryType(operation)}`,
      `    readonly body: ${bodyType(operation)}`,
      `    readonly answer: ${answerType(operation)}`,
      '  }',
    ])
  const schemas = components?.schemas ?? {}
  const used = new Set<string>()
  const visit = (text: string) => {
    for (const name of text.match(/\b[A-Z]\w*\b/g) ?? []) {
      const schema = schemas[name]
      if (schema === undefined || used.has(name)) continue
      used.add(name)
      visit(typeOf(schema))
    }
  }
  visit(lines.join('\n'))
  // What only failures say is read by the client by itself.
  const named = Object.entries(schemas)
    .filter(([name]) => used.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `export type ${name} = ${typeOf(schema)}\n`)
  return `${HEAD}\n${named.join('\n')}\nexport interface Api {\n${lines.join('\n')}\n}\n`
}

function queryType({ parameters = [] }: Operation): string {
  const asked = parameters.filter((parameter) => parameter.in === 'query')
  const members = asked.map(
    ({ name, required, schema }) =>
      `readonly ${key(name)}${required ? '' : '?'}: ${optional(typeOf(schema), required)}`,
  )
  return members.length === 0 ? 'undefined' : `{ ${members.join('; ')} }`
}

function bodyType({ requestBody }: Operation): string {
  const schema = requestBody?.content['application/json']?.schema
  return schema === undefined ? 'undefined' : typeOf(schema)
}

/** Of the answer that means success. */
function answerType({ responses = {} }: Operation): string {
  const success = Object.keys(responses).find((status) => status.startsWith('2'))
  const schema = success === undefined ? undefined : responses[success]?.content?.['application/json']?.schema
  return schema === undefined ? 'unknown' : typeOf(schema)
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return union(schema.enum.map((one) => JSON.stringify(one)))
  if (schema.anyOf ?? schema.oneOf) return union((schema.anyOf ?? schema.oneOf ?? []).map(typeOf))
  if (schema.allOf) return schema.allOf.map((one) => `(${typeOf(one)})`).join(' & ')
  if (schema.not) return 'never'
  const types = Array.isArray(schema.type) ? schema.type : [schema.type]
  return union(types.map((type) => plainType(type as string | undefined, schema)))
}

function plainType(type: string | undefined, schema: Schema): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      if (schema.prefixItems) return `readonly [${schema.prefixItems.map(typeOf).join(', ')}]`
      return `readonly ${wrapped(schema.items ? typeOf(schema.items) : 'unknown')}[]`
    case 'object':
      return objectType(schema)
    default:
      return schema.properties ? objectType(schema) : 'unknown'
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  const rest = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'
  if (!properties || Object.keys(properties).length === 0) return `{ readonly [name: string]: ${rest} }`
  const members = Object.entries(properties).map(([name, member]) => {
    const isRequired = required.includes(name)
    return `readonly ${key(name)}${isRequired ? '' : '?'}: ${optional(typeOf(member), isRequired)}`
  })
  return `{ ${members.join('; ')} }`
}

/** What may be left out may be undefined too; JSON makes no difference. */
function optional(type: string, isRequired: boolean | undefined): string {
  return isRequired ? type : `${type} | undefined`
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}

function wrapped(type: string): string {
  return type.includes(' ') && !/^\{[^{}]*\}$/.test(type) ? `(${type})` : type
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
