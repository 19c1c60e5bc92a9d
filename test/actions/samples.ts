import type { z } from 'zod'
import * as index from '../../actions/index.ts'
import { StageOptions } from '../../actions/index.ts'
import type { Stage } from '../../actions/stage.ts'
import { Plan } from '../../agent/domain/plan.ts'
import { ARNS, rdsWorld, route53World } from '../fakes/worlds/aws.ts'
import { kubernetesWorld } from '../fakes/worlds/kubernetes.ts'
import { githubWorld, jenkinsWorld, n8nWorld, WEBHOOK_SECRET, webhookWorld } from '../fakes/worlds/pipelines.ts'
import { postgresWorld } from '../fakes/worlds/postgres.ts'
import { helmWorld, rcloneWorld, terraformWorld } from '../fakes/worlds/programs.ts'
import type { World } from '../fakes/worlds/world.ts'
import { type Scene, sceneClock } from './scene.ts'

export interface Sample {
  readonly title: string
  readonly options: z.input<typeof StageOptions>
  readonly world: () => World
  /** What the description must name. */
  readonly names: readonly string[]
  /** What has to be proven, or to have happened, before this stage. */
  readonly before?: (scene: Scene, world: World) => void
  /** The other side tells nothing by which a run that may have been started could be found: starting again is refused. */
  readonly startsOnce?: boolean
}

/** Builds a stage by the list, as plans do. */
export function built(options: z.input<typeof StageOptions>): Stage {
  const plan = Plan.parse({
    version: 1,
    kind: 'DisasterRecoveryPlan',
    name: 'sample',
    description: 'One stage.',
    service: 'shop',
    action: 'self_heal',
    objectives: { rtoSeconds: 600, rpoSeconds: 5 },
    stages: [StageOptions.parse(options)],
  })
  const [placed] = index.stagesOf(plan)
  if (!placed) throw new Error('no stage')
  return placed.stage
}

const timeoutSeconds = 300
const server = (port: number) => ({ host: 'db.example', port, user: 'failwise', tls: 'off' as const })
const [source, standby] = [server(5432), server(5433)]
const kubernetes = {
  api: 'https://kube.example:6443',
  bearerToken: 'kube-token-of-tests',
  namespace: 'prod',
  deployment: 'shop',
}
const aws = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-real-secret-key' },
}
const zone = { hostedZoneId: 'Z1', zone: 'example.com' }

