import { Facts } from '../domain/facts.ts'
import type { HurtView } from '../domain/facts-hurt.ts'
import type { Opinion } from '../domain/verdict.ts'

const BASIS: Readonly<Record<HurtView['basis'], string>> = {
  series: 'by the curves that show what users feel',
  checks: 'by single checks',
  events: 'by what it declares',
  none: 'with nothing to go by',
}

/**
 * Whether users are hurt, by whom and from what, in sentences; and where measurements and the analyst seem to disagree, what each of them says and
 * why both can be true. Empty for a record that says nothing about it.
 */
export function impactSentences(factsOfRecord: unknown, opinion: Opinion | null): readonly string[] {
  const read = Facts.safeParse(factsOfRecord)
  if (!read.success) return []
  const { hurt } = read.data
  const views = [
    viewText('Own telemetry', hurt.own_telemetry),
    viewText('outside probes', hurt.outside_probe),
    ...(hurt.provider.state === 'yes' ? [viewText('the provider', hurt.provider)] : []),
  ]
  const measured = `Are users hurt? ${views.join('; ')}.${hurt.isRecovering ? ' It is getting better.' : ''}`
  const apart = apartText(hurt.overall, opinion)
  return apart === null ? [measured] : [measured, apart]
}

function viewText(who: string, { state, basis, extent }: HurtView): string {
  const part = state === 'yes' && extent === 'partial' ? ', in part' : ''
  return `${who}: ${state}${part} (${BASIS[basis]})`
}

/** Null where measurements and opinion say the same. */
function apartText(overall: Facts['hurt']['overall'], opinion: Opinion | null): string | null {
  const verdict = opinion?.verdict
  if (!verdict) return null
  const { category } = verdict.rootCause
  const isCalm = category === 'monitoring_fault' || category === 'none'
  const rests = ['no_action', 'observe'].includes(verdict.recommendedAction)
  if (overall === 'yes' && (isCalm || rests))
    return (
      '“Yes” counts measurements against their objectives and judges none of them. The analyst weighs the same measurements and holds that ' +
      `${isCalm ? 'they do not show what users get' : 'users are served by now, or soon will be without help'}. Both can be true: a curve is red for ` +
      'longer than users are hurt, or measures something else. The gate goes by the measurements.'
    )
  if (overall === 'no' && !isCalm && !rests)
    return (
      '“No” means that every measurement of what users feel is within its objective. The analyst acts on something that these do not measure, such as ' +
      'an alert about data, money or access. Both can be true; a failover needs users who are hurt.'
    )
  return null
}
