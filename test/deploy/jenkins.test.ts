import { execFile } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { KEY_PARAMETER } from '../../actions/shared/pipeline.ts'
import { temporaryFolder } from '../app/agent-under-test.ts'
import { serverUnderTest } from '../server/harness.ts'

const SCRIPT = 'deploy/jenkins/failwise.sh'
const TOKEN = 'jenkins-token-0123456789'
const jenkinsfile = readFileSync('deploy/jenkins/Jenkinsfile', 'utf8')

interface Standing {
  readonly runs?: readonly object[]
  readonly frozen?: readonly object[]
}

/** The agent's HTTP server, which says how things stand, and the script before it. */
async function world(standing: Standing = {}) {
  const { app, changes } = await serverUnderTest(
    { tokens: [{ name: 'jenkins', token: TOKEN, scopes: ['read', 'ingest'] }] },
    { status: async () => ({ runs: [], frozen: [], ...standing }) },
  )
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const folder = temporaryFolder()
  const scripted = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const run = async (given: readonly string[], more: Record<string, string> = {}) => {
    const env = {
      ...{
        PATH: process.env.PATH ?? '',
        FAILWISE_URL: url,
        FAILWISE_TOKEN: TOKEN,
        FAILWISE_SERVICE: 'shop',
        SIDE: 'dr',
      },
      ...{ REHEARSE: 'false', FAILWISE_KEY: 'run-1:jenkins', BUILD_TAG: 'jenkins-failover-7', FAILOVER_FOLDER: folder },
      ...more,
    }
    return promisify(execFile)(SCRIPT, [...given], { env, cwd: process.cwd() }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  }
  return { run, scripted, changes, folder }
}

const running = { id: 'run-1', service: 'shop', state: 'running', isDryRun: false, generation: 3 }

describe('the Jenkins pipeline', () => {
  it('has the seven stages, each through the script, and reports however it ends', () => {
    const stages = [...jenkinsfile.matchAll(/stage\('(\d) ([a-z ]+)'\)/g)].map(([, number]) => Number(number))
    expect(stages).toEqual([1, 2, 3, 4, 5, 6, 7])
    const names = [...jenkinsfile.matchAll(/failwise\.sh stage (\w+)'/g)].map(([, name]) => name)
    expect(names).toEqual(['confirm', 'provision', 'database', 'storage', 'services', 'traffic', 'verify'])
    expect(jenkinsfile).toMatch(
      /post \{\s+success \{ sh '[^']+ report succeeded' \}[^}]*unsuccessful \{ sh '[^']+ report failed' \}/,
    )
    for (const [, script = ''] of jenkinsfile.matchAll(/sh '(\S+)/g)) expect(existsSync(script)).toBe(true)
  })

  it('declares what Failwise needs to find its builds again, and is a rehearsal unless told otherwise', () => {
    for (const name of [KEY_PARAMETER, 'failwise_generation'])
      expect(jenkinsfile).toContain(`string(name: '${name}', defaultValue: ''`)
    expect(jenkinsfile).toContain("booleanParam(name: 'rehearse', defaultValue: true")
  })

  it('leaves no brace, bracket or quote open', () => {
    const code = jenkinsfile.replace(/^\s*\/\/.*$/gm, '').replace(/'[^'\n]*'|"[^"\n]*"/g, '')
    expect(code).not.toMatch(/['"]/)
    const open: string[] = []
    const pairs: Record<string, string> = { '}': '{', ')': '(', ']': '[' }
    for (const sign of code.match(/[{}()[\]]/g) ?? []) {
      if (!(sign in pairs)) open.push(sign)
      else expect(open.pop()).toBe(pairs[sign])
    }
    expect(open).toEqual([])
  })
})

describe('its script', () => {
  it('goes on while the run behind the build runs, and reports each stage back as a change', async () => {
    const { run, scripted, changes } = await world({ runs: [running] })
    scripted('traffic', 'echo "moved $1"')
    expect(await run(['confirm'])).toMatchObject({ code: 0 })
    expect(await run(['stage', 'traffic'])).toMatchObject({ code: 0, stdout: 'moved dr\n' })
    expect(await run(['report', 'succeeded'])).toMatchObject({ code: 0 })
    expect(changes).toMatchObject([
      { kind: 'failover', service: 'shop', ref: 'jenkins-failover-7', summary: 'traffic done: shop to dr' },
      { kind: 'failover', service: 'shop', summary: 'failover of shop to dr succeeded' },
    ])
  })

  it.each<[string, Standing, Record<string, string>, RegExp]>([
    ['nobody stands behind it', {}, {}, /no run of Failwise stands behind/],
    ['another run does', { runs: [{ ...running, id: 'run-2' }] }, {}, /no run of Failwise/],
    ['the run is of another service', { runs: [{ ...running, service: 'cart' }] }, {}, /no run of Failwise/],
    ['the run was paused', { runs: [{ ...running, state: 'paused' }] }, {}, /the run is paused/],
    ['the run is being undone', { runs: [{ ...running, state: 'rolling_back' }] }, {}, /the run is rolling_back/],
    ['the way back comes too early', { runs: [running] }, { FAILWISE_KEY: 'run-1:jenkins:undo' }, /the run is running/],
    ['the run is a rehearsal', { runs: [{ ...running, isDryRun: true }] }, {}, /the run is a rehearsal/],
    ['everything is frozen', { runs: [running], frozen: [{ service: null, reason: 'audit' }] }, {}, /frozen: audit/],
    ['the service is frozen', { runs: [running], frozen: [{ service: 'shop', reason: 'x' }] }, {}, /frozen: x/],
    ['a person started it for real', { runs: [running] }, { FAILWISE_KEY: '' }, /only Failwise starts this for real/],
    ['the token is wrong', { runs: [running] }, { FAILWISE_TOKEN: 'wrong-token-0123456789' }, /cannot ask Failwise/],
    ['Failwise is away', {}, { FAILWISE_URL: 'http://127.0.0.1:1' }, /cannot ask Failwise/],
  ])('changes nothing when %s', async (_why, standing, environment, said) => {
    const { run, scripted, changes, folder } = await world(standing)
    scripted('traffic', `touch ${join(folder, 'moved')}`)
    const { code, stderr } = await run(['stage', 'traffic'], environment)
    expect(code).toBe(1)
    expect(stderr).toMatch(said)
    expect(existsSync(join(folder, 'moved'))).toBe(false)
    expect(changes).toEqual([])
  })

  it('goes the way back while the run is being undone', async () => {
    const { run } = await world({
      runs: [{ ...running, state: 'rolling_back' }],
      frozen: [{ service: 'cart', reason: 'x' }],
    })
    expect(await run(['confirm'], { FAILWISE_KEY: 'run-1:jenkins:undo', SIDE: 'main' })).toMatchObject({ code: 0 })
  })

  it('rehearses without asking and without a report', async () => {
    const { run, scripted, changes } = await world()
    scripted('database', 'echo "$@"')
    const rehearsed = await run(['stage', 'database'], { REHEARSE: 'true', FAILWISE_KEY: '' })
    expect(rehearsed).toMatchObject({ code: 0, stdout: 'dr --rehearse\n' })
    expect(changes).toEqual([])
  })

  it('fails with a stage that fails or that nobody wrote, and reports neither as done', async () => {
    const { run, scripted, changes } = await world({ runs: [running] })
    scripted('verify', 'exit 3')
    expect((await run(['stage', 'verify'])).code).toBe(3)
    expect(await run(['stage', 'storage'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no script') })
    expect((await run([])).code).toBe(2)
    expect(changes).toEqual([])
  })

  it('never shows the token', async () => {
    const { run } = await world()
    const { stdout, stderr } = await run(['confirm'], { FAILWISE_URL: 'http://127.0.0.1:1' })
    expect(stdout + stderr).not.toContain(TOKEN)
    const script = readFileSync(SCRIPT, 'utf8')
    expect(script).not.toMatch(/--header "[^"]*TOKEN|set -x/)
  })
})
