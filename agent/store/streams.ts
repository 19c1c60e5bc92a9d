import type { Writable } from 'node:stream'
import { Fault } from '../lib/errors.ts'

/** Writes and waits while the reader is slow; a reader who is gone is a fault, not a hang. */
export async function writeTo(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  if (stream.destroyed) throw new Fault('internal', 'the output was closed before everything was written')
  if (stream.write(chunk)) return
  await new Promise<void>((resolve, reject) => {
    const settle = (finish: () => void) => () => {
      stream.off('drain', onDrain)
      stream.off('close', onClose)
      stream.off('error', onError)
      finish()
    }
    const onDrain = settle(resolve)
    const onClose = settle(() => reject(new Fault('internal', 'the output was closed before everything was written')))
    const onError = settle(() => reject(new Fault('internal', 'the output could not be written')))
    stream.on('drain', onDrain)
    stream.on('close', onClose)
    stream.on('error', onError)
  })
}
