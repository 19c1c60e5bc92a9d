import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { Asked, Protocol } from './model-replies.ts'

/** Which protocol a path belongs to; null for a path that neither vendor has. */
export function protocolOf(path: string): Protocol | null {
  if (path === '/v1/responses') return 'responses'
  if (path === '/v1/chat/completions') return 'chat'
  return path === '/v1/messages' ? 'messages' : null
}

const Turn = z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string().min(1) })
const Schema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  for (const problem of strictProblems(schema, '$')) context.addIssue({ code: 'custom', message: problem })
})
const Effort = z.string().optional()

const ResponsesRequest = z.strictObject({
  model: z.string(),
  instructions: z.string().min(1),
  input: z.array(Turn).min(1),
  text: z.strictObject({
    format: z.strictObject({
      type: z.literal('json_schema'),
      name: z.string().regex(/^[\w-]{1,64}$/),
      schema: Schema,
      strict: z.literal(true),
    }),
  }),
  max_output_tokens: z.number().int().min(16),
  store: z.literal(false),
  prompt_cache_key: z.string().max(64),
  reasoning: z.strictObject({ effort: Effort }).optional(),
})

const ChatRequest = z.strictObject({
  model: z.string(),
  messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) })),
  max_completion_tokens: z.number().int().optional(),
  max_tokens: z.number().int().optional(),
  response_format: z
    .strictObject({
      type: z.literal('json_schema'),
      json_schema: z.strictObject({ name: z.string(), schema: Schema, strict: z.literal(true) }),
    })
    .optional(),
  reasoning_effort: Effort,
})

const MessagesRequest = z.strictObject({
  model: z.string(),
  max_tokens: z.number().int().min(1),
  system: z.array(
    z.strictObject({
      type: z.literal('text'),
      text: z.string().min(1),
      cache_control: z.strictObject({ type: z.literal('ephemeral') }).optional(),
    }),
  ),
  messages: z.array(Turn).min(1),
  output_config: z
    .strictObject({
      effort: Effort,
      format: z.strictObject({ type: z.literal('json_schema'), schema: Schema }).optional(),
    })
    .optional(),
  tools: z.array(z.strictObject({ name: z.string(), description: z.string(), input_schema: Schema })).optional(),
  tool_choice: z.strictObject({ type: z.literal('tool'), name: z.string() }).optional(),
})

/** Reads a request as strictly as the vendor would; throws with what it would complain about. */
export function readRequest(protocol: Protocol, headers: IncomingHttpHeaders, body: string): Asked {
  const hasKey = /^Bearer \S+$/.test(headers.authorization ?? '') || Boolean(headers['x-api-key'])
  if (!hasKey) throw new Error('no credentials were sent')
  if (protocol === 'messages' && !headers['anthropic-version']) throw new Error('anthropic-version is missing')
  const json: unknown = JSON.parse(body)
  if (protocol === 'responses') {
    const { model, instructions, input } = ResponsesRequest.parse(json)
    return { protocol, model, system: instructions, turns: input, structured: 'schema' }
  }
  if (protocol === 'chat') {
    const { model, messages, response_format } = ChatRequest.parse(json)
    const system = messages.find(({ role }) => role === 'system')?.content ?? ''
    const turns = messages.filter(({ role }) => role !== 'system')
    return { protocol, model, system, turns, structured: response_format ? 'schema' : 'instruction' }
  }
  const { model, system, messages, output_config, tools } = MessagesRequest.parse(json)
  if (!output_config?.format && !tools) throw new Error('neither a format nor a tool asks for a structured reply')
  const text = system.map((block) => block.text).join('\n')
  return { protocol, model, system: text, turns: messages, structured: output_config?.format ? 'schema' : 'tool' }
}

const REFUSED_KEYWORDS = ['minimum', 'maximum', 'minLength', 'maxLength', 'maxItems', 'format', '$schema']

/** What strict structured output demands: closed objects, everything required, no keyword that some vendor refuses. */
function strictProblems(schema: unknown, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((item, index) => strictProblems(item, `${path}[${index}]`))
  if (schema === null || typeof schema !== 'object') return []
  const node = schema as Record<string, unknown>
  const problems = REFUSED_KEYWORDS.filter((name) => name in node).map((name) => `${path}: ${name} is not supported`)
  if (node.type === 'object') {
    const names = Object.keys((node.properties ?? {}) as object)
    if (node.additionalProperties !== false) problems.push(`${path}: additionalProperties must be false`)
    const required = Array.isArray(node.required) ? node.required : []
    for (const name of names) if (!required.includes(name)) problems.push(`${path}: ${name} must be required`)
  }
  // Names of properties are not keywords.
  for (const [name, value] of Object.entries(node))
    problems.push(
      ...(name === 'properties'
        ? Object.entries(value as object).flatMap(([key, child]) => strictProblems(child, `${path}.${key}`))
        : strictProblems(value, `${path}.${name}`)),
    )
  return problems
}
