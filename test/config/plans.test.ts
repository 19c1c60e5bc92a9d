import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { planBook } from '../../agent/app/plan-book.ts'
import { loadConfig } from '../../agent/config.ts'
import { planHash } from '../../agent/domain/plan.ts'
import { isIrreversible, isUnfenced } from '../../agent/engine/plan-book.ts'

const SERVICES = `version: 1
services:
  - name: shop
    primary: { provider: aws, region: eu-west-1 }
    secondary: { provider: aws, region: eu-central-1 }
    plans: { region_failover: shop-away }
  - name: search
    primary: { provider: aws, region: eu-west-1 }
`
const AWAY = `version: 1
kind: DisasterRecoveryPlan
name: shop-away
description: Moves the shop.
service: shop
action: region_failover
source: { provider: aws, region: eu-west-1 }
target: { provider: aws, region: eu-central-1 }
objectives: { rtoSeconds: 100, rpoSeconds: 30 }
stages:
  - { stage: notify, timeoutSeconds: 10, title: moved }
`

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-plans-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'plans'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

function load(files: Readonly<Record<string, string>>, environment: Record<string, string> = {}) {
  return loadConfig(folderWith(files), environment)
}

function mistakesOf(files: Readonly<Record<string, string>>): string[] {
  try {
    load(files)
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  return []
}

const right = { 'services.yaml': SERVICES, 'plans/away.yaml': AWAY }

describe('plans', () => {
  it('are read from plans/, and belong to the services that name them', () => {
    const { plans } = load(right)
    expect(plans.map(({ name }) => name)).toEqual(['shop-away'])
  })

  it.each([
    [
      'an unknown stage',
      AWAY.replace('stage: notify', 'stage: pray'),
      /^plans\/away\.yaml:11:\d+ stages\[0\]\.stage: /,
    ],
    [
      'an unknown parameter',
      AWAY.replace('title: moved', 'title: moved, tone: loud'),
      'plans/away.yaml:11:56 stages[0].tone: unknown key',
    ],
    [
      'stages that take longer than what is promised',
      AWAY.replace('timeoutSeconds: 10', 'timeoutSeconds: 101'),
      'plans/away.yaml:9:27 objectives.rtoSeconds: the stages may take 101 s together, which is more than the 100 s that are promised',
    ],
    [
      'the same stage twice without names',
      `${AWAY}  - { stage: notify, timeoutSeconds: 10, title: again }\n`,
      'plans/away.yaml:12:14 stages[1].stage: "notify" stands here twice; give one of them an id',
    ],
    ['a reserved name', AWAY.replace('stage: notify', 'stage: notify, id: run'), /stages\[0\]\.id: "run" is reserved/],
    ['a move without a target', AWAY.replace(/target:.*\n/, ''), /target: is missing: region_failover moves something/],
    [
      'a service that is not there',
      AWAY.replace('service: shop', 'service: shoe'),
      'plans/away.yaml:5:10 service: there is no service "shoe" in services.yaml',
    ],
    [
      'a way back that is not there',
      `${AWAY}failback: shop-home\n`,
      'plans/away.yaml:12:11 failback: there is no plan "shop-home"',
    ],
    [
      'a way back that is none',
      `${AWAY}failback: shop-away\n`,
      'plans/away.yaml:12:11 failback: a plan is not its own way back',
    ],
  ])('say where they have %s', (_what, text, message) => {
    const mistakes = mistakesOf({ ...right, 'plans/away.yaml': text })
    const matching = mistakes.filter((line) => (typeof message === 'string' ? line === message : message.test(line)))
    expect(matching, mistakes.join('\n')).toHaveLength(1)
  })

  it.each([
    ['is not there', AWAY.replace('name: shop-away', 'name: other'), 'there is no plan "shop-away" in plans/'],
    [
      'is for something else',
      AWAY.replace(/action:.*/, 'action: dr_failover'),
      'the plan "shop-away" is for dr_failover',
    ],
    [
      'is a way back',
      AWAY.replace('service: shop', 'service: shop\ndirection: back'),
      'is a way back, which is never automatic',
    ],
    [
      'is of a service that moves by itself',
      AWAY.replace('service: shop', 'service: search'),
      'does not move together',
    ],
  ])('that a service names and that %s are a mistake at the service', (_what, text, message) => {
    const mistakes = mistakesOf({ ...right, 'plans/away.yaml': text })
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]).toMatch(/^services\.yaml:6:\d+ services\[0\]\.plans\.region_failover: /)
    expect(mistakes[0]).toContain(message)
  })

  it('of the same name are a mistake in both files', () => {
    const mistakes = mistakesOf({ ...right, 'plans/more.yaml': AWAY })
    expect(mistakes.filter((line) => line.includes('two plans are named "shop-away"'))).toHaveLength(2)
  })

  it('tell every mistake of every file in one run', () => {
    const broken = AWAY.replace('kind: DisasterRecoveryPlan', 'kind: Plan').replace('stage: notify', 'stage: pray')
    const mistakes = mistakesOf({ ...right, 'plans/away.yaml': broken, 'policy.yaml': 'version: 2\n' })
    expect(mistakes.some((line) => line.startsWith('plans/away.yaml:2:'))).toBe(true)
    expect(mistakes.some((line) => line.startsWith('plans/away.yaml:11:'))).toBe(true)
    expect(mistakes.some((line) => line.startsWith('policy.yaml:1:'))).toBe(true)
  })
})

