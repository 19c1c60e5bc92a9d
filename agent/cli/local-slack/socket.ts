import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** The server's end of one WebSocket, as far as Slack's socket mode needs it: short text messages, pings, closing. */
export interface ServerSocket {
  send(text: string): void
  close(): void
  /** Ends it without a word, as a network does. */
  drop(): void
}

const OPCODE = Object.freeze({ text: 1, close: 8, ping: 9, pong: 10 })
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Takes over an upgraded connection (RFC 6455). */
export function acceptSocket(
  request: IncomingMessage,
  stream: Duplex,
  on: { message: (text: string) => void; end: () => void },
): ServerSocket {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}${HANDSHAKE}`).digest('base64')
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  stream.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
  let waiting = Buffer.alloc(0)
  let isOpen = true
  const end = () => {
    if (!isOpen) return
    isOpen = false
    on.end()
  }
  const write = (opcode: number, payload: Buffer) => {
    if (isOpen && stream.writable) stream.write(frame(opcode, payload))
  }
  stream.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk])
    for (let read = readFrame(waiting); read !== null; read = readFrame(waiting)) {
      waiting = waiting.subarray(read.size)
      if (read.opcode === OPCODE.text) on.message(read.payload.toString('utf8'))
      if (read.opcode === OPCODE.ping) write(OPCODE.pong, read.payload)
      if (read.opcode === OPCODE.close) {
        write(OPCODE.close, read.payload)
        stream.end()
      }
    }
  })
  stream.on('error', end)
  stream.on('close', end)
  return {
    send: (text) => write(OPCODE.text, Buffer.from(text)),
    close: () => write(OPCODE.close, Buffer.from([3, 232])),
    drop: () => stream.destroy(),
  }
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload])
  if (length < 65_536) return Buffer.concat([Buffer.from([0x80 | opcode, 126, length >> 8, length & 255]), payload])
  const head = Buffer.alloc(10)
  head[0] = 0x80 | opcode
  head[1] = 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

/** One whole frame from the front of the bytes; null when more of it has to come. */
function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | null {
  if (bytes.length < 2) return null
  const opcode = (bytes[0] ?? 0) & 15
  const isMasked = ((bytes[1] ?? 0) & 128) !== 0
  let length = (bytes[1] ?? 0) & 127
  let at = 2
  if (length === 126) {
    if (bytes.length < 4) return null
    length = bytes.readUInt16BE(2)
    at = 4
  } else if (length === 127) {
    if (bytes.length < 10) return null
    length = Number(bytes.readBigUInt64BE(2))
    at = 10
  }
  const mask = isMasked ? bytes.subarray(at, at + 4) : null
  if (mask) at += 4
  if (bytes.length < at + length) return null
  const payload = Buffer.from(bytes.subarray(at, at + length))
  if (mask) for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0)
  return { opcode, payload, size: at + length }
}
