import type { Backtest } from '../anomaly/backtest.ts'
import { AnomalyOpinion } from '../domain/anomaly.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { AnomalyScope } from '../store/records.ts'
import { clip, table } from './style.ts'

/** An opinion that a decision's record holds; null when there was no model, or an older record kept only a number. */
export function recordedOpinion(document: unknown): AnomalyOpinion | null {
  const parsed = AnomalyOpinion.safeParse(document)
  return parsed.success ? parsed.data : null
}

/** The opinion in one line, for cards. */
export function opinionLine(opinion: AnomalyOpinion): string {
  if (opinion.status === 'abstained') return `abstains: ${opinion.reason}`
  const { isAnomalous, since, percentile, contributions } = opinion
  const state = isAnomalous ? `unusual since ${since}` : 'as usual'
  const by = isAnomalous && contributions[0] ? `, most of all ${contributions[0].metric}` : ''
  return `${state} (${percentText(percentile)} of its past was calmer)${by}; ${riskText(opinion)}`
}

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

function riskText({ risk30 }: Extract<AnomalyOpinion, { status: 'ok' }>): string {
  if (risk30 === null) return 'this detector has no calibrated risk'
  return `risk of trouble now or within 30 min ${risk30.probability.toFixed(2)}, on an average minute ${risk30.baseRate.toFixed(2)}`
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

function percentText(share: number): string {
  const percent = share * 100
  return `${percent >= 99 && percent < 100 ? (Math.floor(percent * 100) / 100).toFixed(2) : Math.round(percent)} %`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
