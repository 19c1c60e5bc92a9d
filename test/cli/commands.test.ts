import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../agent/cli/commands.ts'
import type { CliIo } from '../../agent/cli/io.ts'

const io: CliIo = { out: process.stdout, err: process.stderr, environment: {}, folder: '.' }

describe.each(COMMANDS.map((entry) => [entry.name, entry] as const))('failwise %s', (name, entry) => {
  it('is named and described in the overview as it is in itself', async () => {
    const command = await entry.load(io)
    expect(command.name()).toBe(name)
    expect(command.description()).toBe(entry.about)
  })

  it('has help with examples, or with commands of its own', async () => {
    const command = await entry.load(io)
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    expect(/Examples:|Exits 1|Exits 2/.test(help) || command.commands.length > 0).toBe(true)
  })
})
