import type { IDataObject, INodeExecutionData, INodeType, INodeTypeDescription, IPollFunctions } from 'n8n-workflow'
import { callFailwise, objectsOf, textOf } from '../Failwise/api'
import { decisionItem } from '../Failwise/decision-item'

const PAGE = 100
/** A workflow that was off for long catches up with this many pages and no more. */
const PAGES = 10
/** Several agents write the record, and their clocks differ a little: within this span decisions are recognised by id. */
const OVERLAP_MS = 120_000

const ACTIONS = [
  { name: 'DR Failover', value: 'dr_failover' },
  { name: 'No Action', value: 'no_action' },
  { name: 'Observe', value: 'observe' },
  { name: 'Page Human', value: 'page_human' },
  { name: 'Region Failover', value: 'region_failover' },
  { name: 'Rollback Change', value: 'rollback_change' },
  { name: 'Self Heal', value: 'self_heal' },
]
const DISPOSITIONS = [
  { name: 'Act', value: 'act' },
  { name: 'Ask', value: 'ask' },
  { name: 'Notify', value: 'notify' },
  { name: 'Record', value: 'record' },
]

const DESCRIPTION: INodeTypeDescription = {
  displayName: 'Failwise Trigger',
  name: 'failwiseTrigger',
  icon: 'fa:code-branch',
  group: ['trigger'],
  version: 1,
  description: 'Starts the workflow for every new decision of Failwise',
  defaults: { name: 'Failwise Trigger' },
  polling: true,
  inputs: [],
  outputs: ['main'],
  credentials: [{ name: 'failwiseApi', required: true }],
  properties: [
    {
      displayName: 'Actions',
      name: 'actions',
      type: 'multiOptions',
      options: ACTIONS,
      default: [],
      description: 'Which decisions start the workflow; all of them when empty',
    },
    {
      displayName: 'Dispositions',
      name: 'dispositions',
      type: 'multiOptions',
      options: DISPOSITIONS,
      default: [],
      description: 'All of them when empty',
    },
    { displayName: 'Service', name: 'service', type: 'string', default: '', description: 'All of them when empty' },
  ],
}

/** Starts a workflow on new decisions. n8n wants a class whose name is the file's. */
export class FailwiseTrigger implements INodeType {
  description = DESCRIPTION

  async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
    const service = textOf(this.getNodeParameter('service'))?.trim() ?? ''
    const isTryOut = this.getMode() === 'manual'
    const memory = this.getWorkflowStaticData('node')
    const sinceMs = typeof memory.newestMs === 'number' ? memory.newestMs - OVERLAP_MS : null

    const found = await decisionsSince(this, service, isTryOut ? null : sinceMs)
    const seen = new Set(Array.isArray(memory.seen) ? (memory.seen as string[]) : [])
    const isNew = ({ id }: IDataObject) => !seen.has(String(id))
    // At the first look everything is old: switching a workflow on must not replay last week's failovers.
    const fresh = isTryOut ? found.slice(0, 1) : sinceMs === null ? [] : found.filter(isNew)
    if (!isTryOut) remember(memory, found)

    const items = fresh.reverse().map(decisionItem).filter(wantedBy(this))
    return items.length === 0 ? null : [items.map((json) => ({ json }))]
  }
}

/** Decisions newest first, back to a time; only the newest page without one. */
async function decisionsSince(n8n: IPollFunctions, service: string, sinceMs: number | null): Promise<IDataObject[]> {
  // Pages move while decisions are made, and may show one twice.
  const found = new Map<string, IDataObject>()
  let cursor: string | null = null
  for (let page = 0; page < PAGES; page++) {
    const query: IDataObject = { limit: PAGE, ...(service !== '' && { service }), ...(cursor !== null && { cursor }) }
    const body = await callFailwise(n8n, { method: 'GET', path: '/v1/decisions', query })
    const items = objectsOf(body.items)
    for (const one of items) if (sinceMs === null || decidedMs(one) >= sinceMs) found.set(String(one.id), one)
    cursor = textOf(body.next)
    const oldest = items.at(-1)
    if (cursor === null || sinceMs === null || !oldest || decidedMs(oldest) < sinceMs) break
  }
  return [...found.values()]
}

function decidedMs(summary: IDataObject): number {
  return Date.parse(textOf(summary.decidedAt) ?? '')
}

function remember(memory: IDataObject, found: readonly IDataObject[]): void {
  const known = typeof memory.newestMs === 'number' ? memory.newestMs : 0
  const newestMs = Math.max(known, ...found.map(decidedMs).filter((at) => !Number.isNaN(at)))
  // Nothing decided yet: remember that we looked, so that the first decision ever starts the workflow.
  memory.newestMs = newestMs
  memory.seen = found.filter((one) => decidedMs(one) >= newestMs - OVERLAP_MS).map(({ id }) => String(id))
}

function wantedBy(n8n: IPollFunctions): (item: IDataObject) => boolean {
  const among = (name: string, value: unknown) => {
    const list = n8n.getNodeParameter(name) as string[]
    return list.length === 0 || list.includes(String(value))
  }
  return ({ action, disposition }) => among('actions', action) && among('dispositions', disposition)
}
