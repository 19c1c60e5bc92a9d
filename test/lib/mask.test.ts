import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMask, createSyncMask, listSecrets } from '../../agent/lib/mask.ts'

const mask = createSyncMask({ key: 'a key that only tests use' })

// Built from pieces so that no scanner of this repository takes them for leaks.
const AWS_ID = `AKIA${'Q3EGRZ7XW2NPLM5T'}`
const AWS_SECRET = `wq8Zr${'T1mXcV9bN3kLpO7uYhG5fD2sA0eW4iJ6tRQxKzBv'}`.slice(0, 40)
const GITHUB = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6'}`
const JWT = `eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIiOiI0MiIsInJvbGUiOiJvcHMifQ'}.${'dBjftJeZ4CVPmB92K27uhbUJU1p1rwW1gFWFOEjXk'}`
const PEM_BODY = Array.from({ length: 6 }, (_, i) => `MIIEpAIBAAKCAQEA${'x7Yb2Qe9Lr4Vn8Tz'.repeat(3)}${i}`).join('\n')
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${PEM_BODY}\n-----END RSA PRIVATE KEY-----`
const CARD = '4111 1111 1111 1111'

const SECRETS: [name: string, text: string, secret: string][] = [
  ['an AWS key id', `using ${AWS_ID} for sts`, AWS_ID],
  ['an AWS secret key', `AWS_SECRET_ACCESS_KEY=${AWS_SECRET}`, AWS_SECRET],
  ['an AWS secret key in JSON', `{"SecretAccessKey": "${AWS_SECRET}"}`, AWS_SECRET],
  ['a GitHub token', `clone failed with ${GITHUB}: 401`, GITHUB],
  ['a Slack token', `xoxb-${'123456789012'}-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx`, 'AbCdEfGhIjKlMnOpQrStUvWx'],
  ['an npm token line', `_authToken=npm-legacy-8f7a6b5c4d3e`, 'npm-legacy-8f7a6b5c4d3e'],
  ['a JWT', `token ${JWT} rejected`, JWT],
  ['a bearer header', 'Authorization: Bearer 7c9e6679f0b1', '7c9e6679f0b1'],
  ['a bearer header in JSON', '{"headers":{"authorization":"Bearer opaque-token-value-77"}}', 'opaque-token-value-77'],
  ['a header in an array', '"Authorization":["Basic dXNlcjpodW50ZXIy"]', 'dXNlcjpodW50ZXIy'],
  [
    'a signed AWS header',
    'Authorization: AWS4-HMAC-SHA256 Credential=AKIAX/20260101/eu, Signature=5d41402abc4b2a76b9719d911017c592',
    '5d41402abc4b2a76b9719d911017c592',
  ],
  ['basic credentials', 'sent Basic YWxhZGRpbjpvcGVuc2VzYW1l to upstream', 'YWxhZGRpbjpvcGVuc2VzYW1l'],
  ['a cookie', 'Cookie: sid=93f1c2; theme=dark', '93f1c2'],
  ['a set-cookie', 'set-cookie: session=ZmFrZQ; HttpOnly', 'ZmFrZQ'],
  ['a database address', 'postgres://app:s3cr3t-pw@db-1.internal:5432/main refused', 's3cr3t-pw'],
  ['a password with an @ in an address', 'redis://:p@ss-w0rd@cache:6379/0', 'p@ss-w0rd'],
  ['a Go MySQL address', 'root:t0ps3cret@tcp(10.0.0.5:3306)/app', 't0ps3cret'],
  ['a token in an address', 'https://0a1b2c3d4e5f60718293@sentry.example/1', '0a1b2c3d4e5f60718293'],
  ['an ADO connection string', 'Server=db;User Id=app;Password=Str0ng;Pass!;Encrypt=true', 'Pass!'],
  [
    'a storage connection string',
    'AccountName=a;AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFy==;EndpointSuffix=x',
    'Zm9vYmFyYmF6cXV4Zm9vYmFy==',
  ],
  ['a private key', PEM, PEM_BODY.slice(0, 60)],
  ['a private key in JSON', JSON.stringify({ private_key: PEM }), PEM_BODY.slice(0, 60)],
  ['a private key cut into lines', JSON.stringify(PEM.split('\n').map((line) => ['1', line])), PEM_BODY.slice(0, 60)],
  ['a password', 'login with password=hunter2 failed', 'hunter2'],
  ['a password with an ampersand', 'login failed password=Tr0ub4dor&3x user=app', '3x'],
  ['a password before another parameter', 'GET /login?password=hunter22&user=bob', 'hunter22'],
  ['a password in an environment', 'DB_PASSWORD=correcthorse', 'correcthorse'],
  ['a password in JSON', '{"db":{"password":"hunter 2 \\" quoted"}}', 'hunter 2'],
  ['a password in JSON in JSON', JSON.stringify({ line: JSON.stringify({ password: 'hunter2' }) }), 'hunter2'],
  ['a numeric password in JSON', '{"password": 83749212, "port": 5432}', '83749212'],
  ['a password behind an escaped sign', '{"msg":"password\\u003dhunter2"}', 'hunter2'],
  ['a password on a command line', 'mysqldump --password hunter2x db', 'hunter2x'],
  ['a password in SQL', "ALTER USER app WITH PASSWORD 'n3w-pw'", 'n3w-pw'],
  ['an API key', 'x-api-key: 4f9a8b7c6d5e4f3a2b1c', '4f9a8b7c6d5e4f3a2b1c'],
  ['a signed address', 'GET /f?X-Amz-Signature=5d41402abc4b2a76b9719d911017c592', '5d41402abc4b2a76b9719d911017c592'],
  ['a client secret', 'client_secret: "8Q~abcDEF1234567890"', '8Q~abcDEF1234567890'],
  ['a token in prose', 'the token is A7f9Kq2Lm8Xz4Rt6Yw1B now', 'A7f9Kq2Lm8Xz4Rt6Yw1B'],
  ['an e-mail address', 'mail to jane.doe+ops@corp.example bounced', 'jane.doe+ops@corp.example'],
  ['a card number', `charge of ${CARD} declined`, CARD],
  ['a card number without spaces', 'pan 5555555555554444 declined', '5555555555554444'],
  ['a card number as a JSON number', '{"card_number": 4111111111111111, "n": 1}', '4111111111111111'],
]

describe('mask', () => {
  it.each(SECRETS)('hides %s', (_name, text, secret) => {
    const masked = mask(text)
    expect(masked).not.toContain(secret)
    expect(masked).toMatch(/<secret:[a-z0-9-]+:[0-9a-f]{4}>/)
  })

  it.each(SECRETS)('changes nothing the second time: %s', (_name, text) => {
    expect(mask(mask(text))).toBe(mask(text))
  })

  it.each(SECRETS)('keeps JSON valid around %s', (_name, text) => {
    const body = JSON.stringify({ data: [['1', text], { line: text, n: 3 }], nested: JSON.stringify({ text }) })
    const masked = mask(body)
    expect(() => JSON.parse(JSON.parse(masked).nested)).not.toThrow()
    expect(JSON.parse(masked).data[1].n).toBe(3)
  })

  it.each([
    'arn:aws:iam::123456789012:role/failover-runner assumed',
    'account 123456789012 in eu-west-1, subscription 550e8400-e29b-41d4-a716-446655440000',
    'trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 pulled',
    '{"values":[[1772031360,"4111111111111111"],[1772031390,4111111111111111]]}',
    '["1772031360000000000","ready"]',
    '2026-02-25T15:56:00.000Z lag=170 s p95=0.3s version=v1.28.4-eks-5e0fdde',
    'password authentication failed for user "app"',
    'token: expired; secret: not found; password: required',
    'secret prod-db-credentials was rotated; secretName: prod-db-credentials',
    'max_tokens=4096 token_bucket=512 token_type=bearer tokens: 1200',
    'GET http://169.254.169.254/metadata/identity/oauth2/token correlation=ca17e84d940a',
    'partition key orders#2026-02 is hot, cache key user:1234567890123456 missed',
    'postgresql@15-main.service failed; getty@tty1.service ok; app@1.2.3-rc.1 pulled; git@github.com:org/repo',
    'http://alertmanager.example:9093/#/alerts and postgres://db-1:5432/main',
    'Basic authentication is off, bearer authentication is on',
    'cookie: missing; authorization denied for role ops',
    'authorization: failed for user bob, authorization=denied',
    'pwd=/srv/app/releases/42 cmd=start',
    'routing_key=orders.eu.created delivered; partition_key=orders-2026',
    'method signature: expected 3 arguments; request signature v4 mismatch',
    'etag="5d41402abc4b2a76b9719d911017c592" x-request-id: 7f3a9c1e-22b4-4c55-9d1e-0a1b2c3d4e5f',
    'Set-Cookie header missing; basic_auth=false; session=673df7d97c27; idempotency_key=5f2b9c1e',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8 by ci; serial 04:3f:9a:bb:12',
    'key=orders:1234567890 miss, cache_key=product:42:eu, lock key is held by worker-7',
    'credentials: expired 3 minutes ago; access_key: rotated; api_key rejected with 401',
    'GET /v1/items?page_size=100&code=200&signature_version=4 200 12ms',
    '{"password": null, "token": "", "secret": false, "api_key": "${API_KEY}"}',
  ])('leaves evidence alone: %s', (text) => {
    expect(mask(text)).toBe(text)
  })

  it('gives the same secret the same placeholder, and others another', () => {
    const [a, b, c] = ['password=hunter2', 'x password=hunter2 y', 'password=hunter3'].map(
      (text) => mask(text).match(/<secret:[^>]+>/)?.[0],
    )
    expect(a).toBe(b)
    expect(a).not.toBe(c)
  })

  it('needs the key to get from a secret to its placeholder', () => {
    const other = createSyncMask({ key: 'quite another key for tests' })
    expect(other('password=hunter2')).not.toBe(mask('password=hunter2'))
    expect(() => createSyncMask({ key: 'short' })).toThrow('16')
  })

  it('is not switched off by a comment in the text', () => {
    expect(mask(`secretlint-disable\n/* secretlint-disable */ ${GITHUB}`)).not.toContain(GITHUB)
  })

  it('does not take a forged placeholder for the end of a secret', () => {
    expect(mask('password=<secret:x>hunter2longer token=<secret:a:zzzz>')).not.toMatch(/<secret:x:[0-9a-f]{4}>/)
    expect(mask(`<secret:a:0000> ${GITHUB}`)).not.toContain(GITHUB)
  })

  it('masks nothing in the recorded incidents, which hold no secrets', () => {
    const folder = new URL('../../evals/incidents/', import.meta.url)
    const found = readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) =>
        listSecrets(readFileSync(new URL(file, folder), 'utf8')).map((masked) => ({ file, ...masked })),
      )
    expect(found).toEqual([])
  })

  it('works through the port', async () => {
    expect(await createMask({ key: 'a key that only tests use' })('password=hunter2')).toBe(mask('password=hunter2'))
  })

  it('never breaks JSON, whatever stands next to a secret', () => {
    const piece = fc.constantFrom(
      'password',
      '=',
      ':',
      '"',
      '\\',
      ' ',
      'hunter2x',
      ',',
      '{',
      '}',
      'token',
      '@',
      'a.io',
      AWS_ID,
      '\n',
      '4111111111111111',
      "'",
      '://',
      'Bearer ',
      'Cookie: a=',
    )
    const json = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(json, { maxLength: 4 }), fc.dictionary(json, json, { maxKeys: 3 }), (list, object) => {
        const masked = mask(JSON.stringify({ list, object, again: JSON.stringify({ list }) }))
        expect(() => JSON.parse(mask(masked))).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  // A search that backtracks would need minutes or hours for a megabyte, and the runner's own time limit ends it.
  it.each([
    'password=',
    'password="',
    'a',
    '@',
    'a@',
    'a.',
    '://',
    '://a:',
    'x:y@',
    'eyJ',
    'eyJa.',
    'Bearer ',
    'cookie: a=',
    'authorization:',
    '-----BEGIN PRIVATE KEY-----',
    '4111 ',
    '4111111111111111,',
    'token ',
    ' ',
    '\\',
    '\\"',
    'xoxb-',
    'sk-',
    'SG.a.',
    'secretaccesskey ',
    '-----BEGIN RSA PRIVATE KEY-----\nMII',
    'https://a:b',
    'mongodb://a:',
    '"password":"',
    'http://x:x-oauth-basic',
    'A1b2',
  ])('gets through a megabyte of %j', (unit) => {
    const line = unit.repeat(Math.ceil(1_000_000 / unit.length))
    expect(mask(line).length).toBeGreaterThan(0)
  })
})
