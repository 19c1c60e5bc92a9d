import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDurable } from '../../agent/store/durable.ts'
import { openFolder, testServer } from './test-database.ts'

const server = testServer()
const NODE = path.resolve('node_modules/.bin/node')

describe('durable work', () => {
  it('of a killed agent is continued by another one, without its finished steps', async () => {
    const url = await server.emptyDatabase()
    const folder = await openFolder()
    const journal = path.join(folder, 'journal')
    await writeFile(journal, '')
    const dead = spawn(NODE, ['test/store/durable-agent.program.ts', url, 'agent-a', journal, 'hang'], {
      stdio: 'inherit',
    })
    await expect.poll(() => readFile(journal, 'utf8'), { timeout: 15_000 }).toContain('agent-a decide inc-1')
    dead.kill('SIGKILL')
    await once(dead, 'exit')

    const durable = await openDurable({
      databaseUrl: url,
      agentId: 'agent-b',
      workVersion: '1',
      maximumAtOnce: 4,
      log: () => {},
      work: {
        assess: async (id, step) => {
          for (const name of ['collect', 'decide'])
            await step(name, () => appendFile(journal, `agent-b ${name} ${id}\n`))
          return 'decided'
        },
      },
    })
    try {
      // Starting it again under the same id is no second start.
      await durable.start('assess', 'assess-inc-1-1', 'inc-1')
      expect(await durable.takeOver(['agent-a'])).toEqual(['assess-inc-1-1'])
      expect(await durable.resultOf('assess-inc-1-1', 15_000)).toBe('decided')
      expect(await durable.takeOver(['agent-a'])).toEqual([])
      const lines = (await readFile(journal, 'utf8')).trim().split('\n')
      expect(lines).toEqual(['agent-a collect inc-1', 'agent-a decide inc-1', 'agent-b decide inc-1'])
    } finally {
      await durable.close(1000)
      await rm(folder, { recursive: true })
    }
  })
})
