import { Fault } from '../agent/lib/errors.ts'
import { rulesAnalyst } from '../agent/llm/rules.ts'
import type { NamedAnalyst } from './options.ts'
import { readText } from './read-text.ts'

export interface AnalystSource {
  /** Folder of failwise.yaml, where models are configured. */
  readonly configFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Recordings are made of synthetic incidents: a fixed boundary keeps the prompts of two runs the same, byte for byte. */
const BOUNDARY_KEY = 'evaluations of recorded incidents'

/** The analyst of a name as production builds it, with two differences: it never repeats an earlier answer, and `rules` loads no vendor's code. */
export async function analystNamed(
  name: string,
  promptFile: string | null,
  source: AnalystSource,
): Promise<NamedAnalyst> {
  if (name === 'rules') {
    if (promptFile !== null)
      throw new Fault('usage', '--prompt: the rules read no prompt', { hint: 'Name a model with --analyst.' })
    return { analyst: rulesAnalyst(), promptHash: null, isFree: true }
  }
  const [
    { buildAnalyst },
    { readCalibrations },
    { loadConfig, recordingsFolderOf },
    { createMask },
    { systemClock },
    { judgeHash },
  ] = await Promise.all([
    import('../agent/app/analyst.ts'),
    import('../agent/app/calibrations.ts'),
    import('../agent/config.ts'),
    import('../agent/lib/mask.ts'),
    import('../agent/lib/clock.ts'),
    import('../agent/llm/verdict-reply.ts'),
  ])
  const config = loadConfig(source.configFolder, source.environment)
  const { settings } = config
  const promptText = promptFile === null ? null : await readText(promptFile, '--prompt')
  const { analyst, prompt } = buildAnalyst(name, {
    settings: settings.analyst,
    environment: source.environment,
    boundaryKey: BOUNDARY_KEY,
    mask: createMask({ key: BOUNDARY_KEY }),
    clock: systemClock,
    random: Math.random,
    calibrations: readCalibrations(),
    recordingsFolder: recordingsFolderOf(config),
    memo: null,
    ...(promptText !== null && { promptText }),
  })
  return { analyst, promptHash: prompt && judgeHash(prompt), isFree: name === 'recorded' || analyst.id === 'rules' }
}
