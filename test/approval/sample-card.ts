import type { Card } from '../../agent/approval/card.ts'
import { Approval } from '../../agent/domain/approval.ts'

const HOSTILE =
  'ERROR <!channel> <@U0ALICE> <https://evil.example|Approve here> *APPROVED by alice* `rm -rf` &lt;b&gt; https://evil.example/login \u202eexe.gnp\u0000 @here'

/** A card as a bad night gives it; `hostile` fills every word that others wrote with what would hurt. */
export function sampleCard({
  hostile = false,
  running = false,
  changes = {},
}: {
  hostile?: boolean
  running?: boolean
  changes?: Partial<Card>
} = {}): Card {
  const prose = (text: string) => (hostile ? `${HOSTILE} ${text} ${'very long '.repeat(400)}` : text)
  const nowMs = Date.parse('2026-03-01T03:12:20.000Z')
  const approval = Approval.parse({
    id: 'apr_mm2k1x0p7e4k2f9a',
    decisionId: 'dec_mm2k1x0n1d0q8r7z',
    incidentId: 'inc_mm2k1wzz4h3b2c1d',
    eventId: null,
    service: hostile ? `checkout ${HOSTILE}`.slice(0, 290) : 'checkout',
    group: 'checkout',
    action: 'region_failover',
    target: 'secondary',
    factsHash: 'f'.repeat(64),
    planHash: 'a'.repeat(64),
    requestedBy: 'agent_1',
    approvers: ['alice', 'on-call'],
    needed: 2,
    dataLossSeconds: 3.4,
    summary: prose('move'),
    cooldownSeconds: 3600,
    status: running ? 'approved' : 'pending',
    createdAt: '2026-03-01T03:10:00.000Z',
    expiresAt: '2026-03-01T03:20:00.000Z',
    closedAt: running ? '2026-03-01T03:12:00.000Z' : null,
    closedReason: running ? 'approved' : null,
    votes: [
      {
        person: 'alice',
        answer: 'approve',
        via: 'slack',
        at: '2026-03-01T03:11:30.000Z',
        comment: prose('Provider says the same on its page.'),
      },
      ...(running
        ? [{ person: 'bob', answer: 'approve', via: 'cli', at: '2026-03-01T03:12:00.000Z', comment: null }]
        : []),
    ],
  })
  const evidence = (id: string, text: string) => ({
    id,
    text: prose(text),
    url: `https://failwise.example/decisions/${approval.decisionId}`,
  })
  const supporting = [
    evidence('aws-health:event-1', 'AWS declares increased error rates for EC2 and EBS in eu-west-1 since 02:51'),
    evidence('prometheus:error_ratio', '31 % of requests fail since 02:53, objective 0.1 %'),
    evidence('probe:cross-cloud', 'unreachable from Azure and from a neutral place'),
    evidence('loki:errors', '1,240 times "timeout connecting to db-primary"'),
  ]
  const contradicting = [evidence('change:deploy-4711', 'checkout 2026.9.3 was rolled out to 100 % at 02:31')]
  const reasons = [
    ...['analyst.confidence', 'observers.independent', 'target.fresh', 'cause.allowed'].map((rule) => ({
      ...{ rule, action: 'region_failover' as const, ceiling: 'act' as const, outcome: 'pass' as const },
      detail: prose('within bounds'),
    })),
    {
      ...({ rule: 'confidence.calibrated', action: 'region_failover', ceiling: 'ask', outcome: 'limit' } as const),
      detail: prose('0.82 after calibration; acting needs 0.90'),
    },
    {
      ...({ rule: 'change.suspect', action: 'region_failover', ceiling: 'ask', outcome: 'limit' } as const),
      detail: prose('a deploy 20 min before onset was not cleared by a rollout elsewhere'),
    },
  ]
  return {
    ...{ incidentId: approval.incidentId, isIncidentClosed: false, service: approval.service, action: approval.action },
    ...{ from: 'aws eu-west-1', to: hostile ? `aws ${HOSTILE}` : 'aws eu-central-1', approval, earlierQuestions: 0 },
    ...{
      consent: 'lose 4 s',
      decisionId: approval.decisionId,
      analyst: 'anthropic:claude',
      calibratedConfidence: 0.82,
    },
    verdict: {
      rootCause: {
        category: 'aws_infrastructure',
        provider: 'aws',
        summary: prose('Storage of one zone of eu-west-1 is failing and takes the database with it'),
      },
      ...{
        recommendedAction: 'region_failover',
        confidence: 0.9,
        reasoning: prose('Health feed, probes and own errors began within two minutes.'),
      },
      citations: [],
      alternatives: [
        { category: 'internal_deploy', whyNot: prose('the other region runs the same release without errors') },
      ],
      unknowns: [prose('whether the provider will recover within the hour')],
    },
    healthScore: { score: 14, maximum: 22, level: 'dr_failover' },
    ...{ supporting, contradicting, reasons },
    allEvidence: [...supporting, ...contradicting].map((one) => ({ ...one, status: 'ok', observer: 'own_telemetry' })),
    cost: 'moving costs 900; the outage cost 4200 so far and about 18000 in the next 60 min',
    rto: 'objective 15 min; 19 min since onset of 15 min to recover',
    readiness: 'healthy, capacity ok, lag 3.4 s, restore tested 2026-02-20',
    prompt: null,
    run: running
      ? {
          ...{
            id: 'run_1',
            state: 'running',
            requestedBy: 'bob',
            stage: 'promote-database',
            stageNumber: 3,
            stageCount: 9,
          },
          ...{ elapsedSeconds: 41, budgetSeconds: 900, detail: prose('applied: standby promoted, waiting for writes') },
        }
      : null,
    ...{ laterAlerts: [], feedback: { right: 0, wrong: 0 }, escalations: [] },
    mentions: { users: ['U0ALICE'], userGroups: ['S0ONCALL'] },
    recordUrl: `https://failwise.example/decisions/${approval.decisionId}`,
    runbookUrl: 'https://wiki.example/checkout',
    nowMs,
    ...changes,
  }
}
