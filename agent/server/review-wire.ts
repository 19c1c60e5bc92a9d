import { join } from 'node:path'
import { KEPT_FOLDER, keptReport, keptReports } from '../../evals/kept-reports.ts'
import { readShadowReport } from '../../evals/shadow-read.ts'
import type { Agent } from '../app/agent.ts'
import { exchangeOfDecision } from '../app/exchange.ts'
import { planViews, runView } from '../app/plan-view.ts'
import { dataFolderOf, recordingsFolderOf } from '../config.ts'
import type { ReviewDeps } from './review-deps.ts'

/** What looks back, from the same code as the commands. */
export function reviewDepsOf(agent: Agent): ReviewDeps {
  const { store, plans, config, prompt, mask } = agent
  const kept = join(dataFolderOf(config), KEPT_FOLDER)
  return {
    report: (since, until) => readShadowReport(store, since, until),
    listPlans: async () => ({ plans: await planViews(plans, store) }),
    getRun: (id) => runView(id, plans, store),
    listEvals: async () => ({ reports: await keptReports(kept) }),
    getEval: (id) => keptReport(kept, id),
    getExchange: (id) => exchangeOfDecision(id, { store, prompt, mask, recordingsFolder: recordingsFolderOf(config) }),
  }
}
