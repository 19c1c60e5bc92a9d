import {
  DescribeDBInstancesCommand,
  DescribeGlobalClustersCommand,
  FailoverGlobalClusterCommand,
  PromoteReadReplicaCommand,
  RDSClient,
  SwitchoverGlobalClusterCommand,
} from '@aws-sdk/client-rds'
import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Http } from '../agent/lib/http.ts'
import { awsCall, awsClientConfig, awsShape } from './shared/aws.ts'
import { patiently } from './shared/patience.ts'
import { lagOf, lagProblem } from './shared/postgres-lag.ts'
import { PostgresServer } from './shared/postgres-server.ts'
import type { Check, Stage, StageContext } from './stage.ts'

const Identifier = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected an identifier as RDS shows it, in lower case')

export const Options = z.strictObject({
  stage: z.literal('promote-rds'),
  ...stageCommon,
  /** The region of the target: its API must work while the source's may not. */
  ...awsShape,
  what: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('read_replica'),
      replica: Identifier,
      /** What it must be a replica of: its identifier, or its ARN for another region. */
      source: z.string().min(1),
      /** How the replica is asked for its lag; without it the lag is unknown, and unknown is infinite. */
      lagFrom: PostgresServer.optional(),
    }),
    z.strictObject({
      kind: z.literal('global_cluster'),
      globalCluster: Identifier,
      /** ARNs of the member that takes over, and of the one that writes now. */
      target: z.string().startsWith('arn:'),
      source: z.string().startsWith('arn:'),
      /** `switchover` loses nothing and needs both regions; `failover` gives up what was not copied. */
      method: z.enum(['switchover', 'failover']),
    }),
  ]),
  /** What people are told that it may lose where nothing can measure it; counts only with a person's consent to as much. */
  statedLossSeconds: z.number().min(0).optional(),
})
export type Options = z.infer<typeof Options>

/** What was decided to be promoted; its presence says that this run has asked for it. */
const Asked = z.object({ lagSeconds: z.number().nullable() })

/** Makes a managed replica the primary, by AWS's own API. */
export function promoteRds(options: Options): Stage {
  const { what, region } = options
  const told =
    what.kind === 'read_replica'
      ? `RDS replica ${what.replica}`
      : `member ${what.target} of global cluster ${what.globalCluster}`
  return {
    name: 'promote-rds',
    // AWS takes no condition along: a late call of an older run is taken like any other.
    fencing: 'unfenced',
    describe: () =>
      what.kind === 'read_replica'
        ? `promote ${told} in ${region}, a replica of ${what.source}; the two part for good`
        : `make ${told} the writer in place of ${what.source}, by ${what.method}`,
    identify: async (ctx) => {
      await stateOf(options, ctx)
    },
    async apply(ctx) {
      if ((await stateOf(options, ctx)) !== 'before') return
      const lagSeconds = await refuseLoss(options, ctx)
      await ctx.remember('asked', { lagSeconds })
      await ctx.remember('data_loss', { lossMs: lagSeconds === null ? null : Math.round(lagSeconds * 1000), by: 'lag' })
      await ctx.effect(`promote ${told} in ${region}`, (write) => promote(options, write.http, ctx))
    },
    verify: (ctx) => look(options, told, ctx),
    rollback:
      what.kind === 'global_cluster' && what.method === 'switchover'
        ? (ctx) => switchBack(options, ctx)
        : 'irreversible',
  }
}

type State = 'before' | 'on_its_way' | 'after'

const clientOver = (options: Options, http: Http, ctx: StageContext) =>
  new RDSClient(awsClientConfig(options, http, ctx.abort))

/** Where the promotion stands; throws when the thing is not what the plan takes it for. */
async function stateOf(options: Options, ctx: StageContext): Promise<State> {
  return options.what.kind === 'read_replica'
    ? replicaState(options, options.what, ctx)
    : memberState(options, options.what, ctx)
}

async function replicaState(
  options: Options,
  what: Extract<Options['what'], { kind: 'read_replica' }>,
  ctx: StageContext,
): Promise<State> {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: what.replica })
  const { DBInstances } = await patiently(ctx, () =>
    awsCall('RDS', () => clientOver(options, ctx.read.httpAsk, ctx).send(command)),
  )
  const instance = DBInstances?.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === what.replica)
  if (!instance) throw new Fault('conflict', `RDS in ${options.region} has no instance ${what.replica}`)
  const source = instance.ReadReplicaSourceDBInstanceIdentifier
  const isAsked = ctx.recall('asked', Asked) !== undefined
  if (source === undefined || source === '') {
    if (!isAsked) throw new Fault('conflict', `${what.replica} is no replica, and was not promoted by this run`)
    return instance.DBInstanceStatus === 'available' ? 'after' : 'on_its_way'
  }
  if (source !== what.source)
    throw new Fault('conflict', `${what.replica} is a replica of ${source}, not of ${what.source}`)
  // RDS restarts it: the source stays named until it has.
  return isAsked && instance.DBInstanceStatus !== 'available' ? 'on_its_way' : 'before'
}

