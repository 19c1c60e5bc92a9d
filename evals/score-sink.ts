import type { EvalReport } from './report.ts'

/** One score of one case, as a tracing service shows it. */
export interface NamedScore {
  readonly name: string
  readonly value: number
  readonly comment: string
}

/** A run over the set, ready to be sent to wherever scores are looked at. */
export interface ScoredRun {
  readonly dataset: string
  readonly run: string
  readonly metadata: Readonly<Record<string, string | number | null>>
  readonly items: readonly {
    readonly id: string
    readonly expected: string
    readonly output: string
    readonly scores: readonly NamedScore[]
  }[]
}

/** Takes a scored run; throws a Fault when it cannot, which never fails the evaluation itself. */
export interface ScoreSink {
  readonly name: string
  publish(run: ScoredRun, abort: AbortSignal): Promise<void>
}

/** The report as a run: one item a case, with the same scores that the report counts. */
export function scoredRunOf({ subject, summary, cases }: EvalReport, startedAt: string): ScoredRun {
  return {
    dataset: `failwise-incidents-${subject.casesHash.slice(0, 12)}`,
    run: `${subject.analyst} ${startedAt}`,
    metadata: {
      analyst: subject.analyst,
      policyHash: subject.policyHash,
      promptHash: subject.promptHash,
      cases: summary.cases,
      needless: summary.needless,
      missed: summary.missed,
      exactOrAcceptable: summary.exactOrAcceptable,
    },
    items: cases.map((one) => ({
      id: one.repetition === 0 ? one.id : `${one.id}#${one.repetition}`,
      expected: one.best,
      output: `${one.action} (${one.disposition})`,
      scores: [
        {
          name: 'exact_or_acceptable',
          value: one.tier === 'best' || one.tier === 'acceptable' ? 1 : 0,
          comment: one.tier,
        },
        { name: 'harmful', value: one.harmful ? 1 : 0, comment: one.tier },
        { name: 'needless', value: one.needless ? 1 : 0, comment: one.action },
        { name: 'missed', value: one.missed ? 1 : 0, comment: one.best },
        { name: 'root_cause', value: one.categoryCorrect ? 1 : 0, comment: one.category ?? 'abstained' },
        { name: 'delay_minutes', value: one.delayMinutes, comment: '' },
      ],
    })),
  }
}
