import { AnomalyOpinion } from './anomaly.ts'

/** An opinion that a decision's record holds; null when there was no model, or an older record kept only a number. */
export function recordedOpinion(document: unknown): AnomalyOpinion | null {
  const parsed = AnomalyOpinion.safeParse(document)
  return parsed.success ? parsed.data : null
}

/** The opinion in one line, for cards and pages. */
export function opinionLine(opinion: AnomalyOpinion): string {
  if (opinion.status === 'abstained') return `no opinion: ${opinion.reason}`
  const { isAnomalous, since, percentile, contributions } = opinion
  const state = isAnomalous ? `unusual since ${since}` : 'as usual'
  const by = isAnomalous && contributions[0] ? `, most of all ${contributions[0].metric}` : ''
  return `${state} (${percentText(percentile)} of its past scored lower)${by}; ${riskText(opinion)}`
}

/** The calibrated risk beside what it is on an average minute. */
export function riskText({ risk30 }: Extract<AnomalyOpinion, { status: 'ok' }>): string {
  if (risk30 === null) return 'this detector has no calibrated risk'
  return `risk of trouble now or within 30 min ${risk30.probability.toFixed(2)}, on an average minute ${risk30.baseRate.toFixed(2)}`
}

/** A share in percent; what is nearly all of it keeps two decimals, and is never rounded up to all of it. */
export function percentText(share: number): string {
  const percent = share * 100
  return `${percent >= 99 && percent < 100 ? (Math.floor(percent * 100) / 100).toFixed(2) : Math.round(percent)} %`
}
