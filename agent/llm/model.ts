/** What a model is asked: a system text, a user text, and the JSON schema that the reply must satisfy. */
export interface ModelRequest {
  readonly system: string
  readonly user: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly schemaName: string
  readonly maxOutputTokens: number
  /** Earlier reply and what was wrong with it, for the one repair attempt. */
  readonly repair?: { readonly reply: string; readonly problem: string }
}

/** What came back, before anyone believes it. */
export interface ModelReply {
  readonly outcome: 'complete' | 'truncated' | 'refused' | 'empty' | 'reasoning_only'
  /** The structured output as text; JSON unless the model misbehaved. */
  readonly text: string
  /** The model that really answered, as the vendor names it. */
  readonly model: string
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedInputTokens: number }
  readonly requestId: string | null
}

/** One vendor's model. It knows nothing of verdicts. Throws Fault `model_unavailable` (with `retryAfterMs` when told), `model_rejected` or `deadline`. */
export interface ModelProvider {
  /** Provider and model, such as `openai:gpt-5.2`. */
  readonly id: string
  complete(request: ModelRequest, abort: AbortSignal): Promise<ModelReply>
}
