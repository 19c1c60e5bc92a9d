import { readFile } from 'node:fs/promises'

/**
 * Whether a process runs, zombies aside, and since when: process ids are reused, the pair of id and start is not.
 * The start is null where the system does not tell (everywhere but Linux).
 */
export async function processIdentity(pid: number): Promise<{ start: string | null; command: string | null } | null> {
  if (!Number.isInteger(pid) || pid <= 0) return null
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null
  }
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return { start: null, command: null }
  // "pid (command) state ...": the command may hold spaces and brackets, so fields are counted from its last bracket.
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  return { start: fields[19] ?? null, command: text.slice(text.indexOf('(') + 1, end) }
}
