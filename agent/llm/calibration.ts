import { type Calibration, calibrate } from '../domain/calibration.ts'

/** What an analyst's stated confidence is worth under this prompt; null when nobody has measured that. */
export function calibratedConfidence(
  calibrations: readonly Calibration[],
  of: { readonly analyst: string; readonly promptHash: string | null; readonly confidence: number },
): number | null {
  const fitted = calibrations.find(({ analyst, promptHash }) => analyst === of.analyst && promptHash === of.promptHash)
  if (!fitted) return null
  return Math.round(Math.min(1, Math.max(0, calibrate(fitted.map, of.confidence))) * 1e4) / 1e4
}
