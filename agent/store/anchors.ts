import { mkdir, open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ChainHead } from '../domain/audit.ts'
import { asFault, type Fault } from '../lib/errors.ts'

/** Copies a chain head to a place outside the database: a file, a log line, an object store. */
export type AnchorWriter = (head: ChainHead) => Promise<void>

/** Hands every new head to the writers; under load only the newest, since it pins all before it. */
export interface AnchorKeeper {
  anchor(head: ChainHead): void
  /** Waits until what was handed over is written or has failed. */
  settle(): Promise<void>
}

/** An anchor that cannot be written does not stop the work that it vouches for, but it is told. */
export function keepAnchors(writers: readonly AnchorWriter[], onFailure: (fault: Fault) => void): AnchorKeeper {
  let waiting: ChainHead | null = null
  let newestSeq = 0
  let working: Promise<void> = Promise.resolve()
  const writeNewest = async () => {
    const head = waiting
    waiting = null
    // Taken along by the write before this one.
    if (!head) return
    for (const outcome of await Promise.allSettled(writers.map((write) => write(head))))
      if (outcome.status === 'rejected') onFailure(asFault(outcome.reason))
  }
  return {
    anchor: (head) => {
      if (head.seq <= newestSeq) return
      newestSeq = head.seq
      waiting = head
      working = working.then(writeNewest)
    },
    settle: () => working,
  }
}

/** Appends heads to a file, one JSON line each, and waits until the disk has them. */
export function anchorFile(file: string): AnchorWriter {
  return async (head) => {
    await mkdir(path.dirname(file), { recursive: true })
    const handle = await open(file, 'a', 0o640)
    try {
      await handle.appendFile(`${JSON.stringify({ seq: head.seq, hash: head.hash, at: head.at })}\n`)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }
}

const AnchorLine = z.union([ChainHead, z.object({ auditHead: ChainHead }).transform((line) => line.auditHead)])

/** Finds heads in a text of lines: anchor files, or logs whose lines carry `auditHead`. Other lines are skipped. */
export function parseAnchors(text: string): ChainHead[] {
  const heads: ChainHead[] = []
  for (const line of text.split('\n')) {
    if (!line.includes('"hash"')) continue
    try {
      heads.push(AnchorLine.parse(JSON.parse(line)))
    } catch {
      // A torn last line or somebody else's log line: no anchor.
    }
  }
  return heads
}

/** All heads of an anchor file; none when it does not exist. */
export async function readAnchors(file: string): Promise<ChainHead[]> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return parseAnchors(text)
}
