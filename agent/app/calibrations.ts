import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Calibration } from '../domain/calibration.ts'
import { Fault } from '../lib/errors.ts'

/** The fitted confidence maps that come with the code. */
export const OWN_CALIBRATIONS = join(import.meta.dirname, '../../evals/calibration')

/** Reads every confidence map of a folder; throws `config_invalid` naming the file that is none. */
export function readCalibrations(folder: string = OWN_CALIBRATIONS): Calibration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const parsed = Calibration.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8')))
      if (parsed.success) return parsed.data
      const [issue] = parsed.error.issues
      throw new Fault('config_invalid', `${name} is no calibration map: ${issue?.path.join('.')}: ${issue?.message}`)
    })
}
