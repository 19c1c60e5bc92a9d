import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresProgram } from '../parts/postgres.ts'
import { type Network, shell } from './network.ts'

/** The address that agents know; it moves with the database. */
const SERVICE_ADDRESS = '10.77.0.100'
export const DATABASE_URL = `postgres://postgres@${SERVICE_ADDRESS}:5432/postgres`

/** A PostgreSQL server on a machine of its own. */
export interface Database {
  readonly folder: string
  start(): Promise<void>
  /** As when somebody restarts it in a hurry. */
  stop(): Promise<void>
  /** As when its machine loses power: nothing says goodbye. */
  loseMachine(): Promise<void>
  /** A standby becomes the primary and takes the service's address. */
  promote(): Promise<void>
}

interface Wanted {
  readonly network: Network
  readonly folder: string
  /** Streams from this one; itself the primary without it. */
  readonly follows?: string
  readonly settings?: readonly string[]
}

/** Creates one and starts it; the primary has the service's address. */
export async function startDatabase(name: string, address: string, wanted: Wanted): Promise<Database> {
  const { network, follows, settings = [] } = wanted
  const machine = await network.machine(name, { database: address })
  const data = join(wanted.folder, name)
  const asPostgres = (program: string, ...args: string[]) => {
    const [file, ...rest] = [...machine, 'runuser', '-u', 'postgres', '--', postgresProgram(program), ...args]
    return shell(file as string, ...rest)
  }
  if (follows === undefined) {
    await asPostgres('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8')
    for (const what of ['all', 'replication'])
      appendFileSync(join(data, 'pg_hba.conf'), `host ${what} all 10.77.0.0/24 trust\n`)
  } else {
    const source = ['-d', `host=${follows} user=postgres application_name=${name}`]
    await asPostgres('pg_basebackup', ...source, '-D', data, '-R', '-X', 'stream', '-c', 'fast')
  }
  const flags = ['listen_addresses=*', 'unix_socket_directories=', 'max_connections=80', ...settings]
  const options = flags.map((one) => `-c ${one}`).join(' ')
  const takeAddress = async () => {
    await shell('ip', '-n', `fwchaos-${name}`, 'addr', 'add', `${SERVICE_ADDRESS}/24`, 'dev', 'database')
    // Says to everybody on the network who has the address now.
    const [file, ...rest] = [...machine, 'arping', '-q', '-U', '-c', '2', '-I', 'database', SERVICE_ADDRESS]
    await shell(file as string, ...rest)
  }
  const start = async () => {
    try {
      await asPostgres('pg_ctl', '-D', data, '-w', '-t', '60', '-l', `${data}.log`, '-o', options, 'start')
    } catch (cause) {
      throw new Error(`${name} does not start:\n${readFileSync(`${data}.log`, 'utf8').slice(-1500)}`, { cause })
    }
  }
  await start()
  if (follows === undefined) await takeAddress()
  return {
    folder: data,
    start,
    stop: async () => void (await asPostgres('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop')),
    loseMachine: async () => {
      await network.cut(name, 'database')
      const file = join(data, 'postmaster.pid')
      if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL')
    },
    promote: async () => {
      await asPostgres('pg_ctl', '-D', data, '-w', 'promote')
      await takeAddress()
    },
  }
}