export const SAMPLES: readonly Sample[] = [
  {
    title: 'fence-source',
    options: { stage: 'fence-source', timeoutSeconds, source, standby },
    world: postgresWorld,
    names: ['db.example:5432'],
  },
  {
    title: 'stop-writes',
    options: { stage: 'stop-writes', timeoutSeconds, source, standby },
    world: postgresWorld,
    names: ['db.example:5432', 'db.example:5433'],
  },
  {
    title: 'replicate-database',
    options: { stage: 'replicate-database', timeoutSeconds, source, standby },
    world: postgresWorld,
    names: ['db.example:5432', 'db.example:5433'],
  },
  {
    title: 'promote-database',
    options: { stage: 'promote-database', timeoutSeconds, source, target: standby },
    world: () => {
      const world = postgresWorld()
      world.primary.isReadOnly = true
      return world
    },
    names: ['db.example:5432', 'db.example:5433'],
    before: (scene) => scene.setProof('source_fenced', 'a write was refused'),
  },
  {
    title: 'promote-rds (replica)',
    options: {
      stage: 'promote-rds',
      timeoutSeconds,
      ...aws,
      what: { kind: 'read_replica', replica: 'replica-db', source: 'main-db', lagFrom: standby },
    },
    world: () => {
      const [rds, postgres] = [rdsWorld(), postgresWorld()]
      return { ...rds, read: { ...postgres.read, ...rds.read } }
    },
    names: ['replica-db', 'main-db', 'eu-central-1'],
    before: (scene) => scene.setProof('source_fenced', 'a write was refused'),
  },
  {
    title: 'promote-rds (global cluster)',
    options: {
      stage: 'promote-rds',
      timeoutSeconds,
      ...aws,
      what: { kind: 'global_cluster', globalCluster: 'world', ...ARNS, method: 'switchover' },
    },
    world: rdsWorld,
    names: [ARNS.target, ARNS.source],
  },
  {
    title: 'switch-dns (Route 53)',
    options: {
      stage: 'switch-dns',
      timeoutSeconds,
      via: { provider: 'route53', ...aws, ...zone },
      records: [{ name: 'app.example.com', type: 'A', from: ['192.0.2.1'], to: ['198.51.100.1'] }],
      resolvers: ['192.0.2.53'],
    },
    world: route53World,
    names: ['app.example.com', '192.0.2.1', '198.51.100.1', 'Z1', '192.0.2.53'],
  },
  {
    title: 'restart-workload',
    options: { stage: 'restart-workload', timeoutSeconds, ...kubernetes },
    world: kubernetesWorld,
    names: ['prod/shop', 'kube.example:6443'],
  },
  {
    title: 'scale-workload',
    options: { stage: 'scale-workload', timeoutSeconds, ...kubernetes, replicas: 8 },
    world: kubernetesWorld,
    names: ['prod/shop', '8'],
  },
  {
    title: 'rollback-release',
    options: { stage: 'rollback-release', timeoutSeconds, ...kubernetes },
    world: kubernetesWorld,
    names: ['prod/shop', 'the revision before'],
  },
  {
    title: 'provision-infrastructure',
    options: {
      stage: 'provision-infrastructure',
      timeoutSeconds,
      folder: '/srv/dr',
      variables: { size: '4' },
      undoVariables: { size: '0' },
    },
    world: terraformWorld,
    names: ['/srv/dr', 'terraform', 'nothing'],
  },
  {
    title: 'deploy-services',
    options: {
      stage: 'deploy-services',
      timeoutSeconds,
      release: 'shop',
      chart: 'oci://r.example/shop',
      version: '3',
      namespace: 'prod',
    },
    world: helmWorld,
    names: ['oci://r.example/shop', '3', 'prod'],
  },
  {
    title: 'sync-storage',
    options: { stage: 'sync-storage', timeoutSeconds, from: 's3:files', to: 'azure:files', aside: 'azure:aside' },
    world: rcloneWorld,
    names: ['s3:files', 'azure:files', 'azure:aside'],
  },
  {
    title: 'trigger-pipeline (Jenkins)',
    options: {
      stage: 'trigger-pipeline',
      timeoutSeconds,
      through: {
        system: 'jenkins',
        url: 'https://jenkins.example/ci',
        user: 'ada',
        apiToken: 'jenkins-token',
        job: 'platform/failover',
      },
      parameters: { side: 'dr' },
      rollback: 'irreversible',
    },
    world: jenkinsWorld,
    names: ['platform/failover', 'jenkins.example', 'side'],
  },
  {
    title: 'trigger-pipeline (GitHub)',
    options: {
      stage: 'trigger-pipeline',
      timeoutSeconds,
      through: { system: 'github', repository: 'acme/ops', workflow: 'failover.yml', token: 'gh-token' },
      rollback: 'nothing_to_undo',
    },
    world: githubWorld,
    names: ['acme/ops', 'failover.yml', 'main'],
  },
  {
    title: 'trigger-pipeline (n8n)',
    options: {
      stage: 'trigger-pipeline',
      timeoutSeconds,
      through: {
        system: 'n8n',
        webhookUrl: 'https://n8n.example/webhook/failover',
        webhookHeaders: { 'x-hook': 'hook-secret' },
        api: 'https://n8n.example/api/v1',
        apiKey: 'n8n-key',
      },
      rollback: 'nothing_to_undo',
    },
    world: n8nWorld,
    names: ['n8n.example'],
    startsOnce: true,
  },
  {
    title: 'trigger-pipeline (webhook)',
    options: {
      stage: 'trigger-pipeline',
      timeoutSeconds,
      through: {
        system: 'webhook',
        url: 'https://hook.example/start',
        statusUrl: 'https://hook.example/status',
        cancelUrl: 'https://hook.example/cancel',
        secret: WEBHOOK_SECRET,
        fenced: true,
      },
      rollback: 'nothing_to_undo',
    },
    world: () => webhookWorld(sceneClock.now),
    names: ['hook.example'],
  },
]
