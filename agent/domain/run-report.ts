import { z } from 'zod'
import type { JournalEntry } from './run.ts'

const Ms = z.number().min(0)

/** What a run achieved, measured; what was not measured is null and never assumed. */
export const RunReport = z.object({
  /** From the moment users began to be hurt to the moment they were verified to be served again. */
  recoveryFromOnsetMs: Ms.nullable(),
  /** From the decision (or a person's order) to the same moment. */
  recoveryFromDecisionMs: Ms,
  rtoMs: Ms,
  /** Judged from the onset where it is known. */
  meetsRto: z.boolean(),
  /** By write stamps: the stretch of time whose acknowledged writes are gone. */
  dataLossSeconds: z.number().min(0).nullable(),
  lostWrites: z.number().int().min(0).nullable(),
  duplicatedWrites: z.number().int().min(0).nullable(),
  rpoSeconds: z.number().min(0),
  meetsRpo: z.boolean().nullable(),
  stages: z.array(z.object({ stage: z.string(), elapsedMs: Ms })),
  /** Engine's own share: what no stage accounts for. */
  overheadMs: Ms,
})
export type RunReport = z.infer<typeof RunReport>

/** The measured report of a run; null before its end. */
export function reportIn(journal: readonly JournalEntry[]): RunReport | null {
  const entry = journal.findLast(({ data }) => data.report !== undefined)
  return entry ? RunReport.parse(entry.data.report) : null
}

/** The report in one sentence. */
export function reportText(report: RunReport): string {
  const { recoveryFromOnsetMs: onset, recoveryFromDecisionMs: decision, dataLossSeconds: loss } = report
  const s = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const from = onset === null ? '' : `${s(onset)} from onset, `
  const data =
    loss === null ? 'data loss not measured' : `${loss.toFixed(1)} s of data lost (${report.lostWrites ?? 0} writes)`
  return `${from}${s(decision)} from decision (objective ${s(report.rtoMs)}: ${report.meetsRto ? 'met' : 'missed'}); ${data} (objective ${report.rpoSeconds} s: ${report.meetsRpo === null ? 'unknown' : report.meetsRpo ? 'met' : 'missed'})`
}
