import { z } from 'zod'
import { outcomeOf } from './conversation.ts'
import type { ModelReply } from './model.ts'

const Count = z
  .number()
  .int()
  .min(0)
  .nullish()
  .transform((count) => count ?? 0)

/** The fields of a Responses API answer that are read; servers that imitate it leave many others out. */
export const ResponsesBody = z.object({
  model: z.string(),
  status: z.string().nullish(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  output: z.array(
    z.object({
      type: z.string(),
      content: z
        .array(z.object({ type: z.string(), text: z.string().nullish(), refusal: z.string().nullish() }))
        .nullish(),
    }),
  ),
  usage: z
    .object({
      input_tokens: Count,
      output_tokens: Count,
      input_tokens_details: z.object({ cached_tokens: Count }).nullish(),
    })
    .nullish(),
})

export const ChatBody = z.object({
  model: z.string(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          reasoning_content: z.string().nullish(),
          reasoning: z.unknown().optional(),
        }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: Count,
      completion_tokens: Count,
      prompt_tokens_details: z.object({ cached_tokens: Count }).nullish(),
    })
    .nullish(),
})

/** Reads an answer of the Responses API. */
export function replyOfResponses(body: z.infer<typeof ResponsesBody>, requestId: string | null): ModelReply {
  const parts = body.output.filter((item) => item.type === 'message').flatMap((item) => item.content ?? [])
  const text = parts.map((part) => (part.type === 'output_text' ? (part.text ?? '') : '')).join('')
  const isRefused =
    parts.some((part) => part.type === 'refusal') || body.incomplete_details?.reason === 'content_filter'
  const hasReasoned = body.output.some((item) => item.type === 'reasoning')
  return {
    outcome: outcomeOf({ text, isRefused, hasReasoned, isTruncated: body.status === 'incomplete' }),
    text,
    model: body.model,
    usage: {
      inputTokens: body.usage?.input_tokens ?? 0,
      outputTokens: body.usage?.output_tokens ?? 0,
      cachedInputTokens: body.usage?.input_tokens_details?.cached_tokens ?? 0,
    },
    requestId,
  }
}

/** Reads an answer of the chat completions API. */
export function replyOfChat(body: z.infer<typeof ChatBody>, requestId: string | null): ModelReply {
  const choice = body.choices[0]!
  const text = choice.message.content ?? ''
  return {
    outcome: outcomeOf({
      text,
      isRefused: Boolean(choice.message.refusal) || choice.finish_reason === 'content_filter',
      hasReasoned: Boolean(choice.message.reasoning_content) || Boolean(choice.message.reasoning),
      isTruncated: choice.finish_reason === 'length',
    }),
    text,
    model: body.model,
    usage: {
      inputTokens: body.usage?.prompt_tokens ?? 0,
      outputTokens: body.usage?.completion_tokens ?? 0,
      cachedInputTokens: body.usage?.prompt_tokens_details?.cached_tokens ?? 0,
    },
    requestId,
  }
}
