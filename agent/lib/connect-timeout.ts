import type { Agent } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Makes an agent give up on connecting after a time. Node's own timeout counts silence on the socket, which a slow answer has as well; a host
 * that is gone should be known long before a slow one.
 */
export function limitConnecting<A extends Agent>(agent: A, timeoutMs: number): A {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback) as Duplex | undefined
    if (!socket) return socket
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' }))
    }, timeoutMs)
    const done = () => clearTimeout(timer)
    socket.once('secureConnect', done).once('close', done)
    // A TLS socket is ready only after its handshake.
    if (!('encrypted' in socket)) socket.once('connect', done)
    return socket
  }
  return agent
}
