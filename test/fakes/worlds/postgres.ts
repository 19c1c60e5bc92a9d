import type { PostgresTarget, ReadPorts, Rows, SqlStatement, WritePorts } from '../../../actions/ports.ts'
import { Fault } from '../../../agent/lib/errors.ts'
import type { World } from './world.ts'

interface Server {
  isUp: boolean
  isStandby: boolean
  isReadOnly: boolean
  timeline: number
  generation: number
  lagSeconds: number
  stamps: string[]
}

export interface PostgresWorld extends World {
  readonly primary: Server
  readonly standby: Server
}

const fail = (code: string) => new Fault('upstream_refused', `refused (${code})`, { details: { code } })

/** A primary at port 5432 and its standby at 5433; what the statements of the stages mean is known, anything else is refused. */
export function postgresWorld(): PostgresWorld {
  const mutations: string[] = []
  const server = (isStandby: boolean): Server => ({
    isUp: true,
    isStandby,
    isReadOnly: false,
    timeline: 1,
    generation: 0,
    lagSeconds: 0.2,
    stamps: [],
  })
  const [primary, standby] = [server(false), server(true)]
  const at = ({ port }: PostgresTarget) => {
    const found = port === 5432 ? primary : standby
    if (!found.isUp)
      throw new Fault('upstream_unreachable', 'connection refused', { details: { code: 'ECONNREFUSED' } })
    return found
  }
  const queryPostgres: ReadPorts['queryPostgres'] = async (target, { sql, parameters }, abort) => {
    abort.throwIfAborted()
    const found = at(target)
    if (sql.includes('AS system_identifier'))
      return [
        {
          system_identifier: '77',
          is_standby: found.isStandby,
          timeline: found.timeline,
          read_only: found.isReadOnly,
          position: '0/5000',
          generation: String(found.generation),
        },
      ]
    if (sql.includes('AS last_transaction_age'))
      return [
        {
          is_standby: found.isStandby,
          last_transaction_age: found.lagSeconds,
          silence: found.lagSeconds,
          misses_known_data: false,
        },
      ]
    if (sql.includes('AS prepared')) return [{ writing: 0, prepared: 0, overrides: [] }]
    if (sql.includes('failwise.stamps'))
      return found.stamps.filter((id) => ((parameters?.[0] ?? []) as string[]).includes(id)).map((id) => ({ id }))
    throw new Error(`unexpected query ${sql}`)
  }
  const apply = (found: Server, { sql, parameters }: SqlStatement): Rows => {
    const isRefusing = found.isStandby || found.isReadOnly
    const newer = /> (\d+)\s+THEN RAISE/.exec(sql)?.[1]
    if (newer !== undefined) {
      if (found.generation > Number(newer)) throw fail('FW001')
      return []
    }
    if (sql.startsWith('CREATE') || sql.startsWith('INSERT')) {
      if (isRefusing) throw fail('25006')
      if (sql.startsWith('INSERT')) {
        const id = String(parameters?.[0])
        if (!found.stamps.includes(id)) mutations.push(`stamp ${id}`)
        found.stamps = [...new Set([...found.stamps, id])]
        if (found === primary && standby.isStandby) standby.stamps = [...found.stamps]
        return [{ id, at: '2026-05-04 10:00:00+00' }]
      }
      return []
    }
    const generation = /ALTER SYSTEM SET failwise.generation = '(\d+)'/.exec(sql)?.[1]
    if (generation !== undefined) found.generation = Number(generation)
    if (sql.includes('ALTER SYSTEM SET default_transaction_read_only')) {
      if (!found.isReadOnly) mutations.push('fence')
      found.isReadOnly = true
    }
    if (sql.includes('ALTER SYSTEM RESET default_transaction_read_only')) {
      if (found.isReadOnly) mutations.push('unfence')
      found.isReadOnly = false
    }
    if (sql.includes('pg_promote')) {
      if (!found.isStandby) throw fail('55000')
      mutations.push('promote')
      Object.assign(found, { isStandby: false, timeline: found.timeline + 1 })
    }
    return sql.includes('AS ended') ? [{ ended: 2 }] : []
  }
  const executePostgres: WritePorts['executePostgres'] = async (target, statements, abort) => {
    abort.throwIfAborted()
    const found = at(target)
    return statements.map((statement) => apply(found, statement))
  }
  return {
    read: { queryPostgres },
    write: { executePostgres },
    mutations,
    primary,
    standby,
    snapshot: () => ({ readOnly: primary.isReadOnly, standby: standby.isStandby, timeline: standby.timeline }),
  }
}
