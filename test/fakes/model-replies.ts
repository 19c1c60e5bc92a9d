/** What a model says, before it is put into a vendor's envelope. */
export interface Said {
  readonly text: string
  readonly end: 'complete' | 'truncated' | 'refused'
  readonly hasReasoned?: boolean
  /** Another name than the one that was asked. */
  readonly model?: string
}

export type Protocol = 'responses' | 'chat' | 'messages'

/** What was asked, whichever protocol it came through. */
export interface Asked {
  readonly protocol: Protocol
  readonly model: string
  readonly system: string
  /** User and assistant turns in order. */
  readonly turns: readonly { readonly role: string; readonly content: string }[]
  /** How the structured reply was asked for. */
  readonly structured: 'schema' | 'tool' | 'instruction'
}

const USAGE = { input: 3400, cached: 1200, output: 420 }

/** Puts what a model says into the body that the protocol's vendor would answer with. */
export function bodyOf(said: Said, asked: Asked, number: number): unknown {
  const model = said.model ?? asked.model
  if (asked.protocol === 'responses') return responsesBody(said, model, number)
  if (asked.protocol === 'chat') return chatBody(said, model, number)
  return messageBody(said, asked, model, number)
}

function responsesBody({ text, end, hasReasoned }: Said, model: string, number: number) {
  const content =
    end === 'refused'
      ? [{ type: 'refusal', refusal: text }]
      : [{ type: 'output_text', text, annotations: [], logprobs: [] }]
  const message = { id: `msg_${number}`, type: 'message', role: 'assistant', status: 'completed', content }
  const reasoning = { id: `rs_${number}`, type: 'reasoning', summary: [] }
  return {
    id: `resp_${number}`,
    object: 'response',
    created_at: 1_790_000_000,
    model,
    status: end === 'truncated' ? 'incomplete' : 'completed',
    incomplete_details: end === 'truncated' ? { reason: 'max_output_tokens' } : null,
    error: null,
    output: [...(hasReasoned ? [reasoning] : []), ...(text === '' ? [] : [message])],
    usage: {
      input_tokens: USAGE.input,
      input_tokens_details: { cached_tokens: USAGE.cached },
      output_tokens: USAGE.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: USAGE.input + USAGE.output,
    },
  }
}

function chatBody({ text, end, hasReasoned }: Said, model: string, number: number) {
  return {
    id: `chatcmpl-${number}`,
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [
      {
        index: 0,
        finish_reason: end === 'truncated' ? 'length' : 'stop',
        logprobs: null,
        message: {
          role: 'assistant',
          content: end === 'refused' || text === '' ? null : text,
          refusal: end === 'refused' ? text : null,
          ...(hasReasoned && { reasoning_content: 'thinking about it' }),
        },
      },
    ],
    usage: {
      prompt_tokens: USAGE.input,
      prompt_tokens_details: { cached_tokens: USAGE.cached },
      completion_tokens: USAGE.output,
      total_tokens: USAGE.input + USAGE.output,
    },
  }
}

function messageBody({ text, end, hasReasoned }: Said, asked: Asked, model: string, number: number) {
  const isTool = asked.structured === 'tool' && end === 'complete' && parses(text)
  const answer = isTool
    ? { type: 'tool_use', id: `toolu_${number}`, name: 'verdict', input: JSON.parse(text) }
    : { type: 'text', text, citations: null }
  return {
    id: `msg_${number}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(hasReasoned ? [{ type: 'thinking', thinking: '', signature: 'c2lnbmVk' }] : []),
      ...(text === '' ? [] : [answer]),
    ],
    stop_reason: { complete: isTool ? 'tool_use' : 'end_turn', truncated: 'max_tokens', refused: 'refusal' }[end],
    stop_sequence: null,
    usage: {
      input_tokens: USAGE.input - USAGE.cached,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: USAGE.cached,
      output_tokens: USAGE.output,
    },
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
