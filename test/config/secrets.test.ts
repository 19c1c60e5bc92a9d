import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { secretSources } from '../../agent/config/secret-sources.ts'
import { type SecretSources, withSecrets } from '../../agent/config/secrets.ts'
import { loadConfig } from '../../agent/config.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { readPolicy } from '../../agent/policy/policy-file.ts'
import { temporaryFolder } from '../app/agent-under-test.ts'

const http = httpClient(HttpClientOptions.parse({}))
const SECRET = 'a-very-secret-token-0123'

function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'plans'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

/** Remembers what was asked, and knows a few secrets. */
function sources() {
  const asked: string[] = []
  const known: SecretSources = {
    vault: async (path) => {
      asked.push(`vault ${path}`)
      return { token: SECRET, other: 'x'.repeat(20), number: 7 }
    },
    aws: async (id) => {
      asked.push(`aws ${id}`)
      return id.includes('json') ? JSON.stringify({ token: SECRET }) : SECRET
    },
  }
  return { asked, known }
}

const token = (reference: string) =>
  `version: 1\nserver: { tokens: [{ name: a, token: "${reference}", scopes: [read] }] }\n`

describe('references to secrets', () => {
  it.each([
    '${vault:secret/data/failwise:token}',
    '${aws-secret:prod/failwise}',
    '${aws-secret:prod/json:token}',
    '${aws-secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/json-AbCdEf:token}',
  ])('%s stands for its value in the configuration', async (reference) => {
    const folder = folderWith({ 'failwise.yaml': token(reference) })
    const environment = await withSecrets(folder, { HOME: '/x' }, sources().known)
    expect(loadConfig(folder, environment).settings.server.tokens[0]?.token).toBe(SECRET)
    expect(environment.HOME).toBe('/x')
  })

  it('are read once each, in every file, and not where they are a comment or plain text', async () => {
    const { asked, known } = sources()
    const folder = folderWith({
      'failwise.yaml': `${token('${vault:a:token}')}# \${vault:comment:x}\npublicUrl: "https://x/$\${vault:plain:x}"\n`,
      'services.yaml': 'x: ${vault:a:other}',
      'plans/move.yaml': 'x: ${aws-secret:b}',
      'plans/back.yml': 'x: ${aws-secret:c}',
      'plans/note.txt': '${vault:not-a-plan:x}',
    })
    await withSecrets(folder, {}, known)
    expect(asked.sort()).toEqual(['aws b', 'aws c', 'vault a'])
  })

  it('ask nobody where there are none', async () => {
    const { asked, known } = sources()
    const environment = { A: 'b' }
    expect(await withSecrets(folderWith({ 'failwise.yaml': 'version: 1' }), environment, known)).toBe(environment)
    expect(await withSecrets('/does/not/exist', environment, known)).toBe(environment)
    expect(asked).toEqual([])
  })

  it('that cannot be read are all named, and no value is', async () => {
    const { known } = sources()
    const folder = folderWith({
      'failwise.yaml':
        'a: ${vault:p:missing} ${vault:p:number} ${vault:nofield} ${aws-secret:plain:field} ${vault:p:token}',
    })
    const failed = await withSecrets(folder, {}, known).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'config_invalid' })
    const { message } = failed as Error
    for (const name of ['vault:p:missing', 'vault:p:number', 'vault:nofield', 'aws-secret:plain:field'])
      expect(message).toContain(`\${${name}} cannot be read`)
    expect(message).not.toContain(SECRET)
    expect(message).not.toContain('p:token')
  })
})

