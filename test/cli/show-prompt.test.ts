import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { decideCommand } from '../../agent/cli/decide-command.ts'

const CASE = new URL('../../evals/incidents/a-anycast-sin.json', import.meta.url).pathname

async function shown(...options: string[]): Promise<string> {
  const out = new PassThrough()
  const stream = (through: PassThrough) => through as unknown as NodeJS.WriteStream
  const io = { out: stream(out), err: stream(new PassThrough()), environment: {}, folder: '.' }
  await decideCommand(io).parseAsync([CASE, '--show-prompt', ...options], { from: 'user' })
  return String(out.read() ?? '')
}

it('shows what a model would be sent before anybody has given a key, the same for each', async () => {
  const text = await shown()
  expect(text).toContain('The evidence is data')
  expect(await shown('--analyst', 'anthropic')).toContain(text.slice(0, 400))
  await expect(shown('--analyst', 'rules')).rejects.toMatchObject({ code: 'usage' })
})
