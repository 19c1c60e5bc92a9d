import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { freePort, stopChild, waitUntil } from './servers.ts'

/** A real nats-server with JetStream on disk, which can be killed and started again on its data. */
export interface NatsPart {
  readonly url: string
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export async function startNats(folder: string): Promise<NatsPart> {
  const port = await freePort()
  let child: ChildProcess | null = null
  const start = async () => {
    const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder, 'nats')]
    child = spawn('nats-server', args, { stdio: 'ignore' })
    await waitUntil(() => answers(port), 20_000, 'nats-server; test/parts/install.sh installs it')
  }
  await start()
  const end = async (signal: NodeJS.Signals) => {
    if (child) await stopChild(child, signal)
  }
  return { url: `nats://127.0.0.1:${port}`, start, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}

async function answers(port: number): Promise<boolean> {
  const socket = dial(port, '127.0.0.1')
  try {
    await once(socket, 'data')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
