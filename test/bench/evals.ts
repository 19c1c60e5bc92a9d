import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { analystNamed } from '../../evals/analysts.ts'
import { DEFAULT_OPTIONS, type EvalIo, OWN_INCIDENTS } from '../../evals/options.ts'
import { runEvals } from '../../evals/run.ts'
import type { Figure } from './prompt.ts'

/** How often the recorded cases are copied for the memory figures; the heap must not grow from the first to the second. */
const COPIES = [5, 25] as const
const ROUNDS = 5

/** Time for the recorded incidents with the rules, and the heap after many times as many. */
export async function benchEvals(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-bench-'))
  try {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now()
      await runEvals(DEFAULT_OPTIONS, silentIo(folder))
      times.push(performance.now() - startedAt)
    }
    times.sort((a, b) => a - b)
    const figures: Figure[] = [
      {
        name: 'eval, the recorded incidents with rules',
        median: times[ROUNDS >> 1] ?? 0,
        max: times.at(-1) ?? 0,
        unit: 'ms',
      },
    ]
    for (const copies of COPIES) {
      const incidents = join(folder, `cases-${copies}`)
      const count = copyCases(incidents, copies)
      const heapMb = await peakHeapMb(() => runEvals({ ...DEFAULT_OPTIONS, incidents }, silentIo(folder)))
      figures.push({ name: `eval, peak heap with ${count} cases`, median: heapMb, max: heapMb, unit: 'MB' })
      rmSync(incidents, { recursive: true })
    }
    return figures
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function silentIo(folder: string): EvalIo {
  return {
    write: () => {},
    writeProgress: () => {},
    isTerminal: false,
    now: () => 0,
    elapsed: () => performance.now(),
    abort: new AbortController().signal,
    workFolder: join(folder, 'work'),
    artifacts: folder,
    readme: join(folder, 'README.md'),
    analystNamed: (name, promptFile) => analystNamed(name, promptFile, { configFolder: folder, environment: {} }),
    scores: null,
  }
}

/** The same cases many times over, each under a name of its own. */
function copyCases(folder: string, copies: number): number {
  mkdirSync(folder, { recursive: true })
  const names = readdirSync(OWN_INCIDENTS).filter((name) => name.endsWith('.json'))
  for (const name of names) {
    const text = readFileSync(join(OWN_INCIDENTS, name), 'utf8')
    const id = JSON.parse(text).id as string
    for (let copy = 0; copy < copies; copy++) {
      const renamed = text.replace(`"id": "${id}"`, `"id": "${id}-copy${copy}"`)
      writeFileSync(join(folder, `${copy}-${name}`), renamed)
    }
  }
  return names.length * copies
}

/** The largest heap that is still in use while something runs, sampled after collections. */
async function peakHeapMb(run: () => Promise<unknown>): Promise<number> {
  let peak = 0
  const sample = () => {
    globalThis.gc?.()
    peak = Math.max(peak, process.memoryUsage().heapUsed / 1e6)
  }
  const timer = setInterval(sample, 250)
  try {
    await run()
    sample()
    return Math.round(peak)
  } finally {
    clearInterval(timer)
  }
}
