import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../agent/domain/evidence.ts'
import { findConsumer } from '../../../agent/llm/rules/consumer.ts'
import { failingNeighbour } from '../../../agent/llm/rules/neighbours.ts'
import { readProviderCalls } from '../../../agent/llm/rules/provider-calls.ts'
import { readSnapshot } from '../../../agent/llm/rules/readings.ts'
import {
  CALM,
  changes,
  check,
  errors,
  event,
  evidence,
  HALF_FAIL,
  logs,
  READY,
  ready,
  SERVICE,
  series,
  snapshot,
  traffic,
  verdictOn,
} from './hand-made.ts'

const step = (before: number, after: number, at: number) => (minutesAgo: number) => (minutesAgo <= at ? after : before)
const GREEN = ['internal_services', 'external_uptime', 'cross_cloud_probe', 'node_states', 'provider_api'].map((name) =>
  check(name, 'ok'),
)
const OUTSIDE_RED = [check('external_uptime', 'error'), check('cross_cloud_probe', 'error')]
const actionOn = (...list: Evidence[]) => verdictOn(...list).recommendedAction
const part = (name: string, labels: Record<string, string>, valueAt: (minutesAgo: number) => number, unit = 'ratio') =>
  series(`${name}_${Object.values(labels).join('_')}`, valueAt, { query: `${name}{}`, labels, name, unit })

describe('a change of ours', () => {
  it('is told by its share alone when as many fail as it reached', () => {
    const half = [errors(HALF_FAIL(9)), traffic(() => 40), ...CALM, ...READY, ...OUTSIDE_RED]
    const flag = (percent: number) => changes({ at: 11, kind: 'flag', service: 'till', summary: 'a', percent })
    expect(verdictOn(...half, flag(50)).confidence).toBeGreaterThan(verdictOn(...half, flag(90)).confidence)
    expect(actionOn(...half, flag(50))).toBe('rollback_change')
  })

  it('is told by the variant that it names, as a whole word', () => {
    const scene = (ref: string) => [
      ...[errors(step(0.002, 0.3, 9)), ...CALM, ...READY, ...OUTSIDE_RED],
      part('failures', { variant: 'short-path' }, step(0.002, 0.9, 9)),
      part('failures', { variant: 'classic' }, () => 0.002),
      changes({ at: 10, kind: 'flag', service: 'search', ref, summary: 'more' }),
    ]
    expect(actionOn(...scene('search.short-path'))).toBe('rollback_change')
    expect(actionOn(...scene('search.short-pathology'))).toBe('page_human')
  })

  it('is no suspect any more when it was taken back and users are hurt as before', () => {
    const outside = [event(), check('provider_api', 'error', 'ec2 calls time out'), check('node_states', 'error')]
    const deploy = { at: 16, ref: 'r-8', summary: 'r-8' }
    const undone = { at: 8, kind: 'rollback', ref: 'r-7', summary: 'undo r-8' }
    const scene = [errors(HALF_FAIL(12)), ...outside, ...READY, ...OUTSIDE_RED]
    expect(actionOn(...scene, changes(deploy, undone))).toBe('region_failover')
    expect(actionOn(...scene, changes(deploy, { ...undone, at: 1 }))).not.toBe('rollback_change')
  })

  it('to what stands in front is what fails when the servers behind are well', () => {
    const scene = [
      errors(HALF_FAIL(9)),
      check('internal_services', 'ok'),
      ...[...CALM, ...READY, ...OUTSIDE_RED],
      series('gateway_5xx', step(0.002, 0.6, 9)),
      series('origin_errors', () => 0.002),
    ]
    expect(actionOn(...scene, changes({ at: 11, kind: 'config', service: 'gateway', summary: 'b' }))).toBe(
      'rollback_change',
    )
    expect(actionOn(...scene, changes({ at: 300, kind: 'config', service: 'gateway', summary: 'b' }))).not.toBe(
      'rollback_change',
    )
  })

  it('alone in its hour convicts it, unless something explains the failures without it', () => {
    const scene = [errors(HALF_FAIL(9)), check('provider_api', 'ok'), check('node_states', 'degraded'), ...OUTSIDE_RED]
    const network = { at: 11, kind: 'config', service: 'network', summary: 'c' }
    expect(actionOn(...scene, ...READY, changes(network))).toBe('rollback_change')
    expect(actionOn(...scene, ...READY, changes(network), event())).toBe('page_human')
    const ended = logs('errors', { text: 'x509: certificate has expired' })
    expect(actionOn(...scene, ...READY, changes(network), ended)).not.toBe('rollback_change')
    const other = { at: 40, kind: 'config', service: 'dns', summary: 'd' }
    expect(actionOn(...scene, ...READY, changes(network, other))).toBe('page_human')
  })
})

