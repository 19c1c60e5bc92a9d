import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConsole } from '../../agent/server/console-files.ts'
import { serverUnderTest, TOKENS } from './harness.ts'

const PAGE = '<!doctype html><script type="module" src="/assets/index-abc.js"></script>'

function builtConsole() {
  const folder = mkdtempSync(join(tmpdir(), 'console-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), PAGE)
  writeFileSync(join(folder, 'favicon.svg'), '<svg/>')
  writeFileSync(join(folder, 'assets', 'index-abc.js'), 'void 0')
  writeFileSync(join(folder, 'assets', 'index-abc.js.br'), brotliCompressSync('void 0'))
  writeFileSync(join(folder, 'assets', 'index-abc.js.gz'), gzipSync('void 0'))
  writeFileSync(join(folder, '.built-from'), 'fingerprint')
  return readConsole(folder)
}

describe('console', () => {
  it.each([
    '/',
    '/incidents',
    '/incidents/inc-1',
    '/decisions/dec-1',
    '/audit',
    '/report',
    '/plans',
    '/runs/run-1',
    '/evals',
  ])('answers %s with the page', async (url) => {
    const { app } = await serverUnderTest({ tokens: TOKENS }, {}, builtConsole())
    const { statusCode, body, headers } = await app.inject(url)
    expect(statusCode).toBe(200)
    expect(body).toBe(PAGE)
    expect(headers['cache-control']).toBe('no-cache')
  })

  it('permits no script but its own files, and no text to become markup', async () => {
    const { app } = await serverUnderTest({}, {}, builtConsole())
    const policy = String((await app.inject('/')).headers['content-security-policy'])
    expect(policy).not.toMatch(/unsafe|\*|http:|data:/)
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "trusted-types 'none'",
    ])
      expect(policy).toContain(directive)
  })

  it('lets files named by their content be kept for ever, and the page never', async () => {
    const { app } = await serverUnderTest({}, {}, builtConsole())
    const script = await app.inject('/assets/index-abc.js')
    expect(script.headers['cache-control']).toContain('immutable')
    const page = await app.inject('/')
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['gzip;q=0.5', 'gzip'],
    ['gzip;q=0.0, brotli', undefined],
    ['identity', undefined],
  ])('sends to a browser that takes %s what the build compressed as %s', async (accepted, encoding) => {
    const { app } = await serverUnderTest({}, {}, builtConsole())
    const answer = await app.inject({ url: '/assets/index-abc.js', headers: { 'accept-encoding': accepted } })
    expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual([encoding, 'accept-encoding'])
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync }[encoding ?? '']
    expect((unpack?.(answer.rawPayload) ?? answer.rawPayload).toString()).toBe('void 0')
  })

  it.each([
    '/assets/nothing.js',
    '/assets/index-abc.js.gz',
    '/assets/../.built-from',
    '/assets/%2e%2e/.built-from',
    '/assets/..%2f.built-from',
    '/.built-from',
  ])('has no %s', async (url) => {
    const { app } = await serverUnderTest({}, {}, builtConsole())
    expect((await app.inject(url)).statusCode).toBe(404)
  })

  it('says how to build it when it was not built', async () => {
    const { app } = await serverUnderTest({}, {}, readConsole('/nowhere'))
    const { statusCode, body } = await app.inject('/')
    expect(statusCode).toBe(200)
    expect(body).toContain('npm run build:console')
  })
})
