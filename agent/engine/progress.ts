/** The phases of an assessment, in order. */
export type Phase = 'ingest' | 'collect' | 'score' | 'anomaly' | 'analyst' | 'gate' | 'record' | 'notify'

/** Told what happens while it happens, for terminals and logs; it decides nothing. */
export type Progress = (phase: Phase, text: string, fields?: Readonly<Record<string, unknown>>) => void

/** Nobody listens. */
export const silent: Progress = () => {}
