import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { ReadPorts } from './ports.ts'
import { runEnvironment, runProgram } from './shared/program.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('provision-infrastructure'),
  ...stageCommon,
  /** `terraform` or `tofu`, by name or path. */
  program: z.string().min(1).default('terraform'),
  /** The initialised configuration of the place that takes over. */
  folder: z.string().min(1),
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/), z.string()).default({}),
  variableFiles: z.array(z.string().min(1)).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  /** Addresses that the plan may destroy or replace; everything else that it would destroy stops the stage. */
  mayDestroy: z.array(z.string().min(1)).default([]),
  maxChanges: z.number().int().positive().default(500),
  /** Variables that take it back, such as `{"standby_size": "0"}`; without them it cannot be undone. */
  undoVariables: z.record(z.string(), z.string()).optional(),
})
export type Options = z.infer<typeof Options>

const ShownPlan = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
})

const SHOWN_BYTES = 64 * 1024 * 1024

/** Plans, reads the saved plan, and applies exactly that plan if it destroys nothing that it may not. */
export function provisionInfrastructure(options: Options): Stage {
  const { folder, program, variables, undoVariables } = options
  return {
    name: 'provision-infrastructure',
    // The state's lock and serial refuse a plan that is out of date, and not an older generation as such.
    fencing: 'unfenced',
    describe: () =>
      `apply ${folder} by ${program}, from a saved plan that may destroy ${options.mayDestroy.join(', ') || 'nothing'}`,
    apply: (ctx) => provision(options, variables, ctx),
    async verify(ctx) {
      const { hasChanges } = await makePlan(options, variables, ctx)
      if (!hasChanges) return { outcome: 'done', detail: `${folder} is as configured` }
      return {
        outcome: ctx.recall('began', z.literal(true)) ? 'unclear' : 'not_done',
        detail: `${folder} still has changes to apply`,
        isFinal: true,
      }
    },
    rollback: undoVariables
      ? async (ctx) => {
          if (ctx.recall('began', z.literal(true))) await provision(options, { ...variables, ...undoVariables }, ctx)
        }
      : 'irreversible',
  }
}

async function provision(
  options: Options,
  variables: Readonly<Record<string, string>>,
  ctx: StageContext,
): Promise<void> {
  const { hasChanges, file } = await makePlan(options, variables, ctx)
  if (!hasChanges) return
  const summary = await judgePlan(options, file, ctx)
  await ctx.note(`${options.folder}: ${summary}`)
  await ctx.remember('began', true)
  await ctx.effect(`apply ${options.folder}: ${summary}`, async (write) => {
    await run(options, ['apply', '-input=false', '-no-color', '-lock-timeout=60s', file], write, ctx)
  })
}

async function makePlan(options: Options, variables: Readonly<Record<string, string>>, ctx: StageContext) {
  const file = `failwise-${ctx.run.id}-${ctx.stageId}.tfplan`
  const args = [
    'plan',
    '-input=false',
    '-no-color',
    '-detailed-exitcode',
    '-lock-timeout=60s',
    `-out=${file}`,
    ...options.variableFiles.map((one) => `-var-file=${one}`),
    ...Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`),
  ]
  // 0: nothing to do, 2: changes, 1: an error.
  const { exitCode } = await run(options, args, ctx.read, ctx, [0, 2])
  return { hasChanges: exitCode === 2, file }
}

/** Throws when the plan goes further than it may; returns what it does, in numbers. */
async function judgePlan(options: Options, file: string, ctx: StageContext): Promise<string> {
  const { stdout, isTruncated } = await run(options, ['show', '-json', file], ctx.read, ctx)
  const parsed = isTruncated ? null : ShownPlan.safeParse(jsonOf(stdout))
  if (!parsed?.success)
    throw new Fault('upstream_malformed', `${options.program} shows no readable plan of ${options.folder}`)
  const changes = parsed.data.resource_changes.filter(
    ({ change }) => !change.actions.every((action) => action === 'no-op' || action === 'read'),
  )
  const destroyed = changes.filter(({ change }) =>
    change.actions.some((action) => action === 'delete' || action === 'forget'),
  )
  const forbidden = destroyed.filter(({ address }) => !options.mayDestroy.includes(address))
  if (forbidden.length > 0)
    throw new Fault(
      'conflict',
      `the plan of ${options.folder} would destroy ${forbidden.map(({ address }) => address).join(', ')}`,
      {
        details: { reason: 'would_destroy', count: forbidden.length },
        hint: 'nothing was applied; name what may go under mayDestroy, or find out why it would',
      },
    )
  if (changes.length > options.maxChanges)
    throw new Fault(
      'conflict',
      `the plan of ${options.folder} has ${changes.length} changes, more than ${options.maxChanges}`,
    )
  return `${changes.length} changes, ${destroyed.length} of them destroying`
}

function run(
  { program, folder, environment }: Options,
  args: readonly string[],
  ports: Pick<ReadPorts, 'runProgram'>,
  ctx: StageContext,
  expected: readonly number[] = [0],
) {
  const command = [program, ...args]
  const variables = { TF_IN_AUTOMATION: '1', ...environment, ...runEnvironment(ctx) }
  const call = { command, folder, environment: variables, timeoutMs: 3_600_000, maxOutputBytes: SHOWN_BYTES }
  return runProgram(ports, call, ctx.abort, expected)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
