import type { ChangeSignal } from '../../domain/signal.ts'
import { versionsInLogs } from './log-versions.ts'
import type { Readings } from './readings.ts'
import type { Split } from './splits.ts'

type Add = (weight: number, note: string, evidence?: string | null) => void

/** How failures part by version, by variant or by network tells for or against a change. */
export function argueFromSpread(
  change: ChangeSignal,
  isCode: boolean,
  isOwn: boolean,
  readings: Readings,
  add: Add,
): void {
  const carries = (value: string) => versionsMatch(value, change)
  for (const split of readings.splits.filter((item) => item.dimension === 'version' && !isRollout(item))) {
    const evidence = (split.failing[0] ?? split.healthy[0])?.reading.signal.id ?? null
    if (split.healthy.length === 0) add(isCode ? -3 : -0.5, 'old and new versions fail alike', evidence)
    else if (split.failing.some((part) => carries(part.value))) add(3, 'only the new version fails', evidence)
    else if (split.healthy.some((part) => carries(part.value))) add(-3, 'the new version is the healthy one', evidence)
    else if (isCode && isOwn) add(1.5, 'failures part by version', evidence)
  }
  const lone = readings.series.find(
    (reading) =>
      reading.state !== 'bad' &&
      reading.meaning.kind === 'errors' &&
      carries(String(reading.signal.labels.version ?? '\n')),
  )
  if (isCode && lone) add(-2, 'its own error ratio is flat', lone.signal.id)
  if (isCode) versionsOf(carries, readings, add)
  for (const split of readings.splits.filter((item) => item.dimension === 'network')) {
    const failing = split.failing[0]
    const text = `${change.service} ${change.summary}`.toLowerCase()
    if (split.healthy.length > 0 && failing && text.includes(failing.value.toLowerCase()))
      add(2, `only ${failing.value} fails, which it changed`, failing.reading.signal.id)
  }
}

/** Counts of copies per version move with every rollout: the old one going down is no failure of it. */
function isRollout(split: Split): boolean {
  return [...split.failing, ...split.healthy].every(
    ({ reading: { meaning } }) => !meaning.isShare && (meaning.badWhen === 'low' || meaning.kind === 'other'),
  )
}

/** Lines that state the version of the program that wrote them tell as much as a measure by version, if both versions are seen. */
function versionsOf(carries: (value: string) => boolean, readings: Readings, add: Add): void {
  const { failing, working } = versionsInLogs(readings.logs)
  const guilty = [...failing].find(([version]) => carries(version))
  const oldFails = [...failing.keys()].some((version) => !carries(version))
  const oldWorks = [...working.keys()].some((version) => !carries(version))
  const newWorks = [...working.keys()].some(carries)
  if (guilty && !oldFails && oldWorks && !newWorks) add(2, 'only lines of the new version are errors', guilty[1])
  else if (guilty && oldFails) add(-1.5, 'old and new versions write the same errors', guilty[1])
}

/** Whether a change names a version, a flag's variant or a track: as a whole word, wherever it stands in its reference or title. */
function versionsMatch(value: string, change: ChangeSignal): boolean {
  const wanted = value.toLowerCase().replace(/^v(?=\d)/, '')
  if (!/[a-z0-9]{2}|\d/.test(wanted)) return false
  const said = `${change.ref} ${change.summary}`.toLowerCase()
  for (let at = said.indexOf(wanted); at >= 0; at = said.indexOf(wanted, at + 1)) {
    const before = said.slice(0, at).replace(/v$/, (v) => (/\d/.test(wanted[0] ?? '') ? '' : v))
    const after = said.slice(at + wanted.length)
    if (!/[a-z0-9]$/.test(before) && !/^(?:[a-z0-9]|\.\d)/.test(after)) return true
  }
  return false
}