describe('what others and other places meet', () => {
  it('a neighbour that fails since the same minutes speaks for what both stand on', () => {
    const of = (from: number, app: string) =>
      failingNeighbour(
        readSnapshot(snapshot(errors(HALF_FAIL(9)), part('reports_errors', { app }, step(0.002, 0.4, from)))),
      )
    expect(of(9, 'reports')).toBeDefined()
    expect(of(30, 'reports')).toBeUndefined()
    expect(of(9, 'till')).toBeUndefined()
  })

  it('the same calls counted in two places tell them apart', () => {
    const read = (detail: string) => readProviderCalls(detail, SERVICE).worksElsewhere
    expect(read('rds calls for eu-west-1 fail 38 %; eu-central-1 0 %')).toBe(true)
    expect(read('rds calls for eu-west-1 fail 38 %; eu-central-1 31 %')).toBe(false)
    expect(read('rds calls for eu-west-1 fail 0 %')).toBe(false)
  })

  it('calls that are refused for a limit of ours leave the provider well', () => {
    expect(readProviderCalls('Invoke: TooManyRequestsException, our limit of 3000', SERVICE).fault).toBe('ours')
  })
})

describe('one consumer that takes what all share', () => {
  const calls = (caller: string, valueAt: (minutesAgo: number) => number) =>
    part('calls', { caller }, valueAt, 'per_second')
  const of = (...list: Evidence[]) => findConsumer(readSnapshot(snapshot(errors(HALF_FAIL(9)), ...list)))?.name ?? null

  it('is found by its growth while the others ask for what they always did', () => {
    expect(
      of(
        calls('shop', () => 300),
        calls('reindex', step(0, 1400, 12)),
      ),
    ).toBe('reindex')
    expect(of(calls('shop', step(300, 1300, 12)), calls('app', step(250, 1100, 12)))).toBeNull()
    expect(
      of(
        calls('shop', () => 300),
        calls('reindex', step(1, 40, 12)),
      ),
    ).toBeNull()
  })

  it('is stopped when it is a job of ours, and held back when it is a customer', () => {
    const scene = [
      errors(HALF_FAIL(9)),
      ...[...CALM, ...READY, ...OUTSIDE_RED],
      part('calls', { caller: 'shop' }, () => 300, 'per_second'),
      part('calls', { caller: 'reindex' }, step(0, 1400, 12), 'per_second'),
      series('search_queue_depth', step(3, 900, 9), { unit: 'count' }),
    ]
    const job = changes({ at: 13, kind: 'job', service: 'reindex', ref: 'reindex-7', summary: 'e' })
    expect(actionOn(...scene, job)).toBe('self_heal')
  })
})

