import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { ask, CLI, failwise } from './parts-agent.ts'
import { freePort, removeFolder, scratchFolder, stopChild, waitUntil } from './servers.ts'
import { TOKEN } from './world.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const one of cleanups.reverse().splice(0)) await one()
})

interface Served {
  readonly child: ChildProcess
  readonly port: number
  readonly output: () => string
}

function configuredFolder(): string {
  const folder = scratchFolder('serve')
  cleanups.push(() => removeFolder(folder))
  const primary = { provider: 'aws', region: 'eu-west-1' }
  writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, services: [{ name: 'shop', primary }] }))
  return folder
}

function configure(folder: string, port: number, dataFolder = '.failwise'): void {
  const tokens = [{ name: 'ops', token: TOKEN, scopes: ['ingest', 'read', 'admin'] }]
  const settings = {
    ...{ version: 1, server: { port, tokens }, watch: { enabled: false }, store: { folder: dataFolder } },
    // A short deadline makes a short lease, which a killed agent leaves behind.
    assess: { deadlineSeconds: 5 },
  }
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
}

/** `failwise serve` in a process of its own, ready. */
async function serve(folder: string, port: number): Promise<Served> {
  const child = spawn(process.execPath, [CLI, '--config', folder, 'serve'], { stdio: ['ignore', 'pipe', 'pipe'] })
  cleanups.push(() => stopChild(child))
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => lines.push(String(chunk)))
  const output = () => lines.join('')
  await waitUntil(
    async () => {
      if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}:\n${output()}`)
      return (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok ?? false
    },
    30_000,
    () => `serve is not ready:\n${output()}`,
  )
  return { child, port, output }
}

async function postAlert(port: number, name: string, padding = ''): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/alerts/generic`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name, service: 'shop', severity: 'critical', annotations: { padding } }),
  })
  await answer.body?.cancel()
  return answer.status
}

async function alertNames(port: number): Promise<string[]> {
  const { items } = (await ask(port, '/v1/incidents')) as { items: { id: string }[] }
  const names: string[] = []
  for (const { id } of items) {
    const { alerts } = (await ask(port, `/v1/incidents/${id}`)) as { alerts: { alert: { name: string } }[] }
    names.push(...alerts.map(({ alert }) => alert.name))
  }
  return names.sort()
}

/** Writes until there is no space left. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(64 * 1024)
  try {
    for (;;) writeSync(file, chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

describe('serve', () => {
  it('refuses a data folder that another one uses, and leaves that one alone', async () => {
    const folder = configuredFolder()
    const port = await freePort()
    configure(folder, port)
    const first = await serve(folder, port)
    const second = await failwise(folder, 'serve')
    expect(second.code).not.toBe(0)
    expect(second.err).toContain(`another agent (pid ${first.child.pid} on`)
    expect(second.err).toContain(join(folder, '.failwise'))
    expect(second.err).toMatch(/stop it, or give this one another data folder/)
    expect(second.err).not.toMatch(/at .*\.ts:\d+/)
    expect(await postAlert(port, 'StillThere')).toBe(202)
  })

  it('killed amid its work continues where it was, on the database that outlived it', async () => {
    const folder = configuredFolder()
    const port = await freePort()
    configure(folder, port)
    const first = await serve(folder, port)
    const names = Array.from({ length: 20 }, (_, index) => `Alert-${String(index).padStart(2, '0')}`)
    for (const name of names) expect(await postAlert(port, name)).toBe(202)
    await stopChild(first.child, 'SIGKILL')
    await serve(folder, port)
    expect(await alertNames(port)).toEqual(names)
    await waitUntil(
      async () => ((await ask(port, '/v1/decisions')) as { items: unknown[] }).items.length > 0,
      60_000,
      'a decision',
    )
    const audit = await failwise(folder, 'audit', 'verify', '--json')
    expect(JSON.parse(audit.out)).toMatchObject({ ok: true })
  })

  it('answers 503 while the disk is full, loses nothing that it acknowledged, and goes on when there is space', async (test) => {
    const folder = configuredFolder()
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=220m,mode=755', 'tmpfs', disk], { stdio: 'pipe' })
    } catch {
      test.skip('this machine does not let us mount a small disk')
    }
    cleanups.push(() => void execFileSync('umount', ['-l', disk]))
    const port = await freePort()
    configure(folder, port, join(disk, 'data'))
    const served = await serve(folder, port)
    cleanups.push(() => stopChild(served.child))
    const accepted: string[] = []
    const sendSome = async (prefix: string, count: number) => {
      const statuses: number[] = []
      for (let index = 0; index < count; index += 1) {
        const name = `${prefix}-${String(index).padStart(2, '0')}`
        const status = await postAlert(port, name, randomBytes(9000).toString('base64'))
        if (status === 202) accepted.push(name)
        statuses.push(status)
      }
      return statuses
    }
    expect(new Set(await sendSome('before', 5))).toEqual(new Set([202]))
    const filler = join(disk, 'filler')
    fill(filler)
    const refused: number[] = []
    await waitUntil(
      async () => {
        refused.push(...(await sendSome(`full${refused.length}`, 10)))
        return refused.includes(503)
      },
      60_000,
      () => `no 503 on a full disk, but ${[...new Set(refused)].join(', ')}`,
    )
    expect(refused.every((status) => status === 202 || status === 503)).toBe(true)
    expect(served.child.exitCode).toBeNull()
    rmSync(filler)
    await waitUntil(
      async () => (await sendSome('after', 1)).includes(202),
      60_000,
      () => `recovery:\n${served.output()}`,
    )
    expect(await alertNames(port)).toEqual(expect.arrayContaining(accepted))
    const audit = await failwise(folder, 'audit', 'verify', '--json')
    expect(JSON.parse(audit.out)).toMatchObject({ ok: true })
  })
})
