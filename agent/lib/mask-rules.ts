import { rules } from '@secretlint/secretlint-rule-preset-recommend'
import type { Found } from './mask-range.ts'

/**
 * Left out of the preset: `filter-comments` would let a log line switch the detectors off by saying so; `gcp` reads files; `basicauth` and
 * `database-connection-string` take the host away with the password, and the host is evidence.
 */
const LEFT_OUT = new Set(['filter-comments', 'gcp', 'basicauth', 'database-connection-string'])
const PREFIX = '@secretlint/secretlint-rule-'

/**
 * Secretlint's recommended rules as one function. The rules are run directly: the core around them keeps a performance mark for every rule
 * and text for as long as the process lives.
 */
export function createRuleSet(): (text: string) => Found[] {
  let content = ''
  let found: Found[] = []
  const handlers = rules
    .filter((rule) => !LEFT_OUT.has(rule.meta.id.replace(PREFIX, '')))
    .map((rule) => {
      const kind = rule.meta.id.replace(PREFIX, '')
      return rule.create(
        {
          sharedOptions: {},
          createTranslator: () => (messageId, data) => ({
            messageId: String(messageId),
            message: '',
            data: data ?? {},
          }),
          ignore: () => {},
          report: ({ message, range }) => {
            const place = placeOf(content, range, message.data)
            if (place) found.push({ ...place, kind })
          },
        },
        {},
      )
    })
  return (text) => {
    content = text
    found = []
    const source = { filePath: 'text', ext: '.txt', contentType: 'text', content: text }
    for (const { file } of handlers) {
      const pending = file?.(source as unknown as Parameters<typeof file>[0])
      if (pending) throw new TypeError('a secretlint rule became asynchronous; the mask runs them in one go')
    }
    content = ''
    return found
  }
}

/**
 * Where the secret itself is. Some rules report a range that starts at the name of the secret and is as long as its value, and one goes on to the
 * end of the line: the value that they name is looked up instead, and ends where a JSON string would.
 */
function placeOf(
  text: string,
  [from, to]: readonly [number, number],
  data: unknown,
): { start: number; end: number } | null {
  const named = Object.values((data ?? {}) as Record<string, unknown>).find((value) => typeof value === 'string')
  const secret = typeof named === 'string' && named.length >= 4 ? named : text.slice(from, to)
  const at = text.indexOf(secret, from)
  const start = at < 0 ? from : at
  const end = at < 0 ? to : at + secret.length
  const cut = text.slice(start, end).search(/["'\s\\<>]/)
  const stop = cut < 0 ? end : start + cut
  return stop > start ? { start, end: stop } : null
}
