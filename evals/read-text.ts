import { readFile } from 'node:fs/promises'
import { Fault } from '../agent/lib/errors.ts'

/** Reads a file that the user named; says which option named it when it cannot be read. */
export async function readText(path: string, option: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('not_found', `${option}: ${path} cannot be read`, { cause })
  })
}
