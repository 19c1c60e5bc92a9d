import { connect, createServer, type Socket } from 'node:net'

/** A wire between two places, which can be cut while both ends live on. */
export interface Relay {
  readonly port: number
  /** Whoever speaks over it is cut off, and nobody gets a connection any more. */
  cut(): void
  mend(): void
  stop(): Promise<void>
}

/** Carries connections to a port of this machine. */
export async function startRelay(targetPort: number, host = '127.0.0.1'): Promise<Relay> {
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((socket) => {
    const far = connect({ host, port: targetPort })
    for (const one of [socket, far]) {
      open.add(one)
      // Each end's trouble is the other's end of the line, and nobody else's.
      one.on('error', () => undefined)
      one.on('close', () => {
        open.delete(one)
        socket.destroy()
        far.destroy()
      })
    }
    socket.pipe(far).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const drop = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    port,
    cut: () => {
      if (isCut) return
      isCut = true
      server.close()
      drop()
    },
    mend: () => {
      if (isCut) server.listen(port, '127.0.0.1')
      isCut = false
    },
    stop: async () => {
      drop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
