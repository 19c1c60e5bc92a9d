import { Resolver } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { Fault } from '../../agent/lib/errors.ts'
import type { ReadPorts, SocketAddress, WritePorts } from '../ports.ts'

const DNS_TIMEOUT_MS = 2000
const MAX_ANSWER_BYTES = 1024 * 1024

/** Asks a resolver as users do; a name that does not exist has no values. */
export const resolveDns: ReadPorts['resolveDns'] = async ({ name, type, server }, abort) => {
  abort.throwIfAborted()
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 })
  if (server !== undefined) resolver.setServers([server])
  const onAbort = () => resolver.cancel()
  abort.addEventListener('abort', onAbort, { once: true })
  try {
    if (type === 'A' || type === 'AAAA') {
      const found = await (type === 'A'
        ? resolver.resolve4(name, { ttl: true })
        : resolver.resolve6(name, { ttl: true }))
      return { values: found.map(({ address }) => address), ttlSeconds: found[0]?.ttl ?? null }
    }
    if (type === 'CNAME') return { values: await resolver.resolveCname(name), ttlSeconds: null }
    return { values: (await resolver.resolveTxt(name)).map((parts) => parts.join('')), ttlSeconds: null }
  } catch (error) {
    abort.throwIfAborted()
    const { code = 'UNKNOWN' } = error as { code?: string }
    if (code === 'ENODATA' || code === 'ENOTFOUND') return { values: [], ttlSeconds: null }
    const details = { code, name, server: server ?? 'the machine’s resolver' }
    const isAnswer = ['EREFUSED', 'ESERVFAIL', 'ENOTIMP', 'EFORMERR'].includes(code)
    throw new Fault(
      isAnswer ? 'upstream_refused' : 'upstream_unreachable',
      `${server ?? 'the resolver'} gave no answer about ${name} (${code})`,
      { details, retryable: true },
    )
  } finally {
    abort.removeEventListener('abort', onAbort)
  }
}

/** Sends a text and reads until the other side closes. */
export const askSocket: ReadPorts['askSocket'] = async (address, text, abort) => {
  const told = 'path' in address ? address.path : `${address.host}:${address.port}`
  const answer = await conversation(address, told, abort, (socket, finish) => {
    const chunks: Buffer[] = []
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) socket.destroy(new Fault('upstream_too_large', `${told} answered more than 1 MiB`))
    })
    socket.once('end', () => finish(Buffer.concat(chunks)))
    socket.write(text)
  })
  return answer.toString('utf8')
}

/** One message with its length in front, and the reply without. */
export const exchangeDns: WritePorts['exchangeDns'] = (server, message, abort) =>
  conversation(server, `${server.host}:${server.port}`, abort, (socket, finish) => {
    let received: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0))
        finish(received.subarray(2, 2 + received.readUInt16BE(0)))
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(message.length)
    socket.write(Buffer.concat([length, message]))
  })

const ANSWER_TIMEOUT_MS = 5000

function conversation(
  address: SocketAddress,
  told: string,
  abort: AbortSignal,
  speak: (socket: Socket, finish: (answer: Buffer) => void) => void,
): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    if (abort.aborted) return reject(abort.reason)
    const socket = connect(address)
    const onAbort = () => socket.destroy(abort.reason)
    abort.addEventListener('abort', onAbort, { once: true })
    socket.setTimeout(ANSWER_TIMEOUT_MS, () =>
      socket.destroy(new Fault('upstream_unreachable', `${told} did not answer within ${ANSWER_TIMEOUT_MS / 1000} s`)),
    )
    socket.once('connect', () =>
      speak(socket, (answer) => {
        resolve(answer)
        socket.destroy()
      }),
    )
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (abort.aborted) return reject(abort.reason)
      if (error instanceof Fault) return reject(error)
      reject(new Fault('upstream_unreachable', `${told} cannot be reached (${error.code ?? 'unknown'})`))
    })
    socket.once('close', () => {
      abort.removeEventListener('abort', onAbort)
      reject(new Fault('upstream_unreachable', `${told} closed the connection without a complete answer`))
    })
  })
}
