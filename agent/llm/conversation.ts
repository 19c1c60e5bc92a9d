import type { ModelReply, ModelRequest } from './model.ts'

/** The turns after the system text: the question, and in a repair the earlier reply and what was wrong with it. */
export function messagesOf({ user, repair }: ModelRequest): { role: 'user' | 'assistant'; content: string }[] {
  if (!repair) return [{ role: 'user', content: user }]
  return [
    { role: 'user', content: user },
    { role: 'assistant', content: repair.reply || '(nothing)' },
    { role: 'user', content: `${repair.problem}. Return the whole object again, correct this time, and nothing else.` },
  ]
}

/** A refusal outweighs the rest; thinking that used up the whole allowance is told apart from an answer that was cut. */
export function outcomeOf(seen: {
  readonly text: string
  readonly isRefused: boolean
  readonly hasReasoned: boolean
  readonly isTruncated: boolean
}): ModelReply['outcome'] {
  if (seen.isRefused) return 'refused'
  if (seen.text.trim() === '') return seen.hasReasoned ? 'reasoning_only' : seen.isTruncated ? 'truncated' : 'empty'
  return seen.isTruncated ? 'truncated' : 'complete'
}
