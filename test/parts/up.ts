import { createInterface } from 'node:readline'
import { startWorld, TOKEN } from './world.ts'

/** Starts the servers of the tests for a person: a shop that can be broken, its monitoring, and a folder that configures an agent for it. */

const HELP = `
usage: npm run parts:up

Starts Prometheus (with history and a rule), Alertmanager, a blackbox exporter, PostgreSQL with a standby, and a small shop with customers, all on
127.0.0.1 with data in a temporary folder. Install them first with test/parts/install.sh. Ctrl-C stops and removes everything.`

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(`${HELP.trim()}\n`)
  process.exit(0)
}

const say = (text: string) => process.stdout.write(`${text}\n`)
say('starting …')
const world = await startWorld()
const { folder, agentPort, shop, prometheus, alertmanager, blackbox, primary, standby } = world
say(`
shop             ${shop.url}
Prometheus       ${prometheus.url}/alerts
Alertmanager     ${alertmanager.url}
blackbox         ${blackbox.url}
PostgreSQL       127.0.0.1:${primary.port}, standby 127.0.0.1:${standby.port}
configuration    ${folder}   (failwise.yaml, services.yaml, policy.yaml)

Start an agent in another terminal; it listens on port ${agentPort}, the API token is ${TOKEN}:
  npm run -s failwise -- --config ${folder} doctor shop
  npm run -s failwise -- --config ${folder} serve
Then break the shop here and look:
  npm run -s failwise -- --config ${folder} status
  npm run -s failwise -- --config ${folder} explain shop

Type: break, repair, hide (its metrics), show, quit`)

const deeds: Record<string, () => string> = {
  break: () => {
    shop.break()
    return 'every customer now meets an error; the rule fires in about fifteen seconds'
  },
  repair: () => {
    shop.repair()
    return 'the shop works again'
  },
  hide: () => {
    shop.showMetrics(false)
    return `${shop.url}/metrics is gone; the series end`
  },
  show: () => {
    shop.showMetrics(true)
    return 'the metrics are back'
  },
}

const lines = createInterface({ input: process.stdin })
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  lines.on('line', (line) => {
    const word = line.trim()
    if (word === 'quit') return resolve()
    const deed = deeds[word]
    if (word !== '') say(deed ? deed() : `unknown: ${word}; there are ${Object.keys(deeds).join(', ')} and quit`)
  })
})
await stopped
lines.close()
say('stopping …')
await world.stop()
process.exit(0)
