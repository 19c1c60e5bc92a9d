import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Entry {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Entry>>
}

/** Where Node would find a package that the one at `path` asks for. */
function placeOf(path: string, name: string): string | undefined {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
    const place = `${base === '' ? '' : `${base}/`}node_modules/${name}`
    if (lock.packages[place]) return place
    if (base === '') return undefined
  }
}

describe('the lock file', () => {
  it('knows every package of every platform, also those that the machine which wrote it cannot get', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => placeOf(path, name) === undefined),
    )
    // `npm ci` refuses a lock file with gaps; the entries need a version, os and cpu.
    expect(missing).toEqual([])
  })

  it('names no registry: the one of the machine is used', () => {
    expect(JSON.stringify(lock)).not.toMatch(/"resolved":"https?:/)
  })
})
