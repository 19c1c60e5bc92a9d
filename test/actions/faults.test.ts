import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StageOptions } from '../../actions/index.ts'
import { decodeReply, encodeUpdate, removeAll } from '../../actions/shared/dns-message.ts'
import { signMessage } from '../../actions/shared/dns-tsig.ts'
import { lagProblem } from '../../actions/shared/postgres-lag.ts'
import { prefixed } from '../../actions/shared/program.ts'
import { weightsFor } from '../../actions/shared/traffic-haproxy.ts'
import { Route53Lever, route53Lever } from '../../actions/shared/traffic-route53.ts'
import { isFault } from '../../agent/lib/errors.ts'
import { rdsWorld, route53World } from '../fakes/worlds/aws.ts'
import { kubernetesWorld } from '../fakes/worlds/kubernetes.ts'
import { githubWorld, jenkinsWorld, type PipelineWorld, webhookWorld } from '../fakes/worlds/pipelines.ts'
import { postgresWorld } from '../fakes/worlds/postgres.ts'
import { rcloneWorld, terraformWorld } from '../fakes/worlds/programs.ts'
import { built, SAMPLES } from './samples.ts'
import { scene, sceneClock } from './scene.ts'

function optionsOf(title: string) {
  const sample = SAMPLES.find((one) => one.title === title)
  if (!sample) throw new Error(`no sample ${title}`)
  return sample.options
}

describe('databases', () => {
  it('takes an unknown lag for infinite, with any objective and any consent', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), fc.option(fc.double({ min: 0, noNaN: true })), (rpo, consent) => {
        expect(lagProblem({ seconds: null, detail: 'cut off' }, rpo, consent)).not.toBeNull()
      }),
    )
    expect(lagProblem({ seconds: 5, detail: '' }, 5, null)).toBeNull()
    expect(lagProblem({ seconds: 5.1, detail: '' }, 5, null)).toContain('5 s the objective allows')
    expect(lagProblem({ seconds: 60, detail: '' }, 5, 60)).toBeNull()
    expect(lagProblem({ seconds: 61, detail: '' }, 5, 60)).toContain('60 s were agreed to')
  })

  it('sees that the source came back while the target was being promoted', async () => {
    const world = postgresWorld()
    world.primary.isReadOnly = true
    const s = scene({ read: world.read, write: world.write })
    s.setProof('source_fenced', 'a write was refused')
    const stage = built(optionsOf('promote-database'))
    const ctx = s.context('promote-database')
    await stage.apply(ctx)
    world.primary.isReadOnly = false
    expect(await stage.verify(ctx)).toMatchObject({ outcome: 'unclear', isFinal: true })
    expect(s.proofs.has('target_writable')).toBe(false)
  })

  it('promotes a managed replica only with a measured lag, or a stated one that a person consented to', async () => {
    const base = { ...optionsOf('promote-rds (replica)') } as Record<string, unknown>
    const what = { kind: 'read_replica', replica: 'replica-db', source: 'main-db' }
    const carry = async (extra: object, consentedDataLossSeconds: number | null) => {
      const world = rdsWorld()
      const s = scene({ read: world.read, write: world.write, run: { consentedDataLossSeconds } })
      s.setProof('source_fenced', 'powered off')
      return s.carryOut(built({ ...base, what, ...extra } as never))
    }
    await expect(carry({}, null)).rejects.toMatchObject({ details: { reason: 'data_loss' } })
    await expect(carry({}, 3600)).rejects.toMatchObject({ details: { reason: 'data_loss' } })
    await expect(carry({ statedLossSeconds: 30 }, null)).rejects.toMatchObject({ details: { reason: 'data_loss' } })
    await expect(carry({ statedLossSeconds: 30 }, 20)).rejects.toMatchObject({ details: { reason: 'data_loss' } })
    expect(await carry({ statedLossSeconds: 30 }, 30)).toMatchObject({ outcome: 'done' })
  })
})

