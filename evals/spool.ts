import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { CaseDetail, CaseResult } from './result.ts'

const Entry = z.object({ key: z.string(), fileHash: z.string(), result: CaseResult, detail: CaseDetail })
export type SpoolEntry = z.infer<typeof Entry>

/** Where an entry lies in the file. */
interface Place {
  readonly offset: number
  readonly length: number
}

/**
 * Decisions on disk, one per line: an interrupted run goes on from it, and a large one does not hold them in memory. Only the places of the
 * lines are remembered.
 */
export interface Spool {
  /** Decisions that were there when it was opened. */
  readonly resumed: number
  append(entry: SpoolEntry): void
  /** The entry under a key, if it was made from this very file. */
  find(key: string, fileHash: string): SpoolEntry | null
  /** Closes the file and keeps it for the next run; an empty one is of no use to it. */
  close(): void
  /** Closes the file and deletes it: the run is complete. */
  remove(): void
}

/** Opens or creates a spool; a last line that was cut off by a crash is ignored and overwritten. */
export function openSpool(path: string): Spool {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+')
  const places = new Map<string, Place>()
  let end = indexLines(file, places)
  const resumed = places.size

  const readAt = ({ offset, length }: Place): SpoolEntry | null => {
    const buffer = Buffer.alloc(length)
    readSync(file, buffer, 0, length, offset)
    return entryOf(buffer.toString('utf8'))
  }
  return {
    resumed,
    append: (entry) => {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      writeSync(file, line, 0, line.length, end)
      places.set(entry.key, { offset: end, length: line.length })
      end += line.length
    },
    find: (key, fileHash) => {
      const place = places.get(key)
      const entry = place ? readAt(place) : null
      return entry?.fileHash === fileHash ? entry : null
    },
    close: () => {
      closeSync(file)
      if (places.size === 0) rmSync(path, { force: true })
    },
    remove: () => {
      closeSync(file)
      rmSync(path, { force: true })
    },
  }
}

function entryOf(line: string): SpoolEntry | null {
  try {
    return Entry.safeParse(JSON.parse(line)).data ?? null
  } catch {
    // A line cut off by a crash is no decision.
    return null
  }
}

function indexLines(file: number, places: Map<string, Place>): number {
  const size = fstatSync(file).size
  let offset = 0
  let rest = Buffer.alloc(0)
  const chunk = Buffer.alloc(1 << 20)
  for (let at = 0; at < size; ) {
    const read = readSync(file, chunk, 0, chunk.length, at)
    if (read === 0) break
    at += read
    rest = Buffer.concat([rest, chunk.subarray(0, read)])
    for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10)) {
      const entry = entryOf(rest.subarray(0, newline).toString('utf8'))
      if (!entry) return offset
      places.set(entry.key, { offset, length: newline + 1 })
      offset += newline + 1
      rest = rest.subarray(newline + 1)
    }
  }
  return offset
}
