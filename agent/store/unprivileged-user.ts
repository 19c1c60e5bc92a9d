import { readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../lib/errors.ts'

export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root; these accounts exist on most machines, the first one found is used. */
const CANDIDATES = ['postgres', 'failwise', 'nobody']

/**
 * The user that the database must run as: null for "as we are", which is the answer for everybody but root.
 * The owner of existing data stays its owner.
 */
export async function databaseUser(dataFolder: string): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null
  const users = await readUsers()
  const owner = await stat(dataFolder).catch(() => null)
  const ownerUser = owner && owner.uid !== 0 ? users.find((user) => user.uid === owner.uid) : undefined
  const chosen = ownerUser ?? CANDIDATES.map((name) => users.find((user) => user.name === name)).find(Boolean)
  if (chosen) return chosen
  throw new Fault('config_invalid', 'the embedded database cannot run as root, and there is no account for it', {
    hint: 'start as an ordinary user, create an account named failwise, or set DATABASE_URL',
  })
}

async function readUsers(): Promise<SystemUser[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/** Whether a user may pass through every folder above a path. */
export async function canReach(target: string, user: SystemUser): Promise<boolean> {
  let folder = path.dirname(await realpath(target).catch(() => path.resolve(target)))
  for (;;) {
    const info = await stat(folder).catch(() => null)
    if (info) {
      const bit = info.uid === user.uid ? 0o100 : info.gid === user.gid ? 0o010 : 0o001
      if ((info.mode & bit) === 0) return false
    }
    const above = path.dirname(folder)
    if (above === folder) return true
    folder = above
  }
}
