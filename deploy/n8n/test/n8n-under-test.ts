import { createRequire } from 'node:module'
import type {
  ICredentialType,
  IDataObject,
  IExecuteFunctions,
  INode,
  INodeExecutionData,
  INodeParameters,
  INodeType,
  IPollFunctions,
} from 'n8n-workflow'

const require = createRequire(import.meta.url)
/** Through require: n8n loads nodes so, and the package's ES modules cannot be loaded by Node. */
export const n8n = require('n8n-workflow') as typeof import('n8n-workflow')

/** A node or credential of the built package, loaded as n8n loads it: the class has the file's name. */
export function built<T>(file: string): T {
  const name = file.slice(file.lastIndexOf('/') + 1).split('.')[0] ?? ''
  const Class = (require(`../${file}`) as Record<string, new () => T>)[name]
  if (!Class) throw new Error(`${file} exports no ${name}`)
  return new Class()
}

export interface Given {
  readonly node: INodeType
  readonly parameters?: INodeParameters
  readonly items?: readonly IDataObject[]
  readonly url: string
  readonly token: string
  readonly continueOnFail?: boolean
  /** For triggers: `manual` is somebody trying the workflow out. */
  readonly mode?: 'manual' | 'trigger'
  /** What the workflow remembers of a trigger. */
  readonly memory?: IDataObject
}

/**
 * n8n's execution functions as far as our nodes use them: defaults, hidden fields and expressions come from n8n's own code, requests go over
 * the network with the credential as the package defines it. Anything else that a node would reach for fails the test.
 */
export function executionFunctions(given: Given): IExecuteFunctions & IPollFunctions {
  const { node: type, items = [{}] } = given
  const node = nodeOf(given)
  const nodeTypes = { getByName: () => type, getByNameAndVersion: () => type, getKnownTypes: () => ({}) }
  const workflow = new n8n.Workflow({ id: 'w', nodes: [node], connections: {}, active: false, nodeTypes })
  const input: INodeExecutionData[] = items.map((json) => ({ json }))
  const evaluated = (name: string, index: number) => {
    if (!(name in node.parameters)) throw new Error(`the form has no field "${name}" with these values`)
    return workflow.expression.getParameterValue(node.parameters[name]!, null, 0, index, node.name, input, 'manual', {})
  }
  const functions = {
    getNode: () => node,
    getInputData: () => input,
    getMode: () => given.mode ?? 'trigger',
    getWorkflowStaticData: () => given.memory ?? {},
    continueOnFail: () => given.continueOnFail ?? false,
    getNodeParameter: (name: string, index: number = 0) => evaluated(name, index),
    getCredentials: async () => ({ url: given.url, token: given.token }),
    helpers: { httpRequestWithAuthentication: (_type: string, options: RequestOptions) => request(given, options) },
  }
  return strict(functions) as unknown as IExecuteFunctions & IPollFunctions
}

function nodeOf({ node: type, parameters = {} }: Given): INode {
  const { description } = type
  const node = {
    id: 'n',
    name: description.displayName,
    type: description.name,
    typeVersion: 1,
    position: [0, 0] as [number, number],
    parameters,
  }
  const filled = n8n.NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node, description)
  return { ...node, parameters: filled ?? {} }
}

/** What n8n would complain about before it runs the node. */
export function issuesOf(given: Given): unknown {
  const node = nodeOf(given)
  return n8n.NodeHelpers.getNodeParametersIssues(given.node.description.properties, node, given.node.description)
}

interface RequestOptions {
  readonly method: string
  readonly url: string
  readonly qs?: IDataObject
  readonly body?: IDataObject
}

async function request({ token }: Given, { method, url, qs, body }: RequestOptions): Promise<unknown> {
  const query = new URLSearchParams(
    Object.entries(qs ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const response = await fetch(`${url}${query.size > 0 ? `?${query}` : ''}`, {
    method,
    redirect: 'manual',
    headers: authorization(token),
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  let answer: unknown = text
  try {
    answer = JSON.parse(text)
  } catch {
    // n8n hands on what does not parse as text.
  }
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: answer }
}

/** The header as the credential's own definition makes it. */
function authorization(token: string): Record<string, string> {
  const { authenticate } = built<ICredentialType>('dist/credentials/FailwiseApi.credentials.js')
  if (authenticate === undefined || typeof authenticate === 'function') throw new Error('the credential is not generic')
  const headers = Object.entries(authenticate.properties.headers ?? {})
  return Object.fromEntries(
    headers.map(([name, value]) => [name, String(value).replace(/^=/, '').replace('{{$credentials.token}}', token)]),
  )
}

function strict<T extends object>(functions: T): T {
  return new Proxy(functions, {
    get(target, name) {
      if (name in target) return target[name as keyof T]
      if (typeof name === 'symbol' || name === 'then') return undefined
      throw new Error(`the node reached for "${name}", which is not there`)
    },
  })
}
