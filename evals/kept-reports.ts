import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Instant, instantOf } from '../agent/domain/time.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { EvalReport } from './report.ts'
import { CaseResult } from './result.ts'

const Share = z.object({ low: z.number(), high: z.number() })
const Figures = z.object({
  cases: z.number(),
  best: z.number(),
  acceptable: z.number(),
  tolerable: z.number(),
  forbidden: z.number(),
  needless: z.number(),
  missed: z.number(),
  exactOrAcceptable: z.number(),
  categoryAccuracy: z.number(),
  delayMinutes: z.number(),
  intervals: z.object({ exactOrAcceptable: Share, categoryAccuracy: Share }),
})
/** One way to look at how far confidence can be believed. */
const Curve = z.object({
  brier: z.number(),
  ece: z.number(),
  eceNoise: z.number(),
  bins: z.array(
    z.object({
      from: z.number(),
      to: z.number(),
      count: z.number(),
      meanConfidence: z.number(),
      accuracy: z.number(),
      accuracyInterval: Share,
    }),
  ),
})

/** What is read back of a report that was kept: what a reader of results over time looks at. */
export const KeptReport = z.object({
  format: z.literal('eval-report/v1'),
  subject: z.object({
    analyst: z.string(),
    policyHash: z.string().nullable(),
    promptHash: z.string().nullable(),
    filter: z.string(),
    without: z.array(z.string()),
    casesHash: z.string(),
  }),
  summary: Figures.extend({ brier: z.number().nullable(), ece: z.number().nullable(), costUsd: z.number().nullable() }),
  baselines: z.array(z.object({ name: z.string(), summary: Figures })),
  calibration: z.object({ stated: Curve, calibrated: Curve.nullable() }).nullable(),
  cases: z.array(CaseResult),
})
export type KeptReport = z.infer<typeof KeptReport>

/** A report that was kept, without its cases. */
export const KeptBrief = KeptReport.pick({ subject: true, summary: true }).extend({ id: z.string(), at: z.string() })
export type KeptBrief = z.infer<typeof KeptBrief>

/** Where `eval --keep` puts reports, below the data folder. */
export const KEPT_FOLDER = 'eval-reports'

const NAME = /^(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2})Z\.[\w.-]{1,100}$/
/** Far above what thousands of cases take; a file that is larger is none of ours. */
const LARGEST_BYTES = 100_000_000

/** Keeps a report under its time and analyst, and returns the path. */
export async function keepReport(folder: string, report: EvalReport, at: Instant): Promise<string> {
  await mkdir(folder, { recursive: true })
  const analyst = report.subject.analyst.replace(/[^\w.-]+/g, '-').slice(0, 100)
  const path = join(folder, `${at.slice(0, 19).replaceAll(':', '-')}Z.${analyst}.json`)
  await writeFile(path, JSON.stringify(report))
  return path
}

/** All reports that were kept, oldest first; files that are no reports are left out. */
export async function keptReports(folder: string): Promise<KeptBrief[]> {
  const names = await readdir(folder).catch(() => [])
  const ids = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : [])).sort()
  const read = await Promise.all(ids.map((id) => keptReport(folder, id).catch(() => null)))
  return read.filter((one) => one !== null).map(({ id, at, subject, summary }) => ({ id, at, subject, summary }))
}

/** One report that was kept; null when there is none of that name. */
export async function keptReport(folder: string, id: string): Promise<(KeptReport & KeptBrief) | null> {
  const [, time] = NAME.exec(id) ?? []
  if (time === undefined || id.includes('..')) return null
  const path = join(folder, `${id}.json`)
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  )
  if (size === null) return null
  if (size > LARGEST_BYTES) throw new Fault('payload_too_large', `the kept report ${id} is larger than any of ours`)
  const parsed = KeptReport.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (!parsed.success) throw new Fault('payload_invalid', `the kept report ${id} is of another version`)
  return {
    ...parsed.data,
    id,
    at: instantOf(Date.parse(`${time.slice(0, 10)}T${time.slice(11).replaceAll('-', ':')}Z`)),
  }
}