async function serving(answer: (request: IncomingMessage, body: string) => { status: number; body: unknown }) {
  const server = createServer(async (request, reply) => {
    const { status, body } = answer(request, await text(request))
    reply.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

describe('Vault', () => {
  const url = () =>
    serving(({ url: path, method, headers }) => {
      if (headers['x-vault-token'] !== 'root-token') return { status: 403, body: { errors: ['permission denied'] } }
      if (method !== 'GET') return { status: 405, body: {} }
      if (path === '/v1/secret/data/app')
        return { status: 200, body: { data: { data: { token: SECRET }, metadata: { version: 3 } } } }
      if (path === '/v1/kv/app') return { status: 200, body: { data: { token: SECRET } } }
      if (path === '/v1/kv/odd') return { status: 200, body: { data: 'text' } }
      return { status: 404, body: { errors: [] } }
    })

  it('is read with either version of its key-value engine, and a token of a file', async () => {
    const folder = folderWith({ token: 'root-token\n' })
    const environment = { VAULT_ADDR: `${await url()}/`, VAULT_TOKEN_FILE: join(folder, 'token') }
    const { vault } = secretSources(environment, http)
    expect(await vault('secret/data/app')).toEqual({ token: SECRET })
    expect(await vault('kv/app')).toEqual({ token: SECRET })
  })

  it.each([
    ['a wrong token', { VAULT_TOKEN: 'wrong' }, 'kv/app', 'Vault answered 403'],
    ['no such path', { VAULT_TOKEN: 'root-token' }, 'kv/nothing', 'Vault answered 404'],
    ['something else', { VAULT_TOKEN: 'root-token' }, 'kv/odd', 'something else than a secret'],
    ['no token', {}, 'kv/app', 'neither VAULT_TOKEN nor'],
    ['a lost file', { VAULT_TOKEN_FILE: '/does/not/exist' }, 'kv/app', 'cannot be read'],
    ['no address', { VAULT_ADDR: undefined, VAULT_TOKEN: 'x' }, 'kv/app', 'VAULT_ADDR is not set'],
  ])('says why not: %s', async (_what, environment, path, said) => {
    const { vault } = secretSources({ VAULT_ADDR: await url(), ...environment }, http)
    await expect(vault(path)).rejects.toThrow(said)
  })
})

describe('AWS Secrets Manager', () => {
  async function client() {
    const requests: { target: string | undefined; signed: boolean; body: unknown }[] = []
    const url = await serving(({ headers }, body) => {
      const asked = JSON.parse(body) as { SecretId?: string }
      const signed = /^AWS4-HMAC-SHA256 Credential=AKIA.*\/secretsmanager\/aws4_request/.test(
        headers.authorization ?? '',
      )
      requests.push({ target: String(headers['x-amz-target']), signed, body: asked })
      if (asked.SecretId === 'prod/failwise') return { status: 200, body: { SecretString: SECRET } }
      if (asked.SecretId === 'binary') return { status: 200, body: { SecretBinary: 'AAAA' } }
      return { status: 400, body: { __type: 'ResourceNotFoundException', message: `no ${asked.SecretId}` } }
    })
    const settings = {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
      ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' },
    }
    for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    return { sources: secretSources({}, http), requests }
  }

  it('is asked for one secret, signed', async () => {
    const { sources, requests } = await client()
    expect(await sources.aws('prod/failwise')).toBe(SECRET)
    expect(requests).toEqual([
      { target: 'secretsmanager.GetSecretValue', signed: true, body: { SecretId: 'prod/failwise' } },
    ])
  })

  it('says why not', async () => {
    const { sources } = await client()
    await expect(sources.aws('nothing')).rejects.toThrow('AWS Secrets Manager: ResourceNotFoundException')
    await expect(sources.aws('binary')).rejects.toThrow('the secret is binary')
  })
})

describe('a policy', () => {
  it('means the same when it is read again to replay a decision, whatever the environment holds', () => {
    const folder = folderWith({ 'policy.yaml': 'version: 1\nname: "${WHO}"\n' })
    const { policy, policyText } = loadConfig(folder, { WHO: 'somebody' })
    const again = readPolicy(policyText, 'policy')
    expect(again.ok && again.value).toEqual(policy)
  })
})
