import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, describe, expect, it } from 'vitest'
import { evalCommand, optionsOf } from '../../evals/command.ts'
import { emptyFolder, folderWith } from './eval-set.ts'

afterEach(() => {
  process.exitCode = undefined
})

/** Runs the command below a root, as the command line does; answers with what was written and the exit code that it left. */
async function run(
  args: readonly string[],
  folder = emptyFolder(),
): Promise<{ out: string; err: string; code: number | undefined }> {
  const out: string[] = []
  const err: string[] = []
  const streams = {
    out: { write: (text: string) => out.push(text) },
    err: { write: (text: string) => err.push(text) },
    environment: {},
    folder,
  }
  const command = evalCommand(streams)
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.push(text), writeErr: (text) => err.push(text) })
  const root = new Command('failwise')
    .enablePositionalOptions()
    .option('--json', 'answer in JSON')
    .exitOverride()
    .addCommand(command)
  process.exitCode = undefined
  await root.parseAsync(['eval', ...args], { from: 'user' })
  return { out: out.join(''), err: err.join(''), code: process.exitCode as number | undefined }
}

describe('failwise eval', () => {
  it('judges a folder and leaves 0', async () => {
    const { out, err, code } = await run(['--incidents', folderWith(['a-anycast-sin'])])
    expect(out).toMatch(/^needless failovers: 0 of 1 – rules/)
    expect(err).toBe('rules: 1 of 1\n')
    expect(code).toBe(0)
  })
  it('leaves 1 below a bar', async () => {
    const { out, code } = await run([
      '--incidents',
      folderWith(['b-desk-deny']),
      '--analyst',
      'thresholds',
      '--max-needless',
      '0',
    ])
    expect(out).toContain('FAILED')
    expect(code).toBe(1)
  })
  it('takes relative files from the working folder', async () => {
    const folder = emptyFolder()
    await run(['--incidents', folderWith(['a-anycast-sin']), '--json', 'report.json'], folder)
    await expect(import(join(folder, 'report.json'), { with: { type: 'json' } })).resolves.toBeDefined()
  })
  it.each([
    [['--repeat', '0'], /expected a whole number from 1/],
    [['--fail-under', '140%'], /expected a share/],
    [['--max-cost', 'much'], /expected a number/],
    [['--max-needless', '-1'], /expected a whole number from 0/],
    [['--compare', 'rules'], /--compare needs two names, given are 1/],
    [
      ['--compare', 'rules', 'thresholds', '--html', 'x.html', '--update-readme'],
      /not go with --html, --update-readme/,
    ],
    [['--max-flips', '0'], /needs --metamorphic/],
    [['--without', 'loki,nonsense'], /--without: no evidence is called "nonsense"/],
    [['--filter', 'mood:bad'], /--filter: unknown field in "mood:bad"/],
    [['--policy', 'nowhere.yaml'], /--policy: .*nowhere\.yaml cannot be read/],
    [['--incidents', 'nowhere'], /nowhere: cannot be read/],
    [['--prompt', 'p.md'], /the rules read no prompt/],
    [['--analyst', 'openai'], /no model is configured/],
    [['--nonsense'], /unknown option/],
  ])('refuses %j', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message)
  })
  it('explains itself with examples and exit codes', () => {
    let help = ''
    evalCommand({ out: { write: () => 0 }, err: { write: () => 0 }, environment: {}, folder: '.' })
      .configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp()
    for (const part of ['Examples:', '--compare', 'Exit codes: 0 done, 1 below a bar', '--metamorphic'])
      expect(help).toContain(part)
  })
})

describe('options', () => {
  it('read shares, lists and pairs', () => {
    const options = optionsOf({ failUnder: 0.65, without: ['loki'], compare: ['a', 'b'], maxCost: 3 }, '/w')
    expect(options).toMatchObject({
      failUnder: 0.65,
      without: ['loki'],
      compare: ['a', 'b'],
      maxCostUsd: 3,
      json: null,
    })
  })
})
