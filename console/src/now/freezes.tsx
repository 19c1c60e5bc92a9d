import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { sessionQuery } from '../api/queries.ts'
import type { Freeze, Status } from '../api/types.ts'
import { Ago, Chip, Empty, Failure, Panel, Time } from '../ui/basics.tsx'

/** What is stopped, and the way to stop or release something. */
export function Freezes({ status: { frozen, services, mode } }: { status: Status }) {
  const { data: session } = useQuery(sessionQuery)
  const mayFreeze = session?.scopes.includes('admin') ?? false
  const [isAsking, setAsking] = useState(false)
  return (
    <Panel
      title={frozen.length > 0 ? 'Frozen: nothing is carried out' : 'The kill switch'}
      aside={
        <button type="button" disabled={!mayFreeze} aria-expanded={isAsking} onClick={() => setAsking(!isAsking)}>
          Freeze…
        </button>
      }
    >
      {frozen.length === 0 && (
        <Empty>
          Nothing is frozen.{' '}
          {mode === 'shadow'
            ? 'In shadow mode nothing is carried out either way.'
            : 'A freeze stops every action at once, and runs before their next stage.'}
        </Empty>
      )}
      {!mayFreeze && session && (
        <p className="soft small">Freezing needs the role admin; yours ends at {session.scopes.at(-1) ?? 'nothing'}.</p>
      )}
      {isAsking && mayFreeze && (
        <FreezeForm services={services.map(({ name }) => name)} done={() => setAsking(false)} />
      )}
      <ul className="list">
        {frozen.map((freeze) => (
          <Frozen key={freeze.id} freeze={freeze} mayLift={mayFreeze} />
        ))}
      </ul>
    </Panel>
  )
}

function useFreezing(method: 'POST' | 'DELETE', done: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: { service: string | null; reason: string }) => call(`${method} /v1/freezes`, { body }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['status'] })
      done()
    },
  })
}

function FreezeForm({ services, done }: { services: readonly string[]; done: () => void }) {
  const [service, setService] = useState('')
  const [reason, setReason] = useState('')
  const freeze = useFreezing('POST', done)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        freeze.mutate({ service: service === '' ? null : service, reason })
      }}
    >
      <label>
        What
        <select value={service} onChange={(event) => setService(event.target.value)}>
          <option value="">everything</option>
          {services.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Why? Whoever finds it frozen reads it
        <input required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <div className="buttons">
        <button type="submit" className="primary" disabled={freeze.isPending || reason.trim() === ''}>
          Freeze {service === '' ? 'everything' : service}
        </button>
        <button type="button" onClick={done}>
          Cancel
        </button>
      </div>
      {freeze.error && <Failure error={freeze.error} />}
    </form>
  )
}

function Frozen({ freeze, mayLift }: { freeze: Freeze; mayLift: boolean }) {
  const [isAsking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const lift = useFreezing('DELETE', () => setAsking(false))
  const what = freeze.service ?? 'everything'
  return (
    <li>
      <Chip tone="bad">{freeze.kind}</Chip> <strong>{what}</strong> {freeze.reason}
      <span className="soft">
        by {freeze.setBy}, <Ago at={freeze.setAt} />
        {freeze.until === null ? (
          ', until somebody lifts it'
        ) : (
          <>
            , until <Time at={freeze.until} />
          </>
        )}
      </span>
      <button type="button" disabled={!mayLift} aria-expanded={isAsking} onClick={() => setAsking(!isAsking)}>
        Lift…
      </button>
      {isAsking && mayLift && (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault()
            lift.mutate({ service: freeze.service, reason })
          }}
        >
          <label>
            Why may it go on?
            <input required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
          </label>
          <button type="submit" className="primary" disabled={lift.isPending || reason.trim() === ''}>
            Lift the freeze of {what}
          </button>
          {lift.error && <Failure error={lift.error} />}
        </form>
      )}
    </li>
  )
}
