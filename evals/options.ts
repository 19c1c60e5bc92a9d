import { join } from 'node:path'
import type { Analyst } from '../agent/llm/analyst.ts'
import type { ScoreSink } from './score-sink.ts'

/** What an evaluation is asked to do; the command line fills it in. */
export interface EvalOptions {
  readonly incidents: string
  /** `rules`, `openai`, `anthropic`, `recorded`, a baseline's name, or a name that the caller knows. */
  readonly analyst: string
  readonly policy: string | null
  readonly prompt: string | null
  readonly repeat: number
  readonly concurrency: number
  readonly filter: string
  readonly without: readonly string[]
  readonly compare: readonly [string, string] | null
  readonly failUnder: number | null
  readonly maxNeedless: number | null
  readonly maxCostUsd: number | null
  readonly maxFlips: number | null
  readonly metamorphic: boolean
  readonly knockOut: boolean
  readonly seed: string
  readonly guard: boolean
  readonly updateBaseline: boolean
  readonly fitCalibration: boolean
  readonly updateReadme: boolean
  readonly json: string | null
  readonly html: string | null
  readonly junit: string | null
  /** Folder in which the report is kept for the console; null keeps none. */
  readonly keep: string | null
}

/** An analyst that was asked for by name. */
export interface NamedAnalyst {
  readonly analyst: Analyst
  readonly promptHash: string | null
  /** Whether asking it costs nothing and always gives the same answer. */
  readonly isFree: boolean
}

/** Everything that an evaluation touches outside itself. */
export interface EvalIo {
  readonly write: (text: string) => void
  readonly writeProgress: (text: string) => void
  readonly isTerminal: boolean
  /** Milliseconds since 1970, for names only. */
  readonly now: () => number
  /** Monotonic milliseconds. */
  readonly elapsed: () => number
  readonly abort: AbortSignal
  /** Where interrupted runs are kept. */
  readonly workFolder: string
  /** Where baselines and calibrations are read and written. */
  readonly artifacts: string
  readonly readme: string
  readonly analystNamed: (name: string, promptFile: string | null) => Promise<NamedAnalyst>
  readonly scores: ScoreSink | null
}

/** The folder of the recorded incidents that come with the code. */
export const OWN_INCIDENTS = join(import.meta.dirname, 'incidents')

/** The options that a bare `eval` stands for. */
export const DEFAULT_OPTIONS: EvalOptions = Object.freeze({
  incidents: OWN_INCIDENTS,
  analyst: 'rules',
  policy: null,
  prompt: null,
  repeat: 1,
  concurrency: 4,
  filter: '',
  without: [],
  compare: null,
  failUnder: null,
  maxNeedless: null,
  maxCostUsd: null,
  maxFlips: null,
  metamorphic: false,
  knockOut: false,
  seed: '1',
  guard: false,
  updateBaseline: false,
  fitCalibration: false,
  updateReadme: false,
  json: null,
  html: null,
  junit: null,
  keep: null,
})
