// node test/fuzz/long.program.ts [minutes] [seed] [target]: the same search as in the tests, for as long as you like, with seeds of its own.
// Prints what it finds with the seed that finds it again, and exits 1 when there was anything.
import fc from 'fast-check'
import { bodiesLike } from './mutations.ts'
import { TARGETS } from './targets.ts'

const [minutes = '10', firstSeed = String(Date.now() % 2 ** 31), only = ''] = process.argv.slice(2)
const endsAt = Date.now() + Number(minutes) * 60_000
const found = new Map<string, string>()
let bodies = 0
let seed = Number(firstSeed)
console.log(`seed ${seed}, ${minutes} minutes`)
for (; Date.now() < endsAt; seed += 1) {
  for (const { name, corpus, check } of TARGETS) {
    if (!name.includes(only) || Date.now() >= endsAt) continue
    const details = await fc.check(
      fc.asyncProperty(bodiesLike(corpus), async (body) => {
        bodies += 1
        await check(body)
      }),
      { seed, numRuns: 200 },
    )
    if (!details.failed) continue
    const problem = String(details.errorInstance).split('\n')[0]!.slice(0, 300)
    // Another body that breaks the same way is no news.
    const key = `${name}: ${problem.replace(/[\d"'].*$/, '')}`
    if (found.has(key)) continue
    found.set(key, problem)
    console.log(
      `${name}, seed ${seed}: ${problem}\n  ${JSON.stringify(details.counterexample?.[0] ?? '').slice(0, 600)}`,
    )
  }
}
console.log(`${bodies} bodies, ${found.size} findings`)
process.exitCode = found.size > 0 ? 1 : 0
