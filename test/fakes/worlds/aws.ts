import { XMLParser } from 'fast-xml-parser'
import type { HttpRequest, HttpResponse } from '../../../agent/lib/http.ts'
import { httpPorts, type World } from './world.ts'

const parser = new XMLParser({ isArray: (name) => ['Change', 'ResourceRecord'].includes(name), parseTagValue: false })

function xml(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: `<?xml version="1.0"?>${body}` }
}

const isSigned = ({ headers }: HttpRequest) => headers?.authorization?.startsWith('AWS4-HMAC-SHA256 ') ?? false

interface RecordSet {
  Name: string
  Type: string
  TTL: string
  SetIdentifier?: string
  Weight?: string
  ResourceRecords: { ResourceRecord: { Value: string }[] }
}

/** A hosted zone: batches are atomic, deleting needs the exact record, changes take two looks to spread, and every third change is throttled. */
export function route53World(): World & {
  values(name: string, identifier?: string): string[]
  weight(identifier: string): number
} {
  const mutations: string[] = []
  let sets: RecordSet[] = [
    { Name: 'app.example.com.', Type: 'A', TTL: '60', ResourceRecords: { ResourceRecord: [{ Value: '192.0.2.1' }] } },
    ...['primary', 'standby'].map((SetIdentifier, index) => ({
      Name: 'www.example.com.',
      Type: 'A',
      SetIdentifier,
      Weight: index === 0 ? '100' : '0',
      TTL: '30',
      ResourceRecords: { ResourceRecord: [{ Value: `192.0.2.1${index}` }] },
    })),
  ]
  let changes = 0
  let looks = 0
  const keyOf = ({ Name, Type, SetIdentifier = '' }: RecordSet) => `${Name.replace(/\.$/, '')} ${Type} ${SetIdentifier}`
  const plain = (set: RecordSet) => JSON.stringify([keyOf(set), set.TTL, set.Weight ?? '', set.ResourceRecords])
  const shown = (set: RecordSet) =>
    `<ResourceRecordSet><Name>${set.Name}</Name><Type>${set.Type}</Type>${set.SetIdentifier ? `<SetIdentifier>${set.SetIdentifier}</SetIdentifier><Weight>${set.Weight}</Weight>` : ''}<TTL>${set.TTL}</TTL><ResourceRecords>${set.ResourceRecords.ResourceRecord.map(({ Value }) => `<ResourceRecord><Value>${Value.replaceAll('"', '&quot;')}</Value></ResourceRecord>`).join('')}</ResourceRecords></ResourceRecordSet>`
  const error = (code: string) =>
    xml(
      400,
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
    )
  const ports = httpPorts((request) => {
    if (!isSigned(request)) return xml(403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>')
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/2013-04-01/hostedzone/Z1')
      return xml(
        200,
        '<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><CallerReference>x</CallerReference></HostedZone></GetHostedZoneResponse>',
      )
    if (pathname.startsWith('/2013-04-01/change/')) {
      looks += 1
      return xml(
        200,
        `<GetChangeResponse><ChangeInfo><Id>/change/C1</Id><Status>${looks >= 2 ? 'INSYNC' : 'PENDING'}</Status><SubmittedAt>2026-05-04T10:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>`,
      )
    }
    if (request.method === 'GET') {
      const start = [searchParams.get('name'), searchParams.get('type'), searchParams.get('identifier') ?? ''].join(' ')
      const sorted = [...sets]
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
        .filter((set) => keyOf(set) >= start.replace(/\. /, ' '))
      return xml(
        200,
        `<ListResourceRecordSetsResponse><ResourceRecordSets>${sorted.slice(0, 10).map(shown).join('')}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>10</MaxItems></ListResourceRecordSetsResponse>`,
      )
    }
    changes += 1
    if (changes % 3 === 1) return error('PriorRequestNotComplete')
    const batch = parser.parse(request.body ?? '').ChangeResourceRecordSetsRequest.ChangeBatch.Changes.Change as {
      Action: string
      ResourceRecordSet: RecordSet
    }[]
    const next = [...sets]
    for (const { Action, ResourceRecordSet: raw } of batch) {
      const set = {
        ...raw,
        ResourceRecords: {
          ResourceRecord: raw.ResourceRecords.ResourceRecord.map(({ Value }) => ({
            Value: Value.replaceAll('&quot;', '"'),
          })),
        },
      }
      const index = next.findIndex((one) => keyOf(one) === keyOf(set))
      if (Action === 'DELETE') {
        const old = next[index]
        if (!old || plain(old) !== plain(set)) return error('InvalidChangeBatch')
        next.splice(index, 1)
      } else if (Action === 'CREATE') {
        if (index >= 0) return error('InvalidChangeBatch')
        next.push(set)
      } else throw new Error(`unexpected ${Action}`)
    }
    sets = next
    looks = 0
    mutations.push('change')
    return xml(
      200,
      '<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-05-04T10:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>',
    )
  })
  const find = (name: string, identifier?: string) =>
    sets.find((set) => set.Name.replace(/\.$/, '') === name && set.SetIdentifier === identifier)
  const values = (name: string, identifier?: string) =>
    find(name, identifier)?.ResourceRecords.ResourceRecord.map(({ Value }) => Value) ?? []
  return {
    ...ports,
    read: { ...ports.read, resolveDns: async ({ name }) => ({ values: values(name), ttlSeconds: 60 }) },
    mutations,
    values,
    weight: (identifier) => Number(find('www.example.com', identifier)?.Weight),
    snapshot: () =>
      sets
        .filter(({ Type }) => Type !== 'TXT')
        .map(plain)
        .sort(),
  }
}

const TARGET_ARN = 'arn:aws:rds:eu-central-1:1:cluster:dr'
const SOURCE_ARN = 'arn:aws:rds:eu-west-1:1:cluster:main'
export const ARNS = { target: TARGET_ARN, source: SOURCE_ARN }

/** RDS: Describe calls show the old state for one look after a change, and promoting a primary is an error. */
export function rdsWorld(): World {
  const mutations: string[] = []
  let source: string | null = 'main-db'
  let status = 'available'
  let writer = SOURCE_ARN
  let pending: (() => void)[] = []
  const ports = httpPorts(
    (request) => {
      if (!isSigned(request)) return xml(403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>')
      const form = new URLSearchParams(request.body)
      const answer = (action: string, inner: string) =>
        xml(200, `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`)
      const action = form.get('Action') ?? ''
      if (action === 'DescribeDBInstances') {
        const shown = `<DBInstances><DBInstance><DBInstanceIdentifier>replica-db</DBInstanceIdentifier><DBInstanceStatus>${status}</DBInstanceStatus>${source ? `<ReadReplicaSourceDBInstanceIdentifier>${source}</ReadReplicaSourceDBInstanceIdentifier>` : ''}</DBInstance></DBInstances>`
        pending.shift()?.()
        return answer(action, shown)
      }
      if (action === 'DescribeGlobalClusters') {
        const member = (arn: string) =>
          `<GlobalClusterMember><DBClusterArn>${arn}</DBClusterArn><IsWriter>${arn === writer}</IsWriter></GlobalClusterMember>`
        const shown = `<GlobalClusters><GlobalClusterMember><GlobalClusterIdentifier>world</GlobalClusterIdentifier><Status>${status}</Status><GlobalClusterMembers>${member(SOURCE_ARN)}${member(TARGET_ARN)}</GlobalClusterMembers></GlobalClusterMember></GlobalClusters>`
        pending.shift()?.()
        return answer(action, shown)
      }
      mutations.push(action)
      if (action === 'PromoteReadReplica') {
        if (!source)
          return xml(
            400,
            '<ErrorResponse><Error><Type>Sender</Type><Code>InvalidDBInstanceState</Code></Error></ErrorResponse>',
          )
        pending = [
          () => {
            status = 'modifying'
          },
          () => {
            source = null
            status = 'available'
          },
        ]
        return answer(action, '')
      }
      if (action === 'FailoverGlobalCluster' || action === 'SwitchoverGlobalCluster') {
        const to = form.get('TargetDbClusterIdentifier') ?? ''
        pending = [
          () => {
            status = 'switching-over'
          },
          () => {
            status = 'available'
            writer = to
          },
        ]
        return answer(action, '')
      }
      throw new Error(`unexpected ${action}`)
    },
    ({ body }) => new URLSearchParams(body).get('Action')?.startsWith('Describe') ?? false,
  )
  return { ...ports, mutations, snapshot: () => ({ source, writer }) }
}
