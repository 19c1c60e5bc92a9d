import { KV_VERDICT } from './incidents.ts'
import { type Step, startModelServer } from './model-server.ts'

/** What a person can let the local server do: `node test/fakes/model-server.program.ts [behaviour] [port]`. */
const BEHAVIOURS: Record<string, Step> = {
  obeys: { kind: 'obeys' },
  verdict: { kind: 'verdict', verdict: KV_VERDICT },
  malformed: { kind: 'text', text: 'Sure! Here is the verdict: {' },
  violates: { kind: 'text', text: '{"confidence": 7}' },
  refuses: { kind: 'text', text: 'I cannot help with that.', end: 'refused' },
  truncated: { kind: 'text', text: '{"reasoning": "the prim', end: 'truncated' },
  silent: { kind: 'silence' },
  busy: { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
  overloaded: { kind: 'status', status: 529 },
  resets: { kind: 'reset' },
}

const [behaviour = 'obeys', port = '18080'] = process.argv.slice(2)
const always = BEHAVIOURS[behaviour]
if (!always) {
  console.error(`no behaviour ${behaviour}; there are ${Object.keys(BEHAVIOURS).join(', ')}`)
  process.exitCode = 2
} else {
  const { url } = await startModelServer({ always, port: Number(port) })
  console.log(`a model that ${behaviour}: OPENAI_BASE_URL=${url}/v1 or ANTHROPIC_BASE_URL=${url}; Ctrl-C ends it`)
}
