import { appendFileSync } from 'node:fs'
import { openDurable } from '../../agent/store/durable.ts'

/** An agent of its own process: does work in two steps, and hangs in the second when told. */
const [databaseUrl, agentId, journal, behaviour] = process.argv.slice(2)
if (!databaseUrl || !agentId || !journal) throw new Error('usage: URL AGENT JOURNAL [hang]')
const durable = await openDurable({
  databaseUrl,
  agentId,
  workVersion: '1',
  maximumAtOnce: 4,
  log: () => {},
  work: {
    assess: async (id, step) => {
      await step('collect', async () => appendFileSync(journal, `${agentId} collect ${id}\n`))
      await step('decide', async () => {
        appendFileSync(journal, `${agentId} decide ${id}\n`)
        if (behaviour === 'hang') await new Promise(() => setInterval(() => {}, 1000))
      })
      return 'decided'
    },
  },
})
await durable.start('assess', 'assess-inc-1-1', 'inc-1')
process.on('SIGTERM', () => process.exit(0))
setInterval(() => {}, 1000)
