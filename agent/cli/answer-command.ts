import { Command } from 'commander'
import { takeAnswer } from '../app/answering.ts'
import { planBook } from '../app/plan-book.ts'
import { consentPhrase } from '../approval/card.ts'
import { type Person, peopleOf } from '../approval/people.ts'
import type { Config } from '../config.ts'
import type { Approval } from '../domain/approval.ts'
import { systemClock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import { policyHash } from '../policy/policy.ts'
import type { Store } from '../store/store.ts'
import { answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { withStore } from './with-store.ts'

interface AnswerOptions extends GlobalOptions {
  readonly reason?: string
  readonly consent?: string
}

const HELP = `
QUESTION is the id of a question, of its incident, or the service's name; \`failwise status\` lists what waits.
Your own token says who you are: FAILWISE_TOKEN in the environment, whose hash stands beside your name under "people" in failwise.yaml
(\`failwise people token\` makes one). An answer counts once, wherever it is given.

Examples:
  FAILWISE_TOKEN=fwp_… failwise approve checkout --consent "lose 4 s"
  FAILWISE_TOKEN=fwp_… failwise refuse apr_mwpwrt37e4k2f9a --reason "our own deploy, rolling back"`

/** `failwise approve`: a person's yes to an open question. */
export function approveCommand(io: CliIo): Command {
  const about = 'say yes to an open question; it counts once, and only from somebody who was asked'
  return answerCommand(io, 'approve', about).option(
    '--consent <words>',
    'accepts the stated loss of data, such as "lose 4 s"',
  )
}

/** `failwise refuse`: a person's no. */
export function refuseCommand(io: CliIo): Command {
  return answerCommand(io, 'refuse', 'say no to an open question; a no beats every yes')
}

function answerCommand(io: CliIo, answer: 'approve' | 'refuse', about: string): Command {
  return new Command(answer)
    .description(about)
    .argument('<question>', 'what is answered')
    .option('--reason <text>', 'why; it stands on the record')
    .addHelpText('after', HELP)
    .action(async (name: string, _options, command: Command) => {
      const options = optionsOf<AnswerOptions>(command, io)
      const reply = await withStore(options, io, async ({ store, config }) => {
        const question = await questionNamed(name, answer, store)
        const people = peopleOf(config.settings.people, config.settings.groups)
        const person = personOf(io, people.byToken(io.environment.FAILWISE_TOKEN ?? ''))
        const phrase = consentPhrase(question)
        if (answer === 'approve' && phrase !== null && options.consent === undefined)
          throw new Fault('usage', `approving may lose data: ${phrase.replace('lose ', '')}`, {
            hint: `Accept that with --consent "${phrase}".`,
          })
        if (answer === 'refuse' && !options.reason)
          throw new Fault('usage', 'a refusal needs a reason', {
            hint: 'Give it with --reason; the next person reads it.',
          })
        const { factsHash, planHash } = question
        const given = { approvalId: question.id, person, via: 'cli', answer, seen: { factsHash, planHash } } as const
        const typed = { comment: options.reason ?? '', consent: options.consent ?? '' }
        return takeAnswer({ ...given, ...typed }, partsOf(store, config))
      })
      answerOn(io, options).give(reply, () => reply.text)
      if (!reply.isDone) process.exitCode = EXIT.against
    })
}

function partsOf(store: Store, config: Config) {
  const plans = planBook(config.plans)
  return {
    ...{ store, clock: systemClock, people: peopleOf(config.settings.people, config.settings.groups) },
    // A terminal is for when Slack is away; user groups of Slack count only where Slack can be asked.
    members: null,
    policyHash: () => policyHash(config.policy),
    planHashOf: (service: string, action: string) => {
      const planned = config.catalogue.services.find((one) => one.name === service)?.plans as
        | Record<string, string>
        | undefined
      const name = planned?.[action]
      return name === undefined ? null : (plans.byName(name)?.hash ?? null)
    },
    startWithinMs: () => config.policy.approval.expiresMinutes * 60_000,
  }
}

/** Who the operating system says it is proves nothing to the others; the token does. */
function personOf(io: CliIo, person: Person | null): Person {
  if (person) return person
  throw io.environment.FAILWISE_TOKEN
    ? new Fault('unauthenticated', 'FAILWISE_TOKEN is nobody’s token', {
        hint: 'Its hash must stand under "people" in failwise.yaml; make one with `failwise people token`.',
      })
    : new Fault('unauthenticated', 'an answer needs your own token', {
        hint: 'Set FAILWISE_TOKEN; `failwise people token` makes one.',
      })
}

async function questionNamed(name: string, answer: 'approve' | 'refuse', store: Store): Promise<Approval> {
  const direct = await store.approvals.get(name)
  if (direct) return direct
  const isMeant = ({ incidentId, service }: { incidentId: string | null; service: string }) =>
    incidentId === name || service === name
  const found = (await store.approvals.list({ status: 'pending', limit: 200 })).filter(isMeant)
  if (found.length > 1)
    throw new Fault('usage', `"${name}" is asked about ${found.length} times`, {
      hint: `Name one of ${found.map(({ id }) => id).join(', ')}.`,
    })
  if (found[0]) return found[0]
  // A "no" still counts after the last "yes", until the run begins.
  const runs = answer === 'refuse' ? await store.runs.list({ states: ['pending'], limit: 200 }) : []
  const approvalId = runs.find((run) => isMeant(run))?.approvalId
  const approved = approvalId ? await store.approvals.get(approvalId) : null
  if (approved) return approved
  throw new Fault('not_found', `there is no open question "${name}"`, { hint: '`failwise status` lists what waits.' })
}