describe('infrastructure', () => {
  it('stops at a plan that would destroy what it may not, before anything is applied', async () => {
    const world = terraformWorld()
    world.alsoPlan('aws_db_instance.main', ['delete', 'create'])
    const s = scene({ read: world.read, write: world.write })
    await expect(s.carryOut(built(optionsOf('provision-infrastructure')))).rejects.toThrow(
      /would destroy aws_db_instance.main/,
    )
    expect(world.mutations).toEqual([])
    const allowed = { ...optionsOf('provision-infrastructure'), mayDestroy: ['aws_db_instance.main'] }
    expect(await s.carryOut(built(allowed as never))).toMatchObject({ outcome: 'done' })
  })

  it('does not believe a rollout that is stuck', async () => {
    const world = kubernetesWorld({ stuck: true })
    const s = scene({ read: world.read, write: world.write })
    expect(await s.carryOut(built(optionsOf('restart-workload')))).toMatchObject({ outcome: 'unclear' })
  })

  it('takes back the whole template of a release, also what it had added', async () => {
    const world = kubernetesWorld()
    const s = scene({ read: world.read, write: world.write })
    await s.carryOut(built(optionsOf('rollback-release')))
    expect(world.template().spec.containers[0]?.image).toBe('shop:v1')
    expect(world.template().metadata.labels).not.toHaveProperty('pod-template-hash')
  })

  it('names what a wrong token, namespace or deployment means', async () => {
    const world = kubernetesWorld()
    const s = scene({ read: world.read, write: world.write })
    const base = optionsOf('restart-workload')
    await expect(s.carryOut(built({ ...base, bearerToken: 'another' } as never))).rejects.toThrow(/refuses the token/)
    await expect(s.carryOut(built({ ...base, deployment: 'nope' } as never))).rejects.toThrow(/there is no Deployment/)
  })

  it('keeps an emptied source from emptying its copy', async () => {
    const world = rcloneWorld()
    world.places['s3:files']?.clear()
    const s = scene({ read: world.read, write: world.write })
    const stage = built({ ...optionsOf('sync-storage'), mode: 'sync' } as never)
    await expect(s.carryOut(stage)).rejects.toMatchObject({ details: { reason: 'source_emptied' } })
    expect(world.mutations).toEqual([])
  })
})

describe('pipelines', () => {
  const cases: [string, () => PipelineWorld][] = [
    ['trigger-pipeline (Jenkins)', jenkinsWorld],
    ['trigger-pipeline (GitHub)', githubWorld],
    ['trigger-pipeline (webhook)', () => webhookWorld(sceneClock.now)],
  ]

  it.each(cases)('%s: fails when the run fails, and is not run again', async (title, make) => {
    const world = make()
    world.setResult(false)
    const s = scene({ read: world.read, write: world.write })
    await expect(s.carryOut(built(optionsOf(title)))).rejects.toMatchObject({ code: 'stage_failed' })
    await expect(s.carryOut(built(optionsOf(title)))).rejects.toMatchObject({ code: 'stage_failed' })
    expect(world.runs).toHaveLength(1)
  })

  it.each(cases)('%s: ends a run that is on its way, then runs the way back', async (title, make) => {
    const world = make()
    const s = scene({ read: world.read, write: world.write })
    const stage = built({ ...optionsOf(title), rollback: { side: 'main' } } as never)
    const died = s.carryOut(stage, 'trigger-pipeline', { dieAfterEffect: 1 })
    await expect(died).rejects.toThrow(/died/)
    // Visible by now, and still running.
    if (title.includes('GitHub')) await s.context('x').clock.sleep(1)
    await s.undo(stage, 'trigger-pipeline')
    expect(world.runs.map(({ key }) => key)).toEqual(['run_1:trigger-pipeline', 'run_1:trigger-pipeline:undo'])
    expect(world.runs[1]).toMatchObject({ state: 'ended', isGood: true })
    await s.undo(stage, 'trigger-pipeline')
    expect(world.runs).toHaveLength(2)
  })

  it('refuses a Jenkins job that would drop the mark of the run', async () => {
    const world = jenkinsWorld()
    const httpGet = world.read.httpGet
    const s = scene({
      write: world.write,
      read: {
        httpGet: async (request, abort) => {
          const response = await httpGet?.(request, abort)
          if (!response) throw new Error('no answer')
          return { ...response, body: response.body.replaceAll('{"name":"failwise_key"}', '{"name":"other"}') }
        },
      },
    })
    await expect(s.carryOut(built(optionsOf('trigger-pipeline (Jenkins)')))).rejects.toThrow(
      /no parameter failwise_key/,
    )
    expect(world.runs).toEqual([])
  })
})

