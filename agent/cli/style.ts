import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Colours a text when the stream is a terminal that wants colour (NO_COLOR and FORCE_COLOR are honoured), else leaves it alone. */
export type Paint = (format: Format, text: string) => string

/** A painter for one stream. */
export function painterFor(stream: NodeJS.WriteStream): Paint {
  return (format, text) => styleText(format, text, { stream, validateStream: true })
}

/** Characters that could move the cursor, colour the screen or reorder the text are shown instead of obeyed. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: neutralising them is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, (char) =>
    char === '\n' || char === '\t' ? ' ' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** One line of at most `width` characters; what is cut is shown by an ellipsis. */
export function clip(text: string, width: number): string {
  const line = visible(text)
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`
}

/** Words wrapped at a width, each line indented. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of visible(text).split(/\s+/)) {
    if (line && line.length + 1 + word.length > width - indent.length) {
      lines.push(indent + line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  if (line) lines.push(indent + line)
  return lines.join('\n')
}

/** Columns padded to their widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[], gap = '  '): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
        .join(gap)
        .trimEnd(),
    )
    .join('\n')
}
