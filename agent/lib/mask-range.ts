/** A piece of a text that must not leave, from `start` up to but without `end`. */
export interface Found {
  readonly start: number
  readonly end: number
  /** What it is, in lower case with hyphens. */
  readonly kind: string
  /** Quotes to put around the placeholder, where a bare JSON number or word is replaced. */
  readonly quote?: string
}

const PLACEHOLDER = /<secret:[a-z0-9-]{1,40}:[0-9a-f]{4}>/g

/** What is left of the findings outside the placeholders of an earlier masking. */
export function outsidePlaceholders(text: string, found: readonly Found[]): Found[] {
  const kept = text.includes('<secret:') ? [...text.matchAll(PLACEHOLDER)] : []
  if (kept.length === 0) return [...found]
  return found.flatMap((range) => {
    const parts: Found[] = []
    let start = range.start
    for (const { index, 0: placeholder } of kept) {
      const end = index + placeholder.length
      if (end <= start || index >= range.end) continue
      if (index > start) parts.push({ ...range, start, end: index })
      start = end
    }
    if (start < range.end) parts.push({ ...range, start })
    return parts
  })
}
