/** Where the fault may lie. */
export type Hypothesis =
  | 'own_change'
  | 'provider'
  | 'edge'
  | 'third_party'
  | 'transit'
  | 'capacity'
  | 'data'
  | 'security'
  | 'certificate'
  | 'monitoring'
  | 'planned'
  | 'blind'

/** One observation that speaks for (positive) or against (negative) a hypothesis. */
export interface Argument {
  readonly hypothesis: Hypothesis
  readonly weight: number
  readonly note: string
  /** It shows the provider's own hand, not only that machines or calls are gone. */
  readonly isDirect?: boolean
  /** Id of the evidence or signal that shows it; null when it is the absence of something. */
  readonly evidence: string | null
}

export function sumFor(argumentsMade: readonly Argument[], hypothesis: Hypothesis): number {
  return argumentsMade
    .filter((argument) => argument.hypothesis === hypothesis)
    .reduce((sum, argument) => sum + argument.weight, 0)
}
