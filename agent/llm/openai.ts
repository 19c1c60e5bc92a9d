import OpenAI from 'openai'
import { z } from 'zod'
import { sha256 } from '../domain/canonical.ts'
import { messagesOf } from './conversation.ts'
import type { ModelProvider, ModelReply, ModelRequest } from './model.ts'
import { ChatBody, ResponsesBody, replyOfChat, replyOfResponses } from './openai-body.ts'
import { faultOf, malformedReply, statusOf } from './vendor-error.ts'

export const OpenAiOptions = z.strictObject({
  model: z.string().min(1),
  /** Compatible local servers often want none. */
  apiKey: z.string().min(1).default('none'),
  baseUrl: z.url().default('https://api.openai.com/v1'),
  /** `auto` finds out what the server speaks: the Responses API, chat completions with a schema, or JSON by instruction. */
  api: z.enum(['auto', 'responses', 'chat', 'instructed']).default('auto'),
  /** How much a reasoning model may think; left to the model when not given. */
  effort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
})
export type OpenAiOptions = z.infer<typeof OpenAiOptions>

type Api = 'responses' | 'chat' | 'instructed'
const APIS: readonly Api[] = ['responses', 'chat', 'instructed']
/** Statuses with which servers answer a path or a parameter that they do not know. */
const NOT_SPOKEN = new Set([400, 404, 405, 415, 422, 501])

/** A model of OpenAI, or of any server that speaks its protocol. */
export function openAiModel(options: OpenAiOptions): ModelProvider {
  const id = `openai:${options.model}`
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    organization: null,
    project: null,
    // Retrying is decided above, where the incident's deadline is known.
    maxRetries: 0,
    logLevel: 'off',
  })
  let known: Api | null = options.api === 'auto' ? null : options.api

  const send: Record<Api, (request: ModelRequest, abort: AbortSignal) => Promise<ModelReply>> = {
    async responses(request, abort) {
      const { data, request_id } = await client.responses
        .create(
          {
            model: options.model,
            instructions: request.system,
            input: messagesOf(request),
            text: {
              format: { type: 'json_schema', name: request.schemaName, schema: { ...request.schema }, strict: true },
            },
            max_output_tokens: request.maxOutputTokens,
            // Nothing of an incident stays with the vendor for later.
            store: false,
            prompt_cache_key: sha256(request.system).slice(0, 32),
            ...(options.effort !== undefined && { reasoning: { effort: options.effort } }),
          },
          { signal: abort },
        )
        .withResponse()
      const body = ResponsesBody.safeParse(data)
      if (!body.success) throw malformedReply(id)
      return replyOfResponses(body.data, request_id ?? null)
    },
    chat: (request, abort) => sendChat(request, abort, true),
    instructed: (request, abort) => sendChat(request, abort, false),
  }

  async function sendChat(request: ModelRequest, abort: AbortSignal, withSchema: boolean): Promise<ModelReply> {
    const format = { name: request.schemaName, schema: { ...request.schema }, strict: true }
    const system = withSchema ? request.system : `${request.system}\n\n${instructionFor(request)}`
    const { data, request_id } = await client.chat.completions
      .create(
        {
          model: options.model,
          messages: [{ role: 'system', content: system }, ...messagesOf(request)],
          // Local servers know the older name only.
          ...(withSchema
            ? { max_completion_tokens: request.maxOutputTokens }
            : { max_tokens: request.maxOutputTokens }),
          ...(withSchema && { response_format: { type: 'json_schema' as const, json_schema: format } }),
          ...(options.effort !== undefined && { reasoning_effort: options.effort }),
        },
        { signal: abort },
      )
      .withResponse()
    const body = ChatBody.safeParse(data)
    if (!body.success) throw malformedReply(id)
    return replyOfChat(body.data, request_id ?? null)
  }

  return {
    id,
    async complete(request, abort) {
      const candidates = known === null ? APIS : [known]
      for (const [index, api] of candidates.entries()) {
        try {
          const reply = await send[api](request, abort)
          known = api
          return reply
        } catch (error) {
          const status = statusOf(error)
          const isLast = index === candidates.length - 1
          if (isLast || abort.aborted || status === undefined || !NOT_SPOKEN.has(status))
            throw faultOf(error, id, abort)
        }
      }
      throw malformedReply(id)
    },
  }
}

function instructionFor({ schema }: ModelRequest): string {
  return `Reply with one JSON object and nothing else: no prose, no code fence. It must satisfy this JSON Schema:\n${JSON.stringify(schema)}`
}
