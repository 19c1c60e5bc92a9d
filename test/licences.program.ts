// node test/licences.program.ts: the licences of everything that is installed; exits 1 when one of them asks for more than we can promise.
import { readFileSync } from 'node:fs'
import { licencesIn } from './licences.ts'

const all = licencesIn(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const counts = new Map<string, number>()
for (const { licence, isTool } of all) {
  const key = `${licence}${isTool ? ', tools only' : ''}`
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
for (const [key, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${String(count).padStart(5)}  ${key}`)
const refused = all.filter((one) => !one.isAllowed)
for (const { name, version, licence, isTool } of refused)
  console.log(`not allowed: ${name} ${version} (${licence})${isTool ? ', a tool' : ''}`)
process.exitCode = refused.length > 0 ? 1 : 0
