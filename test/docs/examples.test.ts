import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { Catalogue } from '../../agent/config/catalogue.ts'
import { Settings } from '../../agent/config/settings.ts'
import { ERROR_CODES } from '../../agent/lib/errors.ts'
import { readYaml } from '../../agent/lib/yaml-file.ts'
import { Policy } from '../../agent/policy/policy.ts'

const root = resolve(import.meta.dirname, '../..')
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))].filter((name) =>
  name.endsWith('.md'),
)
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'services.yaml': Catalogue,
  'failwise.yaml': Settings,
  'policy.yaml': Policy,
}

/** What an environment might hold. */
function valueIn(variable: string): string {
  const kind = { SLACK_BOT_TOKEN: 'xoxb-', SLACK_APP_TOKEN: 'xapp-' }[variable] ?? ''
  return `${kind}0123456789abcdef0123456789abcdef`
}

interface Example {
  readonly place: string
  readonly file: string
  readonly text: string
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/```yaml\n# ([\w.-]+\.yaml)\n([\s\S]*?)```/g)].map((match) => ({
    place: `${page}:${text.slice(0, match.index).split('\n').length}`,
    file: match[1] ?? '',
    text: match[2] ?? '',
  }))
}

const examples = pages.flatMap(examplesOf).filter(({ file }) => file in SCHEMAS)

describe('the documentation', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(5)
  })

  it.each(examples.map((example) => [example.place, example] as const))(
    'has a valid example at %s',
    (_place, { file, text }) => {
      const withVersion = /^version:/m.test(text) ? text : `version: 1\n${text}`
      const read = readYaml(withVersion, file, SCHEMAS[file] as z.ZodType, valueIn)
      expect(read.ok ? [] : read.problems).toEqual([])
    },
  )

  it('links only to files that exist', () => {
    const broken = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8')
      const folder = join(root, page, '..')
      return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => {
          try {
            readFileSync(join(folder, target))
            return false
          } catch (error) {
            return (error as NodeJS.ErrnoException).code !== 'EISDIR'
          }
        })
        .map((target) => `${page} → ${target}`)
    })
    expect(broken).toEqual([])
  })

  it('lists every error code in the README, and no other', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const section = readme.slice(readme.indexOf('## Error codes'))
    const listed = [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1])
    expect(listed.sort()).toEqual(Object.keys(ERROR_CODES).sort())
  })
})
