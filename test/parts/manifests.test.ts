import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { removeFolder, scratchFolder } from './servers.ts'

const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' })

describe('the configuration of the try-out world', () => {
  it('is accepted by Prometheus and Alertmanager', () => {
    const folder = scratchFolder('compose')
    onTestFinished(() => removeFolder(folder))
    for (const file of ['prometheus.yml', 'shop-rules.yml', 'alertmanager.yml'])
      cpSync(`deploy/compose/${file}`, join(folder, file))
    for (const name of ['rules', 'alerts'])
      cpSync(`deploy/prometheus/${name}.yml`, join(folder, `failwise-${name}.yml`))
    for (const token of ['read-token', 'ingest-token']) writeFileSync(join(folder, token), 'token')
    expect(run('promtool', 'check', 'config', join(folder, 'prometheus.yml'))).toContain('SUCCESS')
    expect(run('amtool', 'check-config', join(folder, 'alertmanager.yml'))).toContain('SUCCESS')
  })
})

describe('the manifests for Kubernetes', () => {
  // kubectl is no Debian package of the other servers; where it is missing the manifests are still checked one by one.
  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0

  it.skipIf(!hasKubectl)('are rendered by kustomize, with the configuration under a name of its content', () => {
    const text = run('kubectl', 'kustomize', 'deploy/kubernetes')
    const kinds = [...text.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)
    expect(kinds).toHaveLength(12)
    expect(text).toMatch(/name: failwise-config-[a-z0-9]{10}\n/)
    expect(text).toContain('image: registry.example/failwise:0.1.0')
    expect(text.match(/^ {2}namespace: failwise$/gm)?.length).toBeGreaterThanOrEqual(8)
  })
})