describe('what is announced', () => {
  const crowd = [errors(step(0.002, 0.4, 9)), traffic(step(50, 600, 9))]
  const announced = changes({ at: 12, kind: 'exercise', service: 'till', summary: 'f' })

  it('explains a crowd that is refused while every check is in order', () => {
    expect(actionOn(...crowd, ...GREEN, ...READY, announced)).toBe('no_action')
    expect(actionOn(...crowd, ...GREEN, ...READY, changes())).not.toBe('no_action')
    expect(actionOn(...crowd, ...GREEN.slice(1), check('internal_services', 'error'), ...READY, announced)).not.toBe(
      'no_action',
    )
  })

  it('explains a crowd that leaves, but no failures', () => {
    const calendar = changes({ at: 40, kind: 'calendar', service: 'till', summary: 'g' })
    const leaves = [errors(() => 0.002), traffic(step(900, 40, 12))]
    expect(actionOn(...leaves, ...GREEN, ...READY, calendar)).toBe('no_action')
    expect(actionOn(errors(HALF_FAIL(9)), traffic(step(900, 40, 12)), ...GREEN, ...READY, calendar)).not.toBe(
      'no_action',
    )
  })
})

describe('users who are served', () => {
  const well = [errors(() => 0.002), traffic(() => 50), ...GREEN, ...READY]

  it('after a plain loss are watched, however long it is over', () => {
    const over = (minutesAgo: number) => (minutesAgo < 55 && minutesAgo > 15 ? 0.7 : 0.002)
    expect(
      actionOn(
        errors(over),
        traffic(() => 50),
        ...GREEN,
        ...READY,
      ),
    ).toBe('observe')
  })

  it('need nothing when what raises alarms was changed just before', () => {
    expect(actionOn(...well, changes({ at: 9, kind: 'config', service: 'alert-rules', summary: 'h' }))).toBe(
      'no_action',
    )
    expect(actionOn(...well, changes({ at: 90, kind: 'config', service: 'alert-rules', summary: 'h' }))).not.toBe(
      'no_action',
    )
  })

  it('and whose records do not agree need a person, or the change undone that began it', () => {
    const differs = series('balance_mismatch', step(0, 0.09, 12))
    const scene = [errors(() => 0.002), traffic(() => 50), ...GREEN.slice(1), check('internal_services', 'degraded')]
    expect(verdictOn(...scene, ...READY, differs).rootCause.category).toBe('internal_data')
    expect(actionOn(...scene, ...READY, differs, changes({ at: 14, kind: 'job', service: 'till' }))).toBe('page_human')
    expect(
      actionOn(
        errors(() => 0.002),
        traffic(() => 50),
        ...GREEN,
        ...READY,
        differs,
        changes({ at: 13 }),
      ),
    ).toBe('rollback_change')
  })
})

describe('ways that stand beside each other', () => {
  it('are vendors we depend on, under whatever label', () => {
    const pay = (psp: string, valueAt: (minutesAgo: number) => number) => part('pay_errors', { psp }, valueAt)
    const page = evidence('status:paymaster', 'status-page', 'provider', [
      {
        ...{ kind: 'component', id: 'status:paymaster:1', provider: 'paymaster', name: 'Charges' },
        ...{ status: 'major_outage', updatedAt: null },
      },
    ])
    const scene = [errors(HALF_FAIL(9)), ...CALM, ready('secondary'), pay('paymaster', step(0.01, 0.9, 9)), page]
    expect(
      actionOn(
        ...scene,
        pay('otherpay', () => 0.01),
      ),
    ).toBe('self_heal')
    expect(actionOn(...scene, pay('otherpay', step(0.01, 0.8, 9)))).not.toBe('self_heal')
  })

  it('include the one that was put there to take over, and is up', () => {
    const link = (vif: string, valueAt: (minutesAgo: number) => number) => part('link_up', { vif }, valueAt, 'count')
    const scene = [
      errors(HALF_FAIL(9)),
      ...CALM,
      ...READY,
      event({ products: ['DIRECTCONNECT'] }),
      changes(),
      ...OUTSIDE_RED,
    ]
    expect(
      actionOn(
        ...scene,
        link('line-1', step(1, 0, 9)),
        link('vpn-backup', () => 1),
      ),
    ).toBe('self_heal')
    expect(actionOn(...scene, link('line-1', step(1, 0, 9)), link('vpn-backup', step(1, 0, 9)))).not.toBe('self_heal')
  })
})
