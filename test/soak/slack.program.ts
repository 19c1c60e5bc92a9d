// npm run soak:slack -- [--minutes N] [--seed N] [--json]: questions, clicks, runs and restarts for a long while, with Slack failing half of the
// time; at the end every question, vote, run and message must be in its right state. Exits 1 when one is not.
import { parseArgs } from 'node:util'
import { table } from '../../agent/cli/style.ts'
import { crowdOf } from './slack-crowd.ts'
import { clock, seeded, slackNight } from './slack-night.ts'
import { type Truth, truthOf } from './slack-truth.ts'

const { minutes, seed, isJson } = options()
const random = seeded(seed)
const startedMs = clock.now()
const night = await slackNight(random)
const { done, ask, live, workOnRuns } = crowdOf(night, random)
const { counts } = night
const QUESTION_EVERY_MS = 5000
const RESTART_EVERY = 18

for (let number = 1; clock.now() - startedMs < minutes * 60_000; number++) {
  await ask()
  await live(clock.now() + QUESTION_EVERY_MS)
  if (number % RESTART_EVERY === 0) await night.restart()
  if (number % 60 === 0) note(`${number / 12} min: ${done.questions.length} questions, ${done.clicks} clicks`)
}
night.recover()
const recoveredMs = clock.now()
note('Slack is well again; what is open ends now, and every message must be brought up to date')
let truth = await truthOf(night, done)
while (truth.problems.length > 0 && clock.now() - recoveredMs < 180_000) {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await workOnRuns()
  truth = await truthOf(night, done)
}
const upToDateSeconds = Math.max(0, (clock.now() - Math.max(recoveredMs, truth.endedMs)) / 1000)
const figures = figuresOf(truth)
for (const problem of truth.problems.slice(0, 50)) process.stderr.write(`WRONG  ${problem}\n`)
if (isJson)
  process.stdout.write(`${JSON.stringify({ ok: truth.problems.length === 0, figures, problems: truth.problems })}\n`)
else
  process.stdout.write(
    `${table(Object.entries(figures).map(([name, value]) => [name, String(value)]))}\n\n${
      truth.problems.length === 0 ? 'Everything is in its right state.' : `${truth.problems.length} things are wrong.`
    }\n`,
  )
process.exitCode = truth.problems.length === 0 ? 0 : 1
await night.end()

function figuresOf({ byStatus, byRunState, ...seen }: Truth): Record<string, number | string> {
  const listed = (counted: Readonly<Record<string, number>>) =>
    Object.entries(counted)
      .map(([word, count]) => `${count} ${word.replaceAll('_', ' ')}`)
      .join(', ')
  const messages = night.workspace.state.messages
  return {
    'minutes with a failing Slack': Math.round((recoveredMs - startedMs) / 6000) / 10,
    'calls to Slack': counts.calls,
    'of them failed': `${counts.failedCalls} (${Math.round((100 * counts.failedCalls) / Math.max(1, counts.calls))} %)`,
    'restarts of the agent’s Slack side': counts.restarts,
    'rounds of showing that failed': counts.failedRounds,
    questions: `${done.questions.length}: ${listed(byStatus)}`,
    runs: listed(byRunState) || 'none',
    'clicks made, and taken': `${done.clicks}, ${done.clicksTaken}`,
    'dialogs sent, and taken': `${done.submitted}, ${done.submittedTaken}; ${done.repeats} sent twice`,
    'answers in a terminal': done.inTerminal,
    'times the database was too slow': done.unsure,
    'votes, and answers that did not count': `${seen.votes}, ${seen.rejected}`,
    'clicks of others, on the record': seen.strangers,
    'audit entries, chain verified': seen.entries,
    'messages, and edits of them': `${messages.length}, ${messages.reduce((sum, { edits }) => sum + edits, 0)}`,
    'seconds until all was up to date': upToDateSeconds.toFixed(1),
    'in a wrong state': seen.problems.length,
  }
}

function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '30' },
        seed: { type: 'string', default: '7' },
        json: { type: 'boolean', default: false },
      },
    })
    const [wanted, chance] = [Number(values.minutes), Number(values.seed)]
    if (!(wanted > 0 && wanted <= 24 * 60) || !Number.isInteger(chance))
      throw new Error('--minutes is a number up to 1440, --seed a whole number')
    return { minutes: wanted, seed: chance, isJson: values.json }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(2)
  }
}
