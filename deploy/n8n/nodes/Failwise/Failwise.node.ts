import {
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  NodeOperationError,
} from 'n8n-workflow'
import { callFailwise, isObject } from './api'
import { decisionItem, undecidedItem } from './decision-item'
import { DESCRIPTION } from './description'
import { decisionOf, type Patience, sendAlert } from './incident'

/** Sends alerts to Failwise and reads what it decided. n8n wants a class whose name is the file's. */
export class Failwise implements INodeType {
  description = DESCRIPTION

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const out: INodeExecutionData[] = []
    for (const [index] of this.getInputData().entries()) {
      try {
        for (const json of await itemsFor(this, index)) out.push({ json, pairedItem: { item: index } })
      } catch (error) {
        if (!this.continueOnFail()) throw withItem(this, error, index)
        const told = error instanceof Error ? error.message : String(error)
        out.push({ json: { ...undecidedItem(null, 'undecided', told), error: told }, pairedItem: { item: index } })
      }
    }
    return [out]
  }
}

async function itemsFor(n8n: IExecuteFunctions, index: number): Promise<IDataObject[]> {
  const operation = n8n.getNodeParameter('operation', index)
  if (operation === 'getDecision') return [await readDecision(n8n, index)]
  const format = n8n.getNodeParameter('format', index) as string
  const { accepted, incidents } = await sendAlert(n8n, format, alertOf(n8n, format, index))
  if (accepted === 0) return [undecidedItem(null, 'unmatched', 'there was no alert in it')]
  if (operation === 'sendAlert') return incidents.map((incidentId) => ({ status: 'stored', incidentId, accepted }))
  const patience = patienceOf(n8n, index)
  return Promise.all(incidents.map((incidentId) => decisionOf(n8n, incidentId, patience)))
}

async function readDecision(n8n: IExecuteFunctions, index: number): Promise<IDataObject> {
  if (n8n.getNodeParameter('by', index) === 'incident')
    return decisionOf(n8n, needed(n8n, 'incidentId', index), patienceOf(n8n, index))
  const id = needed(n8n, 'decisionId', index)
  const body = await callFailwise(n8n, { method: 'GET', path: `/v1/decisions/${encodeURIComponent(id)}` })
  const opinion = isObject(body.opinion) ? body.opinion : {}
  const verdict = isObject(opinion.verdict) ? opinion.verdict : {}
  return { ...decisionItem(body), confidence: verdict.confidence ?? null, reasoning: verdict.reasoning ?? null }
}

function patienceOf(n8n: IExecuteFunctions, index: number): Patience {
  return {
    withinSeconds: n8n.getNodeParameter('withinSeconds', index) as number,
    pollSeconds: n8n.getNodeParameter('pollSeconds', index) as number,
  }
}

function alertOf(n8n: IExecuteFunctions, format: string, index: number): IDataObject {
  if (format !== 'generic') return jsonParameter(n8n, 'body', n8n.getNodeParameter('body', index), index)
  const { labels, ...fields } = n8n.getNodeParameter('alertFields', index) as IDataObject
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
  return {
    ...given,
    name: needed(n8n, 'name', index),
    service: needed(n8n, 'service', index),
    ...(labels !== undefined && { labels: jsonParameter(n8n, 'labels', labels, index) }),
  }
}

function needed(n8n: IExecuteFunctions, name: string, index: number): string {
  const value = n8n.getNodeParameter(name, index)
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  throw new NodeOperationError(n8n.getNode(), `the parameter "${name}" is empty`, { itemIndex: index })
}

/** A JSON field holds text, or an object when an expression filled it. */
function jsonParameter(n8n: IExecuteFunctions, name: string, given: unknown, index: number): IDataObject {
  let value = given
  if (typeof given === 'string')
    try {
      value = JSON.parse(given)
    } catch {
      value = null
    }
  if (isObject(value)) return value
  throw new NodeOperationError(n8n.getNode(), `the parameter "${name}" is not a JSON object`, { itemIndex: index })
}

function withItem(n8n: IExecuteFunctions, error: unknown, itemIndex: number): NodeOperationError {
  if (error instanceof NodeOperationError) {
    error.context.itemIndex = itemIndex
    return error
  }
  return new NodeOperationError(n8n.getNode(), error instanceof Error ? error : new Error(String(error)), { itemIndex })
}
