import Anthropic from '@anthropic-ai/sdk'
import { z } from 'zod'
import { messagesOf, outcomeOf } from './conversation.ts'
import type { ModelProvider, ModelReply, ModelRequest } from './model.ts'
import { faultOf, malformedReply, statusOf } from './vendor-error.ts'

export const AnthropicOptions = z.strictObject({
  model: z.string().min(1),
  apiKey: z.string().min(1),
  baseUrl: z.url().default('https://api.anthropic.com'),
  /** `auto` asks for structured output, and for a forced tool where a server does not know that. Newer models refuse forced tools. */
  structured: z.enum(['auto', 'output', 'tool']).default('auto'),
  /** How much the model may think; left to the model when not given. */
  effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).optional(),
})
export type AnthropicOptions = z.infer<typeof AnthropicOptions>

const Count = z
  .number()
  .int()
  .min(0)
  .nullish()
  .transform((count) => count ?? 0)

/** The fields of a message that are read. */
const MessageBody = z.object({
  model: z.string(),
  stop_reason: z.string().nullish(),
  content: z.array(
    z.object({
      type: z.string(),
      text: z.string().nullish(),
      name: z.string().nullish(),
      input: z.unknown().optional(),
    }),
  ),
  usage: z
    .object({
      input_tokens: Count,
      output_tokens: Count,
      cache_read_input_tokens: Count,
      cache_creation_input_tokens: Count,
    })
    .nullish(),
})

type Mode = 'output' | 'tool'
const MODES: readonly Mode[] = ['output', 'tool']

/** A model of Anthropic, or of a server that speaks its protocol. */
export function anthropicModel(options: AnthropicOptions): ModelProvider {
  const id = `anthropic:${options.model}`
  const client = new Anthropic({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    // Retrying is decided above, where the incident's deadline is known.
    maxRetries: 0,
    logLevel: 'off',
  })
  let known: Mode | null = options.structured === 'auto' ? null : options.structured

  async function send(request: ModelRequest, mode: Mode, abort: AbortSignal): Promise<ModelReply> {
    const effort = options.effort === undefined ? {} : { effort: options.effort }
    const schema = { ...request.schema }
    const { data, request_id } = await client.messages
      .create(
        {
          model: options.model,
          max_tokens: request.maxOutputTokens,
          // The system text is the same for every incident: the part that the vendor can keep ready.
          system: [{ type: 'text', text: request.system, cache_control: { type: 'ephemeral' } }],
          messages: messagesOf(request),
          ...(mode === 'output' && { output_config: { ...effort, format: { type: 'json_schema' as const, schema } } }),
          ...(mode === 'tool' && {
            ...(options.effort !== undefined && { output_config: effort }),
            tools: [
              {
                name: request.schemaName,
                description: 'Hands in the verdict.',
                input_schema: { ...schema, type: 'object' as const },
              },
            ],
            tool_choice: { type: 'tool' as const, name: request.schemaName },
          }),
        },
        { signal: abort },
      )
      .withResponse()
    const body = MessageBody.safeParse(data)
    if (!body.success) throw malformedReply(id)
    return replyOf(body.data, request.schemaName, request_id ?? null)
  }

  return {
    id,
    async complete(request, abort) {
      const modes = known === null ? MODES : [known]
      for (const [index, mode] of modes.entries()) {
        try {
          const reply = await send(request, mode, abort)
          known = mode
          return reply
        } catch (error) {
          const isUnknownParameter = statusOf(error) === 400 || statusOf(error) === 422
          if (index === modes.length - 1 || abort.aborted || !isUnknownParameter) throw faultOf(error, id, abort)
        }
      }
      throw malformedReply(id)
    },
  }
}

function replyOf(body: z.infer<typeof MessageBody>, toolName: string, requestId: string | null): ModelReply {
  const tool = body.content.find((block) => block.type === 'tool_use' && block.name === toolName)
  const text = tool
    ? JSON.stringify(tool.input ?? null)
    : body.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('')
  const usage = body.usage
  const cached = usage?.cache_read_input_tokens ?? 0
  return {
    outcome: outcomeOf({
      text,
      isRefused: body.stop_reason === 'refusal',
      hasReasoned: body.content.some((block) => block.type === 'thinking' || block.type === 'redacted_thinking'),
      isTruncated: body.stop_reason === 'max_tokens' || body.stop_reason === 'model_context_window_exceeded',
    }),
    text,
    model: body.model,
    usage: {
      // The vendor counts cached tokens apart; here they are part of the input, as everywhere else.
      inputTokens: (usage?.input_tokens ?? 0) + cached + (usage?.cache_creation_input_tokens ?? 0),
      outputTokens: usage?.output_tokens ?? 0,
      cachedInputTokens: cached,
    },
    requestId,
  }
}
