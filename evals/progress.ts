/** Where progress is shown: never the stream that carries the report. */
export interface ProgressIo {
  readonly write: (text: string) => void
  readonly isTerminal: boolean
}

const WIDTH = 30

/** A bar that redraws itself on a terminal; elsewhere one plain line for each tenth, so that logs stay readable. */
export function progress(label: string, io: ProgressIo): { step(done: number, total: number): void; end(): void } {
  let tenth = 0
  let drawn = false
  return {
    step: (done, total) => {
      if (io.isTerminal) {
        const filled = Math.round((WIDTH * done) / Math.max(1, total))
        io.write(`\r${label} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done}/${total}`)
        drawn = true
        return
      }
      const reached = Math.floor((10 * done) / Math.max(1, total))
      if (reached > tenth) io.write(`${label}: ${done} of ${total}\n`)
      tenth = reached
    },
    // The bar makes room for the report.
    end: () => {
      if (drawn) io.write(`\r${' '.repeat(label.length + WIDTH + 24)}\r`)
    },
  }
}
