import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { ServerOptions } from '../agent/config/server-options.ts'
import { systemClock } from '../agent/lib/clock.ts'
import { createLog } from '../agent/lib/log.ts'
import type { ServerDeps } from '../agent/server/deps.ts'
import { createServer } from '../agent/server.ts'
import { type ApiDocument, apiTypes } from './api-types.ts'

export const API_FILE = join(import.meta.dirname, 'src/api/openapi.ts')

/** What `/docs/json` of this version says, as types. No agent runs: only the routes' own schemas are read. */
export async function generatedApi(): Promise<string> {
  const known = {
    ...{ clock: systemClock, log: createLog({ level: 'silent' }), registry: new Registry(), sns: null },
    newRequestId: () => 'req',
  }
  const app = createServer(known as unknown as ServerDeps, { options: ServerOptions.parse({}), version: '0.0.0' })
  const answer = await app.inject('/docs/json')
  await app.close()
  return apiTypes(answer.json() as ApiDocument)
}

if (import.meta.main) writeFileSync(API_FILE, await generatedApi())
