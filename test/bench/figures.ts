/** One measured thing. Its ratio compares it with a plain handler measured in the same run, so that it means something on any machine. */
export interface Figure {
  readonly name: string
  readonly unit: string
  /** The middle of the samples, or the one value. */
  readonly p50: number
  readonly p99: number | null
  readonly samples: number
  /** How many times the plain handler's figure of the same kind; null where there is none. */
  readonly ratio: number | null
  /** What the ratio compares with. */
  readonly against: string | null
}

/** The value below which a share of the samples lies. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('nothing was measured')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

/** A figure of many samples. */
export function figureOf(name: string, values: readonly number[], unit: string): Figure {
  return {
    ...{ name, unit, samples: values.length, ratio: null, against: null },
    p50: percentile(values, 0.5),
    p99: percentile(values, 0.99),
  }
}

/** A figure of one value. */
export function oneFigure(name: string, value: number, unit: string): Figure {
  return { name, unit, samples: 1, ratio: null, against: null, p50: value, p99: null }
}

/** The figure beside what a plain handler needs for the same. */
export function compared(figure: Figure, plain: number, against: string): Figure {
  return { ...figure, ratio: figure.p50 / plain, against }
}

/** Figures as a table for people. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, p50, p99, unit, ratio, against }) => [
    name,
    shown(p50),
    p99 === null ? '' : shown(p99),
    unit,
    ratio === null ? '' : `${shown(ratio)} × ${against}`,
  ])
  const all = [['', 'p50', 'p99', '', 'compared'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 1 || column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}