describe('weights', () => {
  it('holds every whole share of any two sides within half a percent, and rounds nobody away', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (percent, sources, targets) => {
          const { from, to } = weightsFor(percent, sources, targets)
          expect(Math.max(from, to)).toBeLessThanOrEqual(256)
          expect(from === 0).toBe(percent === 100)
          expect(to === 0).toBe(percent === 0)
          const share = (100 * to * targets) / (to * targets + from * sources)
          if (percent > 2 && percent < 98) expect(Math.abs(share - percent)).toBeLessThan(1)
        },
      ),
    )
  })

  it('sets both weights of Route 53 in one batch, and refuses an older generation', async () => {
    const world = route53World()
    const lever = route53Lever(
      Route53Lever.parse({
        by: 'route53',
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-real-secret-key' },
        hostedZoneId: 'Z1',
        zone: 'example.com',
        name: 'www.example.com',
        from: 'primary',
        to: 'standby',
      }),
    )
    const turn = async (percent: number, generation: number) => {
      const ctx = scene({ read: world.read, write: world.write, run: { generation } }).context('shift-traffic')
      await lever.identify?.(ctx)
      await ctx.effect('turn', (write) => lever.set(ctx, write, percent))
      return lever.read(ctx)
    }
    expect(await turn(30, 5)).toBe(30)
    expect([world.weight('primary'), world.weight('standby')]).toEqual([70, 30])
    await expect(turn(100, 4)).rejects.toMatchObject({ details: { reason: 'older_generation' } })
    expect(await turn(100, 5)).toBe(100)
  })
})

describe('hostile input', () => {
  it('never breaks on a DNS message of chance', () => {
    const seed = signMessage(
      encodeUpdate(7, 'example.com', [], [removeAll('app.example.com', 1)]),
      { name: 'k', algorithm: 'hmac-sha256', secret: 'c2VjcmV0' },
      sceneClock.now(),
    ).message
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 80 }), (bytes, at) => {
        const broken = Buffer.concat([seed.subarray(0, at), Buffer.from(bytes)])
        try {
          decodeReply(broken)
        } catch (error) {
          expect(isFault(error, 'upstream_malformed')).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('hands no argument to a remote shell that could become a command', () => {
    expect(prefixed(['ssh', 'db1'], ['pg_rewind', "--source-server=host='a b'; rm -rf /", '$(id)'])).toEqual([
      'ssh',
      'db1',
      'pg_rewind',
      `'--source-server=host='\\''a b'\\''; rm -rf /'`,
      "'$(id)'",
    ])
    expect(prefixed(['runuser', '-u', 'postgres', '--'], ['a b'])).toEqual(['runuser', '-u', 'postgres', '--', 'a b'])
  })

  it('says what is wrong with options, where it is', () => {
    const told = (options: unknown) =>
      StageOptions.safeParse(options)
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
        .join('\n') ?? ''
    const dns = optionsOf('switch-dns (Route 53)')
    const records = (record: object) =>
      told({
        ...dns,
        records: [{ name: 'app.example.com', type: 'A', from: ['192.0.2.1'], to: ['192.0.2.2'], ...record }],
      })
    expect(records({ to: ['300.1.1.1'] })).toContain('records.0.to: "300.1.1.1" is no value of a A record')
    expect(records({ type: 'CNAME', from: ['a.example'], to: ['b.example', 'c.example'] })).toContain(
      'a name has one CNAME',
    )
    expect(told({ ...dns, resolvers: [] })).toContain('name the resolvers that users ask')
    expect(told({ ...dns, resolvers: ['dns.example'] })).toContain('expected an IP address')
    expect(told({ ...optionsOf('fence-source'), powerOff: [] })).toContain('expected a program and its arguments')
  })
})