async function memberState(
  options: Options,
  what: Extract<Options['what'], { kind: 'global_cluster' }>,
  ctx: StageContext,
): Promise<State> {
  const command = new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: what.globalCluster })
  const { GlobalClusters } = await patiently(ctx, () =>
    awsCall('RDS', () => clientOver(options, ctx.read.httpAsk, ctx).send(command)),
  )
  const cluster = GlobalClusters?.[0]
  const target = cluster?.GlobalClusterMembers?.find(({ DBClusterArn }) => DBClusterArn === what.target)
  if (!target) throw new Fault('conflict', `global cluster ${what.globalCluster} has no member ${what.target}`)
  if (
    cluster?.Status === 'failing-over' ||
    cluster?.Status === 'switching-over' ||
    cluster?.FailoverState?.Status === 'failing-over'
  )
    return 'on_its_way'
  if (target.IsWriter) return 'after'
  const writer = cluster?.GlobalClusterMembers?.find(({ IsWriter }) => IsWriter)
  if (writer && writer.DBClusterArn !== what.source)
    throw new Fault(
      'conflict',
      `${writer.DBClusterArn} writes in ${what.globalCluster}, and the plan expects ${what.source}`,
    )
  return 'before'
}

async function refuseLoss(options: Options, ctx: StageContext): Promise<number | null> {
  const { what } = options
  if (what.kind === 'global_cluster' && what.method === 'switchover') return 0
  const consented = ctx.run.consentedDataLossSeconds
  const server = what.kind === 'read_replica' ? what.lagFrom : undefined
  const unmeasured =
    options.statedLossSeconds !== undefined && consented !== null
      ? { seconds: options.statedLossSeconds, detail: 'stated by the plan, not measured' }
      : { seconds: null, detail: 'nothing is configured that measures it' }
  const lag = server ? await lagOf(ctx.read, server, ctx.abort) : unmeasured
  // The service itself keeps a global cluster's old writer off; a replica's old source is fenced by nobody but us.
  const isFenced = ctx.proof('source_fenced') !== null || what.kind === 'global_cluster'
  if (!isFenced && consented === null && !ctx.run.isDryRun)
    throw new Fault('conflict', `nothing proves that ${what.source} is fenced, and nobody consented to the loss`, {
      details: { reason: 'not_fenced' },
    })
  const problem = lagProblem(lag, ctx.plan.objectives.rpoSeconds, consented)
  if (problem)
    throw new Fault('conflict', `${what.source} is not left: ${problem}`, {
      details: { reason: 'data_loss', lagSeconds: lag.seconds },
      hint: 'configure lagFrom, use switchover while both regions work, or promote by hand',
    })
  return lag.seconds
}

async function promote(options: Options, http: Http, ctx: StageContext): Promise<true> {
  const { what } = options
  const client = clientOver(options, http, ctx)
  await awsCall('RDS', async () => {
    if (what.kind === 'read_replica')
      return void (await client.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: what.replica })))
    const names = { GlobalClusterIdentifier: what.globalCluster, TargetDbClusterIdentifier: what.target }
    if (what.method === 'switchover') await client.send(new SwitchoverGlobalClusterCommand(names))
    else await client.send(new FailoverGlobalClusterCommand({ ...names, AllowDataLoss: true }))
  })
  return true
}

async function look(options: Options, told: string, ctx: StageContext): Promise<Check> {
  if (!ctx.recall('asked', Asked) && options.what.kind === 'read_replica')
    return { outcome: 'not_done', detail: `${told} has not been promoted` }
  if (ctx.run.isDryRun) return { outcome: 'done', detail: 'rehearsal: it would have been promoted' }
  const state = await stateOf(options, ctx)
  if (state === 'before') {
    // AWS answers before it begins: right after asking, "not yet" looks just like "not at all".
    return { outcome: ctx.recall('asked', Asked) ? 'unclear' : 'not_done', detail: `${told} is as it was` }
  }
  if (state === 'on_its_way') return { outcome: 'unclear', detail: `${told} is being promoted` }
  await ctx.prove('target_writable', `${told} is the writer, says AWS`)
  return { outcome: 'done', detail: `${told} is the writer, says AWS; a write has to prove it (verify)` }
}

async function switchBack(options: Options, ctx: StageContext): Promise<void> {
  const { what } = options
  if (what.kind !== 'global_cluster' || !ctx.recall('asked', Asked) || (await stateOf(options, ctx)) !== 'after') return
  const command = new SwitchoverGlobalClusterCommand({
    GlobalClusterIdentifier: what.globalCluster,
    TargetDbClusterIdentifier: what.source,
  })
  await ctx.effect(`make ${what.source} the writer of ${what.globalCluster} again`, (write) =>
    awsCall('RDS', async () => {
      await clientOver(options, write.http, ctx).send(command)
      return true
    }),
  )
}
