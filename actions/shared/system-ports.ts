import { readFile } from 'node:fs/promises'
import type { Http } from '../../agent/lib/http.ts'
import type { StagePorts } from '../ports.ts'
import { askSocket, exchangeDns, resolveDns } from './system-network.ts'
import { executePostgres, queryPostgres } from './system-postgres.ts'
import { programRunner } from './system-program.ts'

export interface SystemPortsOptions {
  readonly http: Http
  /** For what programs print. */
  readonly mask: (text: string) => Promise<string>
  /** Where programs are looked for, and the home folder that holds their credentials. */
  readonly environment: Readonly<Record<string, string>>
}

/** The machine's own network, files and programs. */
export function systemStagePorts({ http, mask, environment }: SystemPortsOptions): StagePorts {
  const runProgram = programRunner({ mask, environment })
  return {
    read: {
      httpGet: (request, abort) => http({ method: 'GET', ...request }, abort),
      httpAsk: http,
      queryPostgres,
      runProgram,
      resolveDns,
      askSocket,
      readText: (path) => readFile(path, 'utf8'),
    },
    write: { http, executePostgres, runProgram, tellSocket: askSocket, exchangeDns },
  }
}
