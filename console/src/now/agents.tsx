import type { Status, UpstreamHealth } from '../api/types.ts'
import { Ago, Chip, Empty, Panel, useNow } from '../ui/basics.tsx'

const SILENT_MS = 30_000

const KIND_WORDS: Readonly<Record<UpstreamHealth['kind'], string>> = {
  source: 'source of evidence',
  model: 'language model',
  channel: 'way to tell people',
}

/** The agents on this store, and what this one needs others for. */
export function Agents({ status }: { status: Status }) {
  const now = useNow(5000)
  return (
    <Panel title="Agents" aside={<span className="soft">policy {status.policyHash.slice(0, 12)}</span>}>
      <ul className="list">
        {status.agents.map((agent) => {
          const isSilent = now - Date.parse(agent.heartbeatAt) > SILENT_MS
          return (
            <li key={agent.id}>
              <Chip tone={isSilent ? 'bad' : 'good'}>{isSilent ? 'silent' : 'alive'}</Chip> <code>{agent.id}</code> on{' '}
              {agent.host}, version {agent.version}
              <span className="soft">
                heard <Ago at={agent.heartbeatAt} />
              </span>
            </li>
          )
        })}
      </ul>
      {status.undelivered > 0 && (
        <p>
          <Chip tone="warn">{status.undelivered} undelivered</Chip> messages to people wait to be sent; the agent’s log
          says why.
        </p>
      )}
    </Panel>
  )
}

/** Whether the agent can see and speak: a blind agent decides nothing, and that should be noticed before an outage. */
export function Upstreams({ upstreams }: Pick<Status, 'upstreams'>) {
  const failing = upstreams.filter((one) => one.failing > 0)
  return (
    <Panel
      title={failing.length === 0 ? 'What the agent looks at' : `What the agent looks at (${failing.length} failing)`}
      aside={<span className="soft">the newest try of each, by this agent</span>}
    >
      {upstreams.length === 0 && <Empty>It has not asked anything since it started.</Empty>}
      <ul className="list">
        {upstreams.map((one) => (
          <li key={`${one.kind} ${one.name}`}>
            <Chip tone={one.failing === 0 ? 'good' : one.failing < one.asked ? 'warn' : 'bad'}>
              {one.failing === 0
                ? 'answers'
                : one.failing < one.asked
                  ? `${one.failing} of ${one.asked} fail`
                  : 'fails'}
            </Chip>{' '}
            <strong>{one.name}</strong>
            <span className="soft">
              {KIND_WORDS[one.kind]}
              {one.asked > 1 && `, ${one.asked} places`}
              {one.lastOkAt !== null && (
                <>
                  ; answered <Ago at={one.lastOkAt} />
                </>
              )}
              {one.failure !== null && (
                <>
                  ; {one.failure.what}: {one.failure.reason.replaceAll('_', ' ')}, <Ago at={one.failure.at} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
