import { z } from 'zod'
import { DETECTOR_NAMES } from '../anomaly/detector.ts'

/** How anomaly models are kept; every service with Prometheus queries gets one. */
export const AnomalySettings = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** How much of the past a model is trained on, as far as the server has it. */
    historyDays: z.number().min(1).max(90).default(14),
    /** Distance of two rows. A model is trained again when this changes. */
    stepSeconds: z.number().int().min(10).max(3600).default(60),
    /** How often the streams are read on and stored. */
    advanceSeconds: z.number().min(30).max(3600).default(300),
    retrainHours: z.number().min(1).max(720).default(24),
    detector: z.enum(DETECTOR_NAMES).default('best'),
    /** Memory for models that were used last; others are read from the store when they are needed. */
    cacheMegabytes: z.number().min(1).max(16_384).default(256),
  })
  .prefault({})
export type AnomalySettings = z.infer<typeof AnomalySettings>
