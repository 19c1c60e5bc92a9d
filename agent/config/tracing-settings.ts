import { z } from 'zod'

/** Where spans of assessments, looks, model calls and stages go; nowhere unless an endpoint is set. */
export const TracingSettings = z
  .strictObject({
    /** An OTLP receiver that speaks HTTP, such as http://collector:4318; OTEL_EXPORTER_OTLP_ENDPOINT when absent. */
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    serviceName: z.string().min(1).default('failwise'),
  })
  .prefault({})
export type TracingSettings = z.infer<typeof TracingSettings>