describe('scheduled drills', () => {
  const drill = (line: string) => ({ ...right, 'failwise.yaml': `version: 1\ndrills:\n  - ${line}\n` })

  it('are read with their time zone, and rehearse unless told otherwise', () => {
    const { settings } = load(drill('{ plan: shop-away, schedule: "0 10 * * 1" }'))
    expect(settings.drills).toEqual([{ plan: 'shop-away', schedule: '0 10 * * 1', timeZone: 'UTC', live: false }])
  })

  it('are named with their place when their plan is not there, or may not be done for real', () => {
    expect(mistakesOf(drill('{ plan: shop-home, schedule: "0 10 * * 1" }')).join()).toMatch(
      /failwise\.yaml:3:.*there is no plan "shop-home"/,
    )
    expect(mistakesOf(drill('{ plan: shop-away, schedule: "0 10 * * 1", live: true }')).join()).toContain(
      'only rehearsed',
    )
    const sandbox = AWAY.replace('service: shop', 'service: shop\nsandbox: true')
    const live = drill('{ plan: shop-away, schedule: "0 10 * * 1", live: true }')
    expect(load({ ...live, 'plans/away.yaml': sandbox }).settings.drills[0]?.live).toBe(true)
  })

  it('are refused with times that are none', () => {
    expect(mistakesOf(drill('{ plan: shop-away, schedule: "every monday" }')).join()).toContain('five fields')
    expect(mistakesOf(drill('{ plan: shop-away, schedule: "0 0 31 2 *" }')).join()).toContain('never comes')
    expect(mistakesOf(drill('{ plan: shop-away, schedule: "0 1 * * *", timeZone: Mars }')).join()).toContain(
      'no time zone',
    )
  })
})

describe('the identity of a plan', () => {
  const call = (url: string, token: string) =>
    `${AWAY}  - { stage: http-call, timeoutSeconds: 5, call: { url: "${url}", headers: { authorization: "${token}" } }, rollback: irreversible }\n`
  const hashOf = (text: string, environment = {}) =>
    planHash(load({ ...right, 'plans/away.yaml': text }, environment).plans[0]!)

  it('is what it does, not how its file is laid out', () => {
    const relaid = AWAY.replace(/source:.*/, '# a comment\nsource:\n  region: eu-west-1\n  provider: aws')
    expect(hashOf(relaid)).toBe(hashOf(AWAY))
  })

  it('changes with what it would touch, also when that comes from the environment', () => {
    const text = call('http://${HOST}/x', 't')
    expect(hashOf(text, { HOST: 'a.example' })).not.toBe(hashOf(text, { HOST: 'b.example' }))
  })

  it('stands for no secret', () => {
    const text = call('http://a.example/x', '${TOKEN}')
    expect(hashOf(text, { TOKEN: 'one' })).toBe(hashOf(text, { TOKEN: 'two' }))
  })

  it('comes with what the gate must know: no way back, no fencing', () => {
    const [plain] = planBook(load(right).plans).all()
    expect([isIrreversible(plain!), isUnfenced(plain!)]).toEqual([false, false])
    const [risky] = planBook(load({ ...right, 'plans/away.yaml': call('http://a.example', 't') }).plans).all()
    expect([isIrreversible(risky!), isUnfenced(risky!)]).toEqual([true, true])
  })
})
