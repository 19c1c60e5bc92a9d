import { readFileSync } from 'node:fs'
import type { IConnections, IDataObject, INode, INodeType, NodeParameterValueType } from 'n8n-workflow'
import { describe, expect, it } from 'vitest'
import { built, n8n } from './n8n-under-test.ts'

const workflow = JSON.parse(readFileSync('deploy/n8n/workflows/alert-decision-people.json', 'utf8')) as {
  readonly nodes: INode[]
  readonly connections: IConnections
  readonly active: boolean
}
const { nodes, connections } = workflow
const failwise = built<INodeType>('dist/nodes/Failwise/Failwise.node.js')
const named = (name: string): INode => nodes.find((node) => node.name === name) as INode

/** n8n's own graph and expressions; nodes of n8n itself are there by name, ours by their code. */
const graph = new n8n.Workflow({
  ...{ id: 'w', nodes, connections, active: false },
  nodeTypes: {
    getByName: () => failwise,
    getByNameAndVersion: (type) => (type === 'n8n-nodes-failwise.failwise' ? failwise : undefined) as INodeType,
    getKnownTypes: () => ({}),
  },
})

function evaluated(value: NodeParameterValueType, json: IDataObject, node: string): unknown {
  return graph.expression.getParameterValue(value, null, 0, 0, node, [{ json }], 'manual', {})
}

const branch = (item: IDataObject) =>
  evaluated(named('Who is needed?').parameters.output ?? null, item, 'Who is needed?')

describe('the workflow', () => {
  it('is one that n8n can import', () => {
    expect(n8n.INodesSchema.safeParse(nodes).error).toBeUndefined()
    expect(workflow.active).toBe(false)
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length)
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length)
  })

  it('leads from the alert to everybody, and nowhere that does not exist', () => {
    const targets = Object.values(connections).flatMap(({ main = [] }) => main.flatMap((one) => one ?? []))
    for (const { node, type, index } of targets) {
      expect(named(node), node).toBeDefined()
      expect([type, index]).toEqual(['main', 0])
    }
    const reached = new Set(['Alert', ...graph.getChildNodes('Alert'), 'Read this first'])
    expect(nodes.map(({ name }) => name).filter((name) => !reached.has(name))).toEqual([])
    expect(connections['Who is needed?']?.main).toHaveLength(named('Who is needed?').parameters.numberOutputs as number)
  })

  it('asks our nodes for nothing that they do not know, and leaves out nothing that they need', () => {
    const ours = nodes.filter(({ type }) => type === 'n8n-nodes-failwise.failwise')
    expect(ours).toHaveLength(2)
    for (const node of ours) {
      const { properties } = failwise.description
      expect(n8n.NodeHelpers.getNodeParametersIssues(properties, node, failwise.description)).toBeNull()
      const kept = n8n.NodeHelpers.getNodeParameters(
        properties,
        node.parameters,
        true,
        false,
        node,
        failwise.description,
      )
      expect(kept).toMatchObject(node.parameters)
    }
  })

  it('answers the sender only after the alert is stored, and then waits', () => {
    expect(graph.getParentNodes('Answer 202')).toEqual(['Alert', 'Store the alert'])
    expect(named('Alert').parameters).toMatchObject({ responseMode: 'responseNode', authentication: 'headerAuth' })
    expect(graph.getParentNodes('Wait for the decision')).toContain('Answer 202')
    expect(named('Store the alert').onError ?? 'stopWorkflow').toBe('stopWorkflow')
  })

  it.each<[string, IDataObject, number]>([
    [
      'a failover that is carried out',
      { status: 'decided', action: 'dr_failover', disposition: 'act', isCarriedOut: true },
      0,
    ],
    ['one that is asked', { status: 'decided', action: 'region_failover', disposition: 'ask', isCarriedOut: false }, 1],
    [
      'one in shadow mode',
      { status: 'decided', action: 'region_failover', disposition: 'act', isCarriedOut: false },
      1,
    ],
    ['a page', { status: 'decided', action: 'page_human', disposition: 'act', isCarriedOut: true }, 2],
    ['something to know', { status: 'decided', action: 'self_heal', disposition: 'notify', isCarriedOut: false }, 2],
    ['nothing to do', { status: 'decided', action: 'observe', disposition: 'record', isCarriedOut: false }, 3],
    ['an incident that nobody judged', { status: 'undecided', action: null }, 2],
    ['an alert of no service', { status: 'unmatched', action: null }, 2],
    ['an answer that makes no sense', {}, 2],
  ])('%s goes to the right people', (_what, item, output) => {
    expect(branch(item)).toBe(output)
  })

  it.each(['Say that it acts', 'Say what is asked', 'Call a person'])('has words for every item: %s', (name) => {
    const text = named(name).parameters.text ?? null
    const decided = { status: 'decided', service: 'shop', action: 'observe', reasons: ['users.hurt: no'], mode: 'live' }
    for (const item of [decided, { status: 'undecided', incidentId: null, reasons: ['late'] }, {}]) {
      const said = String(evaluated(text, item, name))
      expect(said).not.toMatch(/undefined\b.*undefined|\[object|\{\{/)
      expect(said.length).toBeGreaterThan(20)
    }
  })

  it('only ever rehearses the pipeline, with parameters that it has', () => {
    const { params } = named('Rehearse the pipeline').parameters.param as { params: { name: string; value: string }[] }
    const jenkinsfile = readFileSync('deploy/jenkins/Jenkinsfile', 'utf8')
    for (const { name } of params) expect(jenkinsfile).toContain(`name: '${name}'`)
    expect(params).toContainEqual({ name: 'rehearse', value: 'true' })
  })
})

describe('the package', () => {
  const manifest = JSON.parse(readFileSync('deploy/n8n/package.json', 'utf8')) as {
    n8n: { nodes: string[]; credentials: string[] }
    dependencies?: object
    peerDependencies: object
  }

  it('lists nodes and credentials that load under the names that workflows use', () => {
    const { nodes: files, credentials } = manifest.n8n
    expect(files.map((file) => built<INodeType>(file).description.name)).toEqual(['failwise', 'failwiseTrigger'])
    expect(credentials.map((file) => built<{ name: string }>(file).name)).toEqual(['failwiseApi'])
  })

  it('brings nothing along but what n8n has', () => {
    expect(manifest.dependencies).toBeUndefined()
    expect(Object.keys(manifest.peerDependencies)).toEqual(['n8n-workflow'])
  })
})
