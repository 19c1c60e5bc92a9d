import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PlanFile } from '../../actions/index.ts'
import { planBook } from '../../agent/app/plan-book.ts'
import { Catalogue } from '../../agent/config/catalogue.ts'
import { Settings } from '../../agent/config/settings.ts'
import { Alert } from '../../agent/domain/alert.ts'
import { canonicalJson } from '../../agent/domain/canonical.ts'
import { Evidence } from '../../agent/domain/evidence.ts'
import { deriveFacts, factsHash } from '../../agent/domain/facts.ts'
import { HealthScoreOptions, scoreHealth } from '../../agent/domain/health-score.ts'
import { plannedSeconds } from '../../agent/domain/plan.ts'
import type { Snapshot } from '../../agent/domain/snapshot.ts'
import { readAlertmanager } from '../../agent/ingest/alertmanager.ts'
import { readCloudWatch } from '../../agent/ingest/cloudwatch.ts'
import { readGeneric } from '../../agent/ingest/generic.ts'
import { readGrafana } from '../../agent/ingest/grafana.ts'
import { readInfrastructureHealth } from '../../agent/ingest/infrastructure-health.ts'
import { readPagerDuty } from '../../agent/ingest/pagerduty.ts'
import type { Delivery } from '../../agent/ingest/payload.ts'
import { settle } from '../../agent/ingest/settle.ts'
import { snsReceiver } from '../../agent/ingest/sns.ts'
import { Fault, isFault } from '../../agent/lib/errors.ts'
import { readYaml } from '../../agent/lib/yaml-file.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { policyHash } from '../../agent/policy/policy.ts'
import { readPolicy } from '../../agent/policy/policy-file.ts'
import { parseAnchors } from '../../agent/store/anchors.ts'
import { answering, collectedOne, NOW, NOW_MS, SERVICE } from '../collectors/round.ts'
import { READERS } from '../collectors/samples.ts'

/** Something that reads what others wrote. */
export interface Target {
  readonly name: string
  /** Bodies that it reads without complaint. */
  readonly corpus: readonly string[]
  /** Reads one body; throws when what must always hold does not. */
  check(body: string): Promise<void> | void
}

function assertThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

const analyst = rulesAnalyst()
const scoring = HealthScoreOptions.parse({})

/** Whatever an upstream says is read, or is a failure with a known reason; and a decision can be made from it. */
async function checkEvidence(evidence: Evidence): Promise<void> {
  assertThat(evidence.error?.kind !== 'unknown', `the collector broke: ${evidence.error?.message}`)
  Evidence.parse(evidence)
  const snapshot: Snapshot = { version: 1, takenAt: NOW, service: SERVICE, alerts: [], evidence: [evidence] }
  canonicalJson(snapshot)
  const facts = deriveFacts(snapshot)
  factsHash(facts)
  assertThat(Number.isFinite(scoreHealth([evidence], scoring).score), 'the health score is no number')
  const opinion = await analyst.assess(snapshot, facts, new AbortController().signal)
  assertThat(opinion.verdict !== null || opinion.abstained !== null, 'the rules gave neither verdict nor reason')
}

const upstreams = READERS.map(({ title, options, good }): Target => {
  if (typeof good === 'string')
    return {
      name: title,
      corpus: [good],
      check: async (body) => checkEvidence(await collectedOne(options, answering({ status: 200, body }))),
    }
  const answers = ['DescribeEvents', 'DescribeEventDetails', 'DescribeAffectedEntities'].map((operation) =>
    good({ method: 'POST', url: 'https://health.example', headers: { 'x-amz-target': `AWSHealth.${operation}` } }),
  )
  return {
    name: title,
    corpus: answers,
    // The body stands for one of the three answers, told by what it still resembles; the other two stay as documented.
    check: async (body) => {
      const replaced = answers.findIndex((answer) => answer.slice(0, 12) === body.slice(0, 12))
      const http = answering((request) => {
        const answer = good(request)
        return answers.indexOf(answer) === Math.max(0, replaced) ? { status: 200, body } : { status: 200, body: answer }
      })
      await checkEvidence(await collectedOne(options, http))
    },
  }
})

const webhook = (name: string) => readFileSync(new URL(`../fixtures/webhooks/${name}.json`, import.meta.url), 'utf8')

/** A body is stored, or refused with a reason; anything else would be a 500 for the sender. */
function checkDelivery(body: string, read: (value: unknown) => Delivery): void {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return
  }
  let delivery: Delivery
  try {
    delivery = settle(read(value), { receivedAt: NOW, skewToleranceSeconds: 300 })
  } catch (error) {
    assertThat(isFault(error, 'payload_invalid'), `the reader broke: ${error}`)
    return
  }
  for (const alert of delivery.alerts) canonicalJson(Alert.parse(alert))
}

const webhooks: Target[] = (
  [
    ['alertmanager', ['alertmanager'], readAlertmanager],
    ['grafana', ['grafana', 'grafana-legacy'], readGrafana],
    ['pagerduty', ['pagerduty-triggered', 'pagerduty-annotated', 'pagerduty-v2'], readPagerDuty],
    ['cloudwatch', ['cloudwatch-raw'], readCloudWatch],
    ['generic', ['alertmanager'], readGeneric],
    [
      'infrastructure_health',
      ['infrastructure-health'],
      (body: unknown) => ({
        alerts: [readInfrastructureHealth(body).alert].filter((alert) => alert !== null),
        notes: [],
      }),
    ],
  ] as [string, string[], (body: unknown) => Delivery][]
).map(([name, files, read]) => ({
  name: `webhook ${name}`,
  corpus: files.map(webhook),
  check: (body) => checkDelivery(body, read),
}))

