import { spawn } from 'node:child_process'
import { Fault } from '../../agent/lib/errors.ts'
import type { ReadPorts } from '../ports.ts'

const OUTPUT_BYTES = 64 * 1024
/** Between asking a program to end and ending it. */
const GRACE_MS = 3000
/** From the end of a program to the end of its output. */
const OUTPUT_GRACE_MS = 1000

/** Starts programs without a shell, in a bare environment, and ends them (and what they started) with the abort. */
export function programRunner({
  mask,
  environment,
}: {
  readonly mask: (text: string) => Promise<string>
  readonly environment: Readonly<Record<string, string>>
}): ReadPorts['runProgram'] {
  return async (call, abort) => {
    abort.throwIfAborted()
    const child = spawn(call.file, [...call.args], {
      // A group of its own, so that its children end with it.
      detached: true,
      env: { ...environment, ...call.environment },
      ...(call.folder !== undefined && { cwd: call.folder }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const end = (signal: NodeJS.Signals) => {
      if (child.pid === undefined || child.exitCode !== null) return
      try {
        process.kill(-child.pid, signal)
      } catch {
        // It has ended in the meantime.
      }
    }
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), call.timeoutMs)
    const over = AbortSignal.any([abort, late.signal])
    let killer: NodeJS.Timeout | undefined
    const onOver = () => {
      end('SIGTERM')
      killer = setTimeout(() => end('SIGKILL'), GRACE_MS)
    }
    over.addEventListener('abort', onOver, { once: true })
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) =>
      capped(stream, call.maxOutputBytes ?? OUTPUT_BYTES),
    ) as [Captured, Captured]
    try {
      const exitCode = await new Promise<number | null>((resolve, reject) => {
        child.once('error', (error: NodeJS.ErrnoException) =>
          reject(
            new Fault('stage_failed', `${call.file} cannot be started (${error.code ?? 'unknown'})`, {
              hint: error.code === 'ENOENT' ? 'is it installed where the agent runs?' : 'may the agent execute it?',
            }),
          ),
        )
        child.once('close', (code) => resolve(code))
        // A daemon that it leaves behind keeps the pipes open: then its own end is what counts.
        child.once('exit', (code) => setTimeout(() => resolve(code), OUTPUT_GRACE_MS).unref())
        child.stdin.on('error', () => undefined)
        child.stdin.end(call.stdin ?? '')
      })
      abort.throwIfAborted()
      if (late.signal.aborted)
        throw new Fault('deadline', `${call.file} took longer than ${call.timeoutMs / 1000} s and was ended`)
      const text = async (captured: Captured) => mask(captured.text())
      return {
        exitCode,
        stdout: await text(stdout),
        stderr: await text(stderr),
        isTruncated: stdout.isTruncated() || stderr.isTruncated(),
      }
    } finally {
      clearTimeout(timer)
      clearTimeout(killer)
      over.removeEventListener('abort', onOver)
      child.stdout.destroy()
      child.stderr.destroy()
    }
  }
}

interface Captured {
  text(): string
  isTruncated(): boolean
}

function capped(stream: NodeJS.ReadableStream, maxBytes: number): Captured {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    if (bytes < maxBytes) chunks.push(chunk.subarray(0, maxBytes - bytes))
    bytes += chunk.length
  })
  stream.on('error', () => undefined)
  return { text: () => Buffer.concat(chunks).toString('utf8'), isTruncated: () => bytes > maxBytes }
}
