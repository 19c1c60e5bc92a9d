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

  it('has help with examples, and so has each of its own commands', async () => {
    const command = await entry.load(io)
    const called = command.commands.length === 0 || command.registeredArguments.length > 0 ? [command] : []
    for (const one of [...called, ...command.commands]) {
      let help = ''
      one.configureOutput({ writeOut: (text) => (help += text) })
      one.outputHelp()
      expect(help, one.name()).toContain('Examples:')
    }
  })
})
