import { systemClock } from '../../agent/lib/clock.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'

/** Holds a data folder as `serve` does, says so, and stays until it is ended. */
const folder = process.argv[2]
if (!folder) throw new Error('usage: FOLDER')
const server = await startEmbedded({ folder, purpose: 'serve', clock: systemClock })
console.log('serving')
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)))
setInterval(() => {}, 1000)
