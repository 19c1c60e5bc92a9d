import { type IDataObject, sleep } from 'n8n-workflow'
import { type Caller, callFailwise, objectOf, objectsOf, textOf } from './api'
import { decisionItem, undecidedItem } from './decision-item'

/** Several agents' clocks differ a little. */
const CLOCK_SKEW_MS = 1000
/** The agent keeps alerts that fit no service under this name, and decides nothing about them. */
const UNMATCHED_SERVICE = 'unmatched'

export interface Patience {
  readonly withinSeconds: number
  readonly pollSeconds: number
}

export interface Sent {
  readonly accepted: number
  readonly incidents: readonly string[]
}

/** Hands an alert over; resolves only when Failwise has stored it. */
export async function sendAlert(caller: Caller, format: string, body: IDataObject): Promise<Sent> {
  const answer = await callFailwise(caller, { method: 'POST', path: `/v1/alerts/${format}`, body })
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])
  return { accepted: Number(answer.accepted ?? 0), incidents: texts(answer.incidents) }
}

/** The newest decision about an incident, once nothing newer is on its way. */
export async function decisionOf(caller: Caller, incidentId: string, patience: Patience): Promise<IDataObject> {
  const until = Date.now() + patience.withinSeconds * 1000
  for (;;) {
    const found = await settledItem(caller, incidentId)
    if (found) return found
    if (Date.now() + patience.pollSeconds * 1000 > until) break
    await sleep(patience.pollSeconds * 1000)
  }
  return undecidedItem(incidentId, 'undecided', `no decision within ${patience.withinSeconds} s`)
}

async function settledItem(caller: Caller, incidentId: string): Promise<IDataObject | null> {
  const path = `/v1/incidents/${encodeURIComponent(incidentId)}`
  const { at, incident, decisions } = await callFailwise(caller, { method: 'GET', path })
  const { state, service, nextAssessmentAt } = objectOf(incident)
  if (service === UNMATCHED_SERVICE)
    return undecidedItem(incidentId, 'unmatched', 'the alert fits no service of services.yaml')
  const newest = objectsOf(decisions)[0]
  if (!newest || state === 'assessing') return null
  const isDue = timeOf(nextAssessmentAt) <= timeOf(at) + CLOCK_SKEW_MS
  return isDue ? null : decisionItem(newest)
}

function timeOf(value: unknown): number {
  return Date.parse(textOf(value) ?? '')
}
