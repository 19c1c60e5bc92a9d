import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53'
import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { Http } from '../../agent/lib/http.ts'
import type { WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'
import { awsCall, awsClientConfig, awsException, awsShape } from './aws.ts'
import { type DnsEffector, generationIn, generationText, type RecordChange } from './dns-records.ts'
import { patiently } from './patience.ts'

/** A hosted zone of Route 53. Records of any routing policy are changed in place: weights, regions and health checks stay as they are. */
export const Route53 = z.strictObject({
  provider: z.literal('route53'),
  ...awsShape,
  region: z.string().min(1).default('us-east-1'),
  hostedZoneId: z.string().regex(/^[A-Z0-9]{1,32}$/, 'expected the bare id, such as Z0123456789ABC'),
  /** The zone's name, compared with what the id stands for. */
  zone: z.string().min(1),
  generationName: z.string().min(1).optional(),
})
export type Route53 = z.infer<typeof Route53>

const GENERATION_TTL_SECONDS = 60

/** One set of records: Route 53 tells sets of one name and type apart by an identifier. */
export interface SetKey {
  readonly name: string
  readonly type: string
  readonly setIdentifier?: string | undefined
}

/** The parts of Route 53 that failovers need; every change deletes exactly what was read, which makes it compare-and-set. */
export interface Route53Zone {
  identify(ctx: StageContext): Promise<void>
  readSet(ctx: StageContext, key: SetKey): Promise<ResourceRecordSet | null>
  readGeneration(ctx: StageContext): Promise<{ generation: number | null; set: ResourceRecordSet | null }>
  /** Within an effect: replaces sets and the generation in one batch. */
  replace(
    ctx: StageContext,
    write: WritePorts,
    pairs: readonly { readonly before: ResourceRecordSet | null; readonly after: ResourceRecordSet }[],
  ): Promise<'changed' | 'moved_on'>
  isSpread(ctx: StageContext): Promise<boolean>
}

const CHANGE_KEY = 'route53_change'

export function route53Zone(options: Route53, firstName: string): Route53Zone {
  const generationName = options.generationName ?? `_failwise.${firstName.replace(/\.$/, '')}`
  const place = `Route 53 zone ${options.zone} (${options.hostedZoneId})`
  const clientOver = (http: Http, abort: AbortSignal) => new Route53Client(awsClientConfig(options, http, abort))

  const readSet = async (ctx: StageContext, key: SetKey): Promise<ResourceRecordSet | null> => {
    const client = clientOver(ctx.read.httpAsk, ctx.abort)
    const page = await patiently(ctx, () =>
      awsCall(place, () =>
        client.send(
          new ListResourceRecordSetsCommand({
            HostedZoneId: options.hostedZoneId,
            StartRecordName: key.name,
            StartRecordType: key.type as 'A',
            ...(key.setIdentifier !== undefined && { StartRecordIdentifier: key.setIdentifier }),
            MaxItems: 10,
          }),
        ),
      ),
    )
    const found = page.ResourceRecordSets?.find(
      (set) => isSameName(set.Name, key.name) && set.Type === key.type && set.SetIdentifier === key.setIdentifier,
    )
    return found ?? null
  }
  const readGeneration = async (ctx: StageContext) => {
    const set = await readSet(ctx, { name: generationName, type: 'TXT' })
    const texts = set?.ResourceRecords?.map(({ Value }) => (Value ?? '').replace(/^"|"$/g, '')) ?? []
    return { generation: generationIn(texts), set }
  }
  return {
    async identify(ctx) {
      const client = clientOver(ctx.read.httpAsk, ctx.abort)
      const { HostedZone } = await patiently(ctx, () =>
        awsCall(place, () => client.send(new GetHostedZoneCommand({ Id: options.hostedZoneId }))),
      )
      if (!isSameName(HostedZone?.Name, options.zone))
        throw new Fault('conflict', `hosted zone ${options.hostedZoneId} is "${HostedZone?.Name}", not ${options.zone}`)
    },
    readSet,
    readGeneration,
    async replace(ctx, write, pairs) {
      const { generation, set } = await readGeneration(ctx)
      if (generation !== null && generation > ctx.run.generation) return 'moved_on'
      const after: ResourceRecordSet = {
        Name: generationName,
        Type: 'TXT',
        TTL: GENERATION_TTL_SECONDS,
        ResourceRecords: [{ Value: `"${generationText(ctx.run.generation)}"` }],
      }
      const changes = [...pairs, { before: set, after }].flatMap((pair) => [
        ...(pair.before ? [{ Action: 'DELETE' as const, ResourceRecordSet: pair.before }] : []),
        { Action: 'CREATE' as const, ResourceRecordSet: pair.after },
      ])
      const client = clientOver(write.http, ctx.abort)
      const command = new ChangeResourceRecordSetsCommand({
        HostedZoneId: options.hostedZoneId,
        ChangeBatch: { Comment: `failwise ${ctx.idempotencyKey}`, Changes: changes },
      })
      try {
        const { ChangeInfo } = await patiently(ctx, () => awsCall(place, () => client.send(command)))
        await ctx.remember(CHANGE_KEY, ChangeInfo?.Id ?? null)
        return 'changed'
      } catch (error) {
        // What was read is there no more, or the same change has arrived before its answer was lost: looking again tells.
        if (awsException(error) === 'InvalidChangeBatch') return 'moved_on'
        throw error
      }
    },
    async isSpread(ctx) {
      const changeId = ctx.recall(CHANGE_KEY, z.string())
      if (changeId === undefined) return true
      const client = clientOver(ctx.read.httpAsk, ctx.abort)
      const { ChangeInfo } = await patiently(ctx, () =>
        awsCall(place, () => client.send(new GetChangeCommand({ Id: changeId }))),
      )
      return ChangeInfo?.Status === 'INSYNC'
    },
  }
}

function isSameName(a: string | undefined, b: string): boolean {
  return a?.toLowerCase().replace(/\.$/, '') === b.toLowerCase().replace(/\.$/, '')
}

/** Records of a Route 53 zone as something that can be switched. */
export function route53(options: Route53, firstName: string): DnsEffector {
  const zone = route53Zone(options, firstName)
  const setsOf = async (ctx: StageContext, changes: readonly RecordChange[]) => {
    const pairs = []
    for (const { record, before, values, ttlSeconds } of changes) {
      const set = await zone.readSet(ctx, record)
      // Between reading and changing, somebody else was there.
      if (valuesOf(set).join() !== before.values.join()) return null
      pairs.push({ before: set, after: changedSet(set, record, values, ttlSeconds) })
    }
    return pairs
  }
  return {
    fencing: 'fenced',
    place: `Route 53 zone ${options.zone} (${options.hostedZoneId})`,
    identify: zone.identify,
    async read(ctx, records) {
      const states = []
      for (const record of records) {
        const set = await zone.readSet(ctx, record)
        if (set?.AliasTarget)
          throw new Fault('conflict', `${record.name} is an alias; switch what it points to, or make it a plain record`)
        states.push({ values: valuesOf(set), ttlSeconds: set?.TTL ?? null })
      }
      return { states, generation: (await zone.readGeneration(ctx)).generation }
    },
    async change(ctx, write, changes) {
      const pairs = await setsOf(ctx, changes)
      if (!pairs) return 'moved_on'
      return zone.replace(ctx, write, pairs)
    },
    isSpread: zone.isSpread,
  }
}

function valuesOf(set: ResourceRecordSet | null): string[] {
  return set?.ResourceRecords?.flatMap(({ Value }) => (Value === undefined ? [] : [Value])) ?? []
}

/** The set with other values; its routing policy and health check are kept. */
function changedSet(
  set: ResourceRecordSet | null,
  key: SetKey,
  values: readonly string[],
  ttlSeconds: number,
): ResourceRecordSet {
  const base: ResourceRecordSet = set ?? {
    Name: key.name,
    Type: key.type as 'A',
    ...(key.setIdentifier !== undefined && { SetIdentifier: key.setIdentifier }),
  }
  return { ...base, TTL: ttlSeconds, ResourceRecords: values.map((Value) => ({ Value })) }
}
