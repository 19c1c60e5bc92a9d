import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { analystPrompt } from '../../prompts/index.ts'
import { type AnalystSettings, langfuseOf, type ModelSettings, modelsOf } from '../config/analyst-settings.ts'
import type { Calibration } from '../domain/calibration.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { Mask } from '../lib/mask.ts'
import type { Analyst } from '../llm/analyst.ts'
import type { AnalystPrompt } from '../llm/analyst-prompt.ts'
import { anthropicModel } from '../llm/anthropic.ts'
import { type Budget, type BudgetLimits, memoryBudget } from '../llm/budget.ts'
import { type Memo, memoryMemo } from '../llm/memo.ts'
import type { ModelProvider } from '../llm/model.ts'
import { modelAnalyst } from '../llm/model-analyst.ts'
import { openAiModel } from '../llm/openai.ts'
import { PRICES } from '../llm/prices.ts'
import { recordedAnalyst } from '../llm/recorded.ts'
import { type Recorder, Recording, recordingName } from '../llm/recording.ts'
import { rulesAnalyst } from '../llm/rules.ts'
import { langfuseTracer } from '../llm/trace.ts'
import { noTracer, type Tracer } from '../llm/tracer.ts'

export interface AnalystParts {
  readonly settings: AnalystSettings
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Makes the boundary around evidence unpredictable; kept secret. */
  readonly boundaryKey: string
  readonly mask: Mask
  readonly clock: Clock
  readonly random: () => number
  readonly calibrations: readonly Calibration[]
  /** Where recordings are read from and kept; null keeps none. */
  readonly recordingsFolder: string | null
  /** What was answered before; null asks anew every time, as repeated evaluations must. In memory when not given. */
  readonly memo?: Memo | null
  /** Where spending is counted; in this process only unless given. */
  readonly budget?: (limits: BudgetLimits) => Budget
  /** Sees every call that is traced. */
  readonly observeTracer?: (tracer: Tracer) => Tracer
  /** Another text for the analyst's prompt than the one that comes with the code. */
  readonly promptText?: string
}

/** An analyst, and what it brings along. */
export interface BuiltAnalyst {
  readonly analyst: Analyst
  readonly prompt: AnalystPrompt | null
  readonly tracer: Tracer
}

/**
 * The analyst of a name: `rules`, `recorded`, `openai` or `anthropic` (as configured or by their key), `provider:model`, or `auto` for
 * everything that is configured, in order, with the rules behind it.
 */
export function buildAnalyst(name: string, parts: AnalystParts): BuiltAnalyst {
  const rules = rulesAnalyst()
  if (name === 'rules') return { analyst: rules, prompt: null, tracer: noTracer }
  const { settings, environment, clock } = parts
  const prompt = analystPrompt({
    boundaryKey: parts.boundaryKey,
    maxInputTokens: settings.maxInputTokens,
    ...(parts.promptText !== undefined && { text: parts.promptText }),
  })
  if (name === 'recorded') return { analyst: recorded(prompt, parts), prompt, tracer: noTracer }
  const models = modelsNamed(name, modelsOf(settings, environment))
  if (models.length === 0) {
    if (name === 'auto') return { analyst: rules, prompt: null, tracer: noTracer }
    throw new Fault('usage', `no model is configured for the analyst "${name}"`, {
      hint: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY (or the matching *_BASE_URL), list it under analyst.models, or use rules.',
    })
  }
  const langfuse = langfuseOf(settings, environment)
  const traced = langfuse === null ? noTracer : langfuseTracer(langfuse)
  const tracer = parts.observeTracer?.(traced) ?? traced
  const analyst = modelAnalyst({
    providers: models.map(providerOf),
    prompt,
    mask: parts.mask,
    fallback: rules,
    calibrations: parts.calibrations,
    prices: [...settings.prices, ...PRICES],
    budget: parts.budget?.(settings.budget) ?? memoryBudget(settings.budget, clock),
    memo: parts.memo === undefined ? memoryMemo() : parts.memo,
    recorder: parts.recordingsFolder === null ? null : folderRecorder(parts.recordingsFolder),
    tracer,
    clock,
    random: parts.random,
    limits: settings.limits,
  })
  return { analyst, prompt, tracer }
}

function modelsNamed(name: string, models: readonly ModelSettings[]): ModelSettings[] {
  if (name === 'auto') return [...models]
  const [provider, model] = name.split(/:(.*)/s)
  const ofProvider = models.filter((one) => one.provider === provider)
  if (model === undefined || ofProvider.length === 0) return ofProvider
  const exact = ofProvider.filter((one) => one.model === model)
  return exact.length > 0 ? exact : ofProvider.slice(0, 1).map((one) => ({ ...one, model }))
}

function providerOf(model: ModelSettings): ModelProvider {
  if (model.provider === 'openai') {
    const { provider: _provider, ...options } = model
    return openAiModel(options)
  }
  const { provider: _provider, ...options } = model
  return anthropicModel(options)
}

function recorded(prompt: AnalystPrompt, parts: AnalystParts): Analyst {
  const recordings = parts.recordingsFolder === null ? [] : readRecordings(parts.recordingsFolder)
  return recordedAnalyst({ recordings, prompt, calibrations: parts.calibrations })
}

function readRecordings(folder: string): Recording[] {
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
  return names.sort().map((name) => {
    const parsed = Recording.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8')))
    if (parsed.success) return parsed.data
    throw new Fault('payload_invalid', `${join(folder, name)} is not a recording: ${parsed.error.issues[0]?.message}`)
  })
}

function folderRecorder(folder: string): Recorder {
  return {
    async keep(recording) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, recordingName(recording)), `${JSON.stringify(recording, null, 2)}\n`)
    },
  }
}
