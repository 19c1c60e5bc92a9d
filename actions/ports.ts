import type { Http, HttpResponse } from '../agent/lib/http.ts'

/** Where a PostgreSQL server answers. */
export interface PostgresTarget {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string | undefined
  /** PEM of the authority of its certificate. */
  readonly ca?: string | undefined
  readonly tls: 'verify' | 'unverified' | 'off'
}

export interface SqlStatement {
  readonly sql: string
  readonly parameters?: readonly unknown[]
}

export type Rows = readonly Record<string, unknown>[]

/** One program, started without a shell; what is not an argument cannot become one. */
export interface ProgramCall {
  readonly file: string
  readonly args: readonly string[]
  readonly folder?: string
  /** Added to a bare environment (PATH, HOME, LANG); the agent's own variables are not handed on. */
  readonly environment?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly timeoutMs: number
  /** How much of each output is kept, where 64 KiB are too little. */
  readonly maxOutputBytes?: number
}

export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  /** The first 64 KiB each unless the call says otherwise, secrets masked. */
  readonly stdout: string
  readonly stderr: string
  readonly isTruncated: boolean
}

/** What a resolver answered: values in the order they came, and for how long they may be kept. */
export interface DnsAnswer {
  readonly values: readonly string[]
  /** Null when the way of asking does not tell. */
  readonly ttlSeconds: number | null
}

export interface DnsQuestion {
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'TXT'
  /** `address` or `address:port`; the machine's resolver without it. */
  readonly server?: string
}

/** A line-based socket: HAProxy's runtime API and its kind. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number }

/** What a stage may look at, at any time and in a rehearsal too. Everything ends with the abort, and throws Faults. */
export interface ReadPorts {
  httpGet(
    request: { readonly url: string; readonly headers?: Readonly<Record<string, string>> },
    abort: AbortSignal,
  ): Promise<HttpResponse>
  /** For calls that only look and are POSTs all the same, as the Describe calls of AWS are. */
  httpAsk: Http
  /** In a read-only transaction. */
  queryPostgres(target: PostgresTarget, statement: SqlStatement, abort: AbortSignal): Promise<Rows>
  /** For programs that only look, such as `kubectl get`. */
  runProgram(call: ProgramCall, abort: AbortSignal): Promise<ProgramResult>
  resolveDns(question: DnsQuestion, abort: AbortSignal): Promise<DnsAnswer>
  /** For commands that only look, such as `show servers state`. Sends the text, and reads until the other side closes. */
  askSocket(address: SocketAddress, text: string, abort: AbortSignal): Promise<string>
  readText(path: string): Promise<string>
}

/** What changes something; reachable inside an effect only, and so never in a rehearsal. */
export interface WritePorts {
  readonly http: Http
  /** Each statement by itself, without a transaction around them, on one connection. */
  executePostgres(target: PostgresTarget, statements: readonly SqlStatement[], abort: AbortSignal): Promise<Rows[]>
  runProgram(call: ProgramCall, abort: AbortSignal): Promise<ProgramResult>
  tellSocket(address: SocketAddress, text: string, abort: AbortSignal): Promise<string>
  /** One DNS message over TCP, and the reply's bytes. */
  exchangeDns(
    server: { readonly host: string; readonly port: number },
    message: Buffer,
    abort: AbortSignal,
  ): Promise<Buffer>
}

/** The outside world of all stages. */
export interface StagePorts {
  readonly read: ReadPorts
  readonly write: WritePorts
}
