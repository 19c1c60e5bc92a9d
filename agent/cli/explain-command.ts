import { Command } from 'commander'
import { recordedOpinion } from '../domain/anomaly-text.ts'
import { Fault } from '../lib/errors.ts'
import type { DecisionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { decisionCard } from './card.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { withStore } from './with-store.ts'

const HELP = `
ID is a decision, an incident (its newest decision), or a service's name (its newest decision).

Examples:
  failwise explain dec_mwpwrt37e4k2f9a
  failwise explain checkout`

/** `failwise explain`: why the agent did what it did, and every reason why it did not do more. */
export function explainCommand(io: CliIo): Command {
  return new Command('explain')
    .description('why it acted, and every reason why not')
    .argument('<id>', 'a decision, an incident or a service')
    .addHelpText('after', HELP)
    .action(async (id: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const record = await withStore(options, io, ({ store }) => decisionFor(id, store))
      const answer = answerOn(io, options)
      const { snapshot, healthScore, opinion, decision } = record
      answer.give(record, () => {
        if (!healthScore || !opinion)
          return `${record.id}: ${decision.action} / ${decision.disposition}; it holds no opinions`
        const head = `Decided ${record.decidedAt} in ${record.mode} mode${record.incidentId ? ` for ${record.incidentId}` : ''}`
        const anomaly = recordedOpinion(record.anomaly)
        const card = { id: record.id, snapshot, healthScore, anomaly, opinion, decision }
        return `${head}\n${decisionCard(card, answer.paint)}`
      })
    })
}

/** The decision that a decision's, an incident's or a service's name stands for. */
export async function decisionFor(id: string, store: Pick<Store, 'decisions'>): Promise<DecisionRecord> {
  const direct = (await store.decisions.get(id)) ?? (await store.decisions.latestOf(id))
  if (direct) return direct
  const [latest] = await store.decisions.list({ service: id, limit: 1 })
  const record = latest ? await store.decisions.get(latest.id) : null
  if (record) return record
  throw new Fault('not_found', `no decision, incident or service "${id}" has a decision on record`, {
    hint: '`failwise audit list` and `failwise status` show what there is.',
  })
}
