import { Fault } from '../../agent/lib/errors.ts'

/** Where the runtime API listens: a path of a socket, or a host and port. */
export type HaproxyAddress = { readonly path: string } | { readonly host: string; readonly port: number }

/** Sends one line to a text protocol and returns all that comes back until the other side closes. */
export type TextExchange = (address: HaproxyAddress, line: string, abort: AbortSignal) => Promise<string>

export interface HaproxyServer {
  readonly name: string
  readonly address: string
  readonly weight: number
  /** Set by people or by us; nothing is sent to a server in maint, and only what is bound to it to one in drain. */
  readonly mode: 'ready' | 'drain' | 'maint'
  /** As HAProxy's own checks see it; a server without checks counts as up. */
  readonly isUp: boolean
}

/** A server takes users when it is up, ready and weighs something. */
export function takesUsers({ weight, mode, isUp }: HaproxyServer): boolean {
  return isUp && mode === 'ready' && weight > 0
}

const SAFE = /^[A-Za-z0-9_.:-]+$/

/** Throws for a name that could carry a second command over the line protocol. */
function safeName(name: string): string {
  if (!SAFE.test(name)) throw new Fault('usage', `"${name}" is no name of a HAProxy backend or server`)
  return name
}

export interface Haproxy {
  servers(backend: string): Promise<HaproxyServer[]>
  setWeight(backend: string, server: string, weight: number): Promise<void>
  setMode(backend: string, server: string, mode: HaproxyServer['mode']): Promise<void>
  /** The highest generation that was written since HAProxy started; null when there is none. */
  readGeneration(variable: string): Promise<number | null>
  writeGeneration(variable: string, generation: number): Promise<void>
}

/** The part of HAProxy's runtime API that moves traffic. */
export function haproxyAt(address: HaproxyAddress, exchange: TextExchange, abort: AbortSignal): Haproxy {
  const ask = (line: string) => exchange(address, `${line}\n`, abort)
  const order = async (line: string) => {
    // A command that was carried out answers nothing but an empty line.
    const answer = (await ask(line)).trim()
    if (answer !== '')
      throw new Fault('upstream_refused', `HAProxy refused "${line}": ${answer.slice(0, 120)}`, {
        hint: answer.includes('Permission denied') ? 'the socket needs "level admin"' : 'does that server exist?',
      })
  }
  return {
    servers: async (backend) => parseServers(await ask(`show servers state ${safeName(backend)}`), backend),
    setWeight: (backend, server, weight) =>
      order(`set server ${safeName(backend)}/${safeName(server)} weight ${Math.trunc(weight)}`),
    setMode: (backend, server, mode) => order(`set server ${safeName(backend)}/${safeName(server)} state ${mode}`),
    async readGeneration(variable) {
      const answer = await ask(`get var proc.${safeName(variable)}`)
      const value = /value=<(\d+)>/.exec(answer)?.[1]
      return value === undefined ? null : Number(value)
    },
    // Setting a variable counts as experimental up to 2.8; the switch lasts for this one connection.
    writeGeneration: (variable, generation) =>
      order(`experimental-mode on; set var proc.${safeName(variable)} int(${Math.trunc(generation)})`),
  }
}

/** Reads the table of `show servers state`; columns are found by name, since versions add some. */
function parseServers(text: string, backend: string): HaproxyServer[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const columns = lines
    .find((line) => line.startsWith('# '))
    ?.slice(2)
    .split(' ')
  if (!columns)
    throw new Fault('upstream_refused', `HAProxy knows no backend "${backend}"`, {
      details: { answer: text.trim().slice(0, 120) },
    })
  const rows = lines.filter((line) => !line.startsWith('#') && line.includes(' ')).map((line) => line.split(' '))
  return rows.map((row) => {
    const of = (name: string) => row[columns.indexOf(name)] ?? ''
    const admin = Number(of('srv_admin_state'))
    return {
      name: of('srv_name'),
      address: `${of('srv_addr')}:${of('srv_port')}`,
      weight: Number(of('srv_uweight')),
      // Bits of the administrative state: 0x01, 0x02, 0x20 and 0x40 are maintenance, 0x08 and 0x10 are drain.
      mode: (admin & 0x63) !== 0 ? 'maint' : (admin & 0x18) !== 0 ? 'drain' : 'ready',
      isUp: Number(of('srv_op_state')) >= 2,
    }
  })
}