const sns: Target = {
  name: 'webhook sns',
  corpus: ['sns-alarm-v1', 'sns-alarm-v2', 'sns-subscription-v2', 'sns-text-v2'].map(webhook),
  check: async (body) => {
    const asked: string[] = []
    const receiver = snsReceiver({
      http: async ({ url }) => {
        asked.push(url)
        throw new Fault('upstream_unreachable', 'no network here')
      },
      now: () => NOW_MS,
      topicArns: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
    })
    let value: unknown
    try {
      value = JSON.parse(body)
    } catch {
      return
    }
    const outcome = await receiver.receive(value, new AbortController().signal).then(
      () => null,
      (error: unknown) => error,
    )
    // Without the certificate nothing can be believed, so nothing may come through; and certificates are asked of nobody but AWS.
    assertThat(isFault(outcome) && outcome.code !== 'internal', `accepted or broke: ${outcome}`)
    for (const url of asked) {
      const { protocol, hostname } = new URL(url)
      assertThat(protocol === 'https:' && hostname.endsWith('.amazonaws.com'), `asked ${url}`)
    }
  },
}

const configs = ['deploy/compose/failwise', 'deploy/kubernetes/config']
const filesNamed = (name: string) => [
  ...configs.map((folder) => readFileSync(join(folder, name), 'utf8')),
  ...['README.md', ...readdirSync('docs').map((page) => join('docs', page))]
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/```yaml\n# ([\w.-]+\.yaml)\n([\s\S]*?)```/g)])
    .filter(([, file]) => file === name)
    .map(([, , text = '']) => (/^version:/m.test(text) ? text : `version: 1\n${text}`)),
]
const SECRET = 'hunter2-hunter2-hunter2'

/** A file is right, or every mistake in it has a place; and no message tells what a variable holds. */
function checkYaml(read: ReturnType<typeof readYaml>, body: string): void {
  if (read.ok) return
  assertThat(read.problems.length > 0, 'wrong, but no mistake is named')
  const lines = body.split('\n').length
  for (const { line, column, message } of read.problems) {
    assertThat(line >= 1 && line <= lines + 1 && column >= 1, `line ${line}:${column} of ${lines}: ${message}`)
    assertThat(!message.includes(SECRET), `tells a secret: ${message}`)
  }
}

const files: Target[] = [
  {
    name: 'failwise.yaml',
    corpus: filesNamed('failwise.yaml'),
    check: (body) =>
      checkYaml(
        readYaml(body, 'failwise.yaml', Settings, () => SECRET),
        body,
      ),
  },
  {
    name: 'services.yaml',
    corpus: filesNamed('services.yaml'),
    check: (body) =>
      checkYaml(
        readYaml(body, 'services.yaml', Catalogue, () => SECRET),
        body,
      ),
  },
  {
    name: 'policy.yaml',
    corpus: [readFileSync('policy.yaml', 'utf8'), ...filesNamed('policy.yaml')],
    check: (body) => {
      const read = readPolicy(body, 'policy.yaml')
      checkYaml(read, body)
      if (!read.ok) return
      assertThat(policyHash(read.value).length === 64, 'a policy without a hash')
      // What no file may switch off.
      const { sustained, actions } = read.value
      assertThat(sustained.evaluations >= 3 && sustained.seconds >= 60, 'acts on a condition that did not last')
      for (const action of ['region_failover', 'dr_failover'] as const) {
        const own = actions[action].causes.act.filter((cause) => /^(internal_|security)/.test(cause))
        assertThat(own.length === 0, `${action} acts on ${own}`)
      }
    },
  },
]

const plans: Target = {
  name: 'plan',
  corpus: readdirSync('plans/templates').map((name) => readFileSync(join('plans/templates', name), 'utf8')),
  check: (body) => {
    const read = readYaml(body, 'plans/plan.yaml', PlanFile, () => SECRET)
    checkYaml(read, body)
    if (!read.ok) return
    const plan = read.value
    assertThat(plannedSeconds(plan) <= plan.objectives.rtoSeconds, 'takes longer than it promises')
    const [loaded] = planBook([plan]).all()
    assertThat(loaded?.hash.length === 64, 'a plan without a hash')
    for (const { stage } of loaded.stages)
      assertThat(!/^$|\[object |undefined/.test(stage.describe()), `${stage.name} does not say what it does`)
  },
}

const anchors: Target = {
  name: 'audit anchors',
  corpus: [
    `{"seq":1,"hash":"${'a'.repeat(64)}","at":"${NOW}"}\n{"level":"info","auditHead":{"seq":2,"hash":"${'b'.repeat(64)}","at":"${NOW}"}}\n`,
  ],
  check: (body) => {
    for (const { seq } of parseAnchors(body)) assertThat(Number.isInteger(seq) && seq >= 0, `anchor ${seq}`)
  },
}

/** Every parser of the project that reads what others wrote. */
export const TARGETS: readonly Target[] = [...upstreams, ...webhooks, sns, ...files, plans, anchors]
