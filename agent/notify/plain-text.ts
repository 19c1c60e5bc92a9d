import type { Notification } from './notifier.ts'

/** Bidirectional controls turn "do not" around on the screen; zero-width characters hide words. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** Control characters, line and paragraph separators: a terminal or a mail header must not obey an alert. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** Anybody's prose as one harmless line of at most `limit` characters. */
export function plainLine(text: string, limit: number): string {
  const line = text.replace(CONTROL, ' ').replace(INVISIBLE, '').replace(/ {2,}/g, ' ').trim().toWellFormed()
  return line.length <= limit ? line : `${line.slice(0, Math.max(0, limit - 1)).toWellFormed()}…`
}

/** An absolute http(s) URL without credentials, or null: links in a page get clicked at three in the morning. */
export function safeLink(text: string | null | undefined): string | null {
  if (!text || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  url.username = ''
  url.password = ''
  return url.href
}

/** Words as one line for a POSIX shell, each quoted where it must be. */
export function commandLine(words: readonly string[]): string {
  return words
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}

const HEADINGS: Readonly<Record<Notification['kind'], string>> = {
  page: 'PAGE',
  late: 'PAGE (no decision in time)',
  notify: 'For your information',
  resolve: 'Ended',
}

/** The message as plain text, for media without structure. Reasons are cut before the links and the command are. */
export function renderText(notification: Notification, limit = 6000): string {
  const { kind, service, title, reasonLines, runbookUrl, overrideCommand, recordUrl } = notification
  const head = `${HEADINGS[kind]}: ${plainLine(title, 300)}\nService: ${plainLine(service, 200)}\n`
  const tail = [
    runbookUrl ? `Runbook: ${runbookUrl}` : null,
    overrideCommand ? `To overrule the agent: ${plainLine(overrideCommand, 500)}` : null,
    recordUrl ? `Record: ${recordUrl}` : null,
    `Since: ${notification.at}`,
  ]
    .filter((line) => line !== null)
    .join('\n')
  let room = limit - head.length - tail.length - 40
  const shown: string[] = []
  for (const reason of reasonLines) {
    const line = `- ${plainLine(reason, 500)}`
    if (line.length + 1 > room) break
    room -= line.length + 1
    shown.push(line)
  }
  const hidden = reasonLines.length - shown.length
  if (hidden > 0) shown.push(`- and ${hidden} more on the record`)
  return `${head}\n${shown.join('\n')}\n\n${tail}\n`
}
