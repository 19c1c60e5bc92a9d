import type { Backtest } from '../anomaly/backtest.ts'
import type { AnomalyOpinion } from '../domain/anomaly.ts'
import { percentText, riskText } from '../domain/anomaly-text.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { AnomalyScope } from '../store/records.ts'
import { clip, table } from './style.ts'

/** The whole opinion, for people who ask why. */
export function opinionText(opinion: AnomalyOpinion): string {
  const head = `${opinion.scope} at ${opinion.at}`
  if (opinion.status === 'abstained') return `${head}: no opinion. ${sentence(opinion.reason)}`
  const { score, threshold, percentile, contributions, missing, trainedOn } = opinion
  const state = opinion.isAnomalous ? `anomalous since ${opinion.since}` : 'not anomalous'
  const lines = [
    `${head}: ${state}`,
    `  score ${score.toFixed(2)}, alarm from ${threshold.toFixed(2)}; ${percentText(percentile)} of its past scored lower`,
    `  ${riskText(opinion)}`,
    '',
    'What makes it unusual, largest part first:',
    table(
      contributions.map(({ metric, share, since }) => [
        `  ${percentText(share).padStart(5)}`,
        clip(metric, 80),
        since === null ? 'not unusual by itself' : `since ${since}`,
      ]),
    ),
  ]
  if (missing.length > 0) lines.push('', `Without a reading: ${missing.map((metric) => clip(metric, 60)).join(', ')}`)
  lines.push('', `Trained on ${trainedOn.rows} rows, ${trainedOn.from} to ${trainedOn.to} (${opinion.modelVersion}).`)
  return lines.join('\n')
}

/** A backtest's alarms, oldest first. */
export function backtestText(service: string, { rows, days, threshold, episodes, episodesPerDay }: Backtest): string {
  const rates = `${episodes.length} alarms in ${days.toFixed(1)} days, ${episodesPerDay.toFixed(2)} a day`
  const head = `${service}: ${rates} (${rows} rows, alarm from a score of ${threshold.toFixed(2)})`
  if (episodes.length === 0) return head
  const lines = episodes.map(({ sinceSeconds, untilSeconds, peakScore, peakRisk, contributions }) => [
    `  ${instantOf(sinceSeconds * 1000)}`,
    untilSeconds === null ? 'goes on' : `${Math.round((untilSeconds - sinceSeconds) / 60)} min`,
    `peak ${peakScore.toFixed(2)}`,
    peakRisk === null ? '' : `risk ${peakRisk.toFixed(2)}`,
    contributions
      .slice(0, 3)
      .map(({ metric, share }) => `${clip(metric, 48)} ${percentText(share)}`)
      .join(', '),
  ])
  return `${head}\n${table(lines)}`
}

/** The models that are kept, one line per service. */
export function scopesText(scopes: readonly AnomalyScope[], nowMs: number): string {
  if (scopes.length === 0) return 'There are no models yet. `failwise anomaly train SERVICE` makes one now.'
  return table(
    scopes.map(({ service, model, streamAt, refusal, attemptedAt }) => {
      if (!model) return [service, 'no model', `tried ${attemptedAt}`, refusal ?? '']
      const { rows, metrics, detector } = model.metadata
      const count = Array.isArray(metrics) ? metrics.length : 0
      return [
        service,
        String(detector),
        `${rows} rows of ${count} metrics`,
        `${ageText(nowMs - epochMs(model.trainedAt))} old`,
        streamAt === null ? 'not read on yet' : `read to ${streamAt}`,
        refusal === null ? '' : `last training: ${clip(refusal, 70)}`,
      ]
    }),
  )
}

function ageText(ms: number): string {
  const hours = ms / 3_600_000
  if (hours < 1) return `${Math.max(0, Math.round(hours * 60))} min`
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
