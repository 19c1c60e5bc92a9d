import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Command } from 'commander'
import type { Agent } from '../app/agent.ts'
import { firstTokenIn } from '../app/first-token.ts'
import { ephemeralKey, secretKeyIn } from '../app/secret-key.ts'
import { createAgent } from '../app.ts'
import { type Person, tokenHashOf } from '../approval/people.ts'
import { signInPeople } from '../config/server-options.ts'
import type { Settings } from '../config/settings.ts'
import { type TlsOptions, validUntilMs } from '../config/tls-options.ts'
import { dataFolderOf, loadConfig } from '../config.ts'
import { instantOf } from '../domain/time.ts'
import { startLoop } from '../engine/loop.ts'
import { createLog } from '../lib/log.ts'
import { createSyncMask } from '../lib/mask.ts'
import type { Admitted } from '../server/accounts.ts'
import { readConsole } from '../server/console-files.ts'
import { replaceCertificate } from '../server/tls.ts'
import { serverDepsOf } from '../server/wire.ts'
import { createServer, listen } from '../server.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { packageVersion } from './version.ts'

/** A token that was replaced works no longer than this. */
const RELOAD_MS = 30_000

/** Renewals usually come thirty days before the end. */
const CERTIFICATE_SOON_MS = 14 * 86_400_000

/** Where the built console lies. */
export const CONSOLE_FOLDER = join(import.meta.dirname, '../../console/dist')

const HELP = `
Without any file it listens on 127.0.0.1:8080 with an embedded PostgreSQL in .failwise, decides and records, and never acts.

Examples:
  failwise serve
  DATABASE_URL=postgres://… failwise --config /etc/failwise serve
  curl -X POST --data @alert.json -H 'content-type: application/json' http://127.0.0.1:8080/v1/alerts/alertmanager`

/** `failwise serve`: the agent, until it is told to stop. */
export function serveCommand(io: CliIo): Command {
  return new Command('serve')
    .description('run the agent: take alerts, decide, record, tell people')
    .addHelpText('after', HELP)
    .action(async (_options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const config = loadConfig(options.config, io.environment)
      const { settings } = config
      const version = packageVersion()
      const log = createLog({ level: settings.log.level, mask: createSyncMask({ key: ephemeralKey() }) })
      const agent = await createAgent({ config, environment: io.environment, log, version, purpose: 'serve' })
      const { people, firstToken } = withFirstToken(settings, dataFolderOf(config))
      let credentials: Admitted = { tokens: settings.server.tokens, people }
      let { tls } = settings.server
      const server = createServer(serverDepsOf(agent), {
        credentials: () => credentials,
        ...{ options: settings.server, people, publicUrl: settings.publicUrl },
        session: {
          key: settings.maskKey ?? secretKeyIn(dataFolderOf(config)),
          isSecure: settings.publicUrl?.startsWith('https:') ?? false,
        },
        version,
        console: readConsole(CONSOLE_FOLDER),
      })
      let url: string
      try {
        url = await listen(server, settings.server, people)
        await agent.start()
      } catch (error) {
        await server.close()
        await agent.stop()
        throw error
      }
      if (tls) tellValidity(agent, tls)
      log.info({ url, mode: settings.mode, analyst: agent.assessDeps.analyst.id }, 'serving')
      answerOn(io, options).note(`Failwise serves at ${url} (${settings.mode} mode). Stop with Ctrl-C.`)
      if (firstToken !== null) answerOn(io, options).note(`Sign in to the console with this token: ${firstToken}`)
      const reloading = startLoop({
        // A renewal in two steps fails in between, and is taken up within the same time as any other.
        ...{ name: 'secrets', clock: agent.clock, intervalMs: RELOAD_MS, longestPauseFactor: 1 },
        round: async () => {
          await io.readSecrets?.(options.config)
          const next = loadConfig(options.config, io.environment).settings
          const read = { tokens: next.server.tokens, people: next.people }
          if (next.server.tls && !isDeepStrictEqual(next.server.tls, tls)) {
            tls = next.server.tls
            replaceCertificate(server.server, tls)
            tellValidity(agent, tls)
          }
          // Who signs in by the first token was named by nobody, and stays.
          if (firstToken === null && !isDeepStrictEqual(read, credentials)) {
            credentials = read
            await recordCredentials(agent, read)
          }
          return false
        },
        onError: (_name, error) => log.warn({ err: error }, 'secrets cannot be read again, the old ones stay'),
      })
      await untilToldToStop()
      await reloading.stop()
      log.info({}, 'stopping: finishing what is in progress')
      await server.close()
      await agent.stop()
    })
}

/** Logs until when the server's certificate is valid, as a warning when that is soon. */
function tellValidity({ clock, log }: Agent, tls: TlsOptions): void {
  const validUntil = instantOf(validUntilMs(tls))
  const isSoon = validUntilMs(tls) - clock.now() < CERTIFICATE_SOON_MS
  if (isSoon)
    log.warn({ validUntil }, 'the certificate of the server ends soon: renew it, it is read again while the agent runs')
  else log.info({ validUntil }, 'certificate of the server')
}

/** Puts on record who may come in from now on: names and scopes, no token. */
async function recordCredentials({ store, clock, log, id }: Agent, { tokens, people }: Admitted): Promise<void> {
  const details = {
    tokens: tokens.map(({ name, scopes }) => ({ name, scopes })),
    people: people.map(({ name, role = null }) => ({ name, role })),
  }
  log.info({ programs: tokens.length, people: people.length }, 'tokens and people replaced')
  const entry = { kind: 'administrative_act', act: 'credentials_replaced', service: null, details } as const
  const actor = { kind: 'agent', id, via: null } as const
  const reason = 'the files, or what they refer to, have changed'
  await store.audit.append([{ ...entry, at: instantOf(clock.now()), actor, reason }])
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.removeListener(signal, onSignal)
        process.once(signal, () => process.exit(130))
      }
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  })
}

/** Where a sign-in is asked for and nobody was named, the one who reads the terminal is the first administrator. */
function withFirstToken(
  { server, people }: Settings,
  folder: string,
): { people: readonly Person[]; firstToken: string | null } {
  const isAnybodyNamed =
    signInPeople(people, server).length > 0 ||
    server.oidc !== undefined ||
    server.tokens.some(({ scopes }) => scopes.includes('read'))
  if (!server.requireSignIn || isAnybodyNamed) return { people, firstToken: null }
  const token = firstTokenIn(folder)
  const first: Person = { name: 'admin', role: 'admin', tokenHash: tokenHashOf(token), groups: [] }
  return { people: [...people, first], firstToken: token }
}
